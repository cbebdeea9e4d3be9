"""What a run prints: a line for each job that ends, the time left, and errors in full at the end.

Snakemake prints about fifteen lines for each job, most of them paths. They go to its log in
`.snakemake/log` as before. `--quiet` and `--verbose` switch back to Snakemake's own output, and
`--logger` to that of a plugin. The plugin `rich` was tried: it shows neither what came out of a job
nor the time that is left, and prints as many lines.
"""

import atexit
import logging
import os
import re
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from textwrap import fill
from typing import Any

from rich.console import Console
from rich.markdown import Markdown
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TimeElapsedColumn,
)
from rich.table import Column
from rich.text import Text
from snakemake_interface_logger_plugins.common import LogEvent

from whosaid.caching.stamps import Stamps
from whosaid.config.output_paths import MODEL_STORE
from whosaid.jobs.line_texts import (
    WIDTH,
    about,
    cut,
    grouped_names,
    in_words,
    read_lines,
    short_reason,
)
from whosaid.jobs.stage import TERMINAL_LEVEL

NAME_WIDTH = 54
QUICK = 12.0
"""Jobs of a rule that take fewer seconds than this share one line."""

LONG = 60.0
"""A job that will take more seconds than this has a line when it starts."""

TOLD_BLOCKS = 4
"""How many paragraphs and tables of the summary are shown: title, verdict, table, baselines."""

REASONS = 4
"""For how many reasons the start of a run says which jobs are stale."""

IN_STORE = "models that were trained before come from the store in seconds; a plan knows not which"
"""What a dry run says of trainings if there is a store: its keys need the token ids."""

LAST_LINES = 40
"""How much of the log of a failed job is shown."""

UNSAID = (
    *("Building DAG of jobs", "Using shell: ", "Provided cores: ", "Rules claiming more threads"),
    *("Provided resources: ", "Conda environments: ignored", "Singularity containers: ignored"),
    *("Select jobs to execute", "Execute ", "Touching output file", "Elapsed time: ", "Reasons:"),
    *("Job stats:", "Removing output files of failed job", "Shutting down, this might take"),
    *("Exiting because a job execution failed", "Complete log(s): ", "This was a dry-run"),
    *("Some jobs were triggered by provenance", "Rules with provenance triggered jobs"),
    *("WorkflowError:\nAt least one job did not complete", "RuleException:\nCalledProcessError"),
)
"""How messages of Snakemake begin that say nothing new beside the lines printed here."""

TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ")


@dataclass
class Job:
    """A job that runs: its rule, its wildcards but the experiment, its log, when it started."""

    rule: str
    name: str
    log: Path | None
    started: float

    @property
    def title(self) -> str:
        """The rule and the wildcards."""
        return f"{self.rule} {self.name}".rstrip()

    def said(self) -> str:
        """The last line of the job's log, without its time; empty if there is none."""
        lines = [] if self.log is None else read_lines(self.log)
        return TIME.sub("", lines[-1]) if lines else ""

    def cause(self) -> str:
        """Why the job failed: the line that a stage logs last, unless the job was killed."""
        said = self.said()
        if re.match(rf"{self.rule}\b.*: ", said):
            return said
        stopped = f"its log stops at: {said}" if said else "its log is empty"
        return f"{self.title}: the job was ended from outside, perhaps for memory; {stopped}"


class RunningColumn(ProgressColumn):
    """The last part of the bar: the time left and what runs."""

    max_refresh = 0.5

    def __init__(self, output: "RunOutput"):
        super().__init__(Column(no_wrap=True, overflow="ellipsis"))
        self.output = output

    def render(self, task: Task) -> Text:
        """The text of this moment."""
        return Text(self.output.status())


class RunOutput(logging.Handler):
    """Prints what Snakemake's log events say, in the form that the module describes.

    `earlier` has the seconds that jobs of each rule took in earlier runs, `faults` why jobs are
    stale that ran before. `formatter` formats the messages that are passed on as they are.
    """

    def __init__(
        self,
        earlier: Mapping[str, Iterable[float]],
        faults: Mapping[str, str],
        console: Console,
        formatter: logging.Formatter | None = None,
        is_dry: bool = False,
    ):
        super().__init__(logging.INFO)
        self.setFormatter(formatter)
        self.console = console
        self.earlier = earlier
        self.took: dict[str, list[float]] = defaultdict(list)
        self.left: dict[str, int] = {}
        self.total = 0
        self.begun = 0.0
        self.running: dict[int, Job] = {}
        self.quick: dict[str, list[tuple[str, float, str]]] = defaultdict(list)
        self.failed: list[Job] = []
        self.planned: list[tuple[str, str, str]] = []
        self.faults = faults
        self.is_dry = is_dry
        self.bar = Progress(
            *(BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn(), RunningColumn(self)),
            console=console,
            transient=True,
            refresh_per_second=2,
            disable=not console.is_terminal,
        )
        self.task = self.bar.add_task("", total=None)

    # What Snakemake tells

    def emit(self, record: logging.LogRecord) -> None:
        """Print what is worth a line of one log record."""
        known = {
            LogEvent.RUN_INFO: self.plan_begins,
            LogEvent.JOB_INFO: self.job_begins,
            LogEvent.JOB_FINISHED: self.job_ends,
            LogEvent.JOB_ERROR: self.job_fails,
        }
        unsaid = {
            *(LogEvent.WORKFLOW_STARTED, LogEvent.RESOURCES_INFO, LogEvent.JOB_STARTED),
            *(LogEvent.PROGRESS, LogEvent.SHELLCMD, LogEvent.DEBUG_DAG, LogEvent.RULEGRAPH),
        }
        event = getattr(record, "event", None)
        try:
            if event in known:
                known[event](record)
            elif event not in unsaid and not str(record.msg or "").lstrip().startswith(UNSAID):
                self.say(self.format(record).rstrip())
            self.bar.update(self.task, completed=self.total - sum(self.left.values()))
        except BrokenPipeError:
            raise
        except Exception:
            self.handleError(record)

    def plan_begins(self, record: Any) -> None:
        """Say how many jobs there are, or all that a dry run has planned."""
        if self.planned:
            self.print_plan()
            return
        self.left = {rule: count for rule, count in record.stats.items() if rule != "total"}
        self.total = sum(self.left.values())
        if self.is_dry:
            return
        self.begun = time.monotonic()
        if self.total > 1:
            self.say(f"{self.total} jobs{self.time_left(', ')}")
        for line in self.stale_lines():
            self.say(line)
        self.bar.update(self.task, total=self.total)
        self.bar.start()

    def job_begins(self, record: Any) -> None:
        """Note the job; a long one has a line."""
        names = [value for key, value in record.wildcards.items() if key != "experiment"]
        rule, name = record.rule_name, " ".join(map(str, names))
        if self.is_dry:
            title = " ".join([rule, *map(str, record.wildcards.values())])
            self.planned.append((rule, name, self.faults.get(title) or short_reason(record.reason)))
            return
        log = Path(record.log[0].removesuffix(" (retrieve from storage)")) if record.log else None
        job = Job(rule, name, log, time.monotonic())
        self.running[record.jobid] = job
        expected = self.expected(rule)
        if expected is not None and expected >= LONG:
            self.say(f"{job.title} starts, {about(expected)}{self.time_left('; ')}")

    def job_ends(self, record: Any) -> None:
        """Print the line of a job, or of all quick jobs of a rule after the last one."""
        job = self.running.pop(record.job_id, None)
        if job is None:
            return
        took = time.monotonic() - job.started
        self.took[job.rule].append(took)
        self.failed = [each for each in self.failed if each.title != job.title]  # a retry did it
        self.left[job.rule] = self.left.get(job.rule, 1) - 1
        if took < QUICK:
            self.quick[job.rule].append((job.name, took, job.said()))
        else:
            self.print_job(job.title, took, job.said())
        if self.left[job.rule] <= 0:
            self.print_quick(job.rule)

    def job_fails(self, record: Any) -> None:
        """Remember the job for the end of the run."""
        job = self.running.pop(record.jobid, None)
        if job is not None and job not in self.failed:
            self.failed.append(job)

    # What is printed

    def say(self, text: str) -> None:
        """Print a text as it is."""
        self.console.print(text, markup=False, emoji=False, highlight=False, soft_wrap=True)

    def print_job(self, title: str, seconds: float, result: str) -> None:
        """Print the line of one job, cut off at the width of the page."""
        done = self.total - sum(self.left.values())
        number = f"[{done:>{len(str(self.total))}}/{self.total}]"
        line = f"{number} {title:<{NAME_WIDTH - len(number)}} {in_words(seconds):>8}  {result}"
        self.say(cut(line.rstrip()))

    def print_quick(self, rule: str) -> None:
        """Print one line for the quick jobs of a rule."""
        jobs = self.quick.pop(rule, [])
        if len(jobs) == 1:
            [(name, seconds, result)] = jobs
            self.print_job(f"{rule} {name}".rstrip(), seconds, result)
        elif jobs:
            names = "; ".join(grouped_names(name for name, _, _ in jobs))
            self.print_job(f"{rule}, {len(jobs)} jobs", sum(took for _, took, _ in jobs), names)

    def stale_lines(self) -> list[str]:
        """Why jobs that ran before run again: a line for each of the first reasons.

        Changes of the config and the code come first; most files changed because of them.
        """
        groups: dict[str, list[str]] = defaultdict(list)
        for title, fault in self.faults.items():
            groups[fault].append(title)
        faults = sorted(groups, key=lambda fault: not fault.startswith("its "))
        lines = []
        for fault in faults[:REASONS]:
            first, *more = groups[fault]
            also = f" and {len(more)} more" if more else ""
            lines.append(cut(f"stale, because {fault}: {first}{also}"))
        rest = sum(len(groups[fault]) for fault in faults[REASONS:])
        return [*lines, *([f"stale for other reasons: {rest}"] if rest else [])]

    def print_plan(self) -> None:
        """Print the jobs of a dry run by rule and reason, and how many models they train."""
        groups: dict[tuple[str, str], list[str]] = defaultdict(list)
        for rule, name, reason in self.planned:
            groups[rule, reason].append(name)
        for (rule, reason), names in groups.items():
            count = f"{len(names)} jobs" if len(names) > 1 else "1 job"
            self.say(fill(f"{rule}, {count}: {reason}", WIDTH, subsequent_indent="    "))
            if any(names):
                named = "; ".join(grouped_names(names))
                self.say(fill(named, WIDTH, initial_indent="  ", subsequent_indent="  "))
        models = sum(rule == "train_model" for rule, _, _ in self.planned)
        trained = f", {models} of them train a model" if models else ""
        self.say(f"{self.total} jobs{trained}{self.time_left(', ')}")
        if models and any(Path(MODEL_STORE).glob("*/model")):
            self.say(IN_STORE)
        self.planned = []

    def end_well(self, table: Path, report: Path) -> None:
        """Print the end of a run that went well: if it has made the table, its first part too."""
        self.end()
        if "summarize" in self.took:
            page = table.read_text(encoding="utf-8").split("\n\n")
            self.console.print(Markdown("\n\n".join(page[:TOLD_BLOCKS])))
            is_new = "write_report" in self.took
            made = report if is_new else f"`snakemake --cores 1 {report}` makes it"
            took = in_words(time.monotonic() - self.begun)
            self.say(f"\ntable:  {table}\nreport: {made}\ntook:   {took}")

    def end(self) -> None:
        """Print what is left to say at the end of a run: failed jobs with the end of their logs."""
        self.bar.stop()
        for rule in list(self.quick):
            self.print_quick(rule)
        for job in self.failed:
            lines = read_lines(job.log) if job.log else []
            cause = job.cause()
            before = lines[:-1][-LAST_LINES:]
            self.say("\n".join([f"{job.title} failed; its log is {job.log}:", *before]))
            self.say(cause)
        self.failed = []

    def status(self) -> str:
        """The time left, and what the jobs that run say: for the bar."""
        running = [f"{job.title} {job.said()}".rstrip() for job in list(self.running.values())]
        return cut(", ".join(filter(None, [self.time_left(), *running])), self.console.width - 42)

    # Time

    def expected(self, rule: str) -> float | None:
        """The mean seconds of the rule's jobs in this run, or else in earlier ones, if any."""
        known = self.took.get(rule) or self.earlier.get(rule)
        return mean(known) if known else None

    def time_left(self, before: str = "") -> str:
        """About how long the rest of the run takes; empty if nothing is known of a rule."""
        expected = {rule: self.expected(rule) for rule, count in self.left.items() if count > 0}
        if not expected or None in expected.values():
            return ""
        rest = sum(self.left[rule] * seconds for rule, seconds in expected.items())
        now, running = time.monotonic(), list(self.running.values())
        rest -= sum(min(now - job.started, expected.get(job.rule) or 0) for job in running)
        return f"{before}{about(rest / max(1, len(running)))} left"


def take_over(
    logger: logging.Logger, stamps: Stamps, experiment: str, is_dry: bool
) -> RunOutput | None:
    """Print this module's lines instead of those of Snakemake's `logger`.

    None if the user has chosen another logger. Jobs then log to the terminal themselves.
    """
    own = [each for each in logger.handlers if each.get_name() == "DefaultStreamHandler"]
    if not own:
        return None
    console = Console(file=own[0].stream, highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    output = RunOutput(stamps.seconds(experiment), stamps.faults, console, own[0].formatter, is_dry)
    stamps.tells = False
    logger.removeHandler(own[0])
    logger.addHandler(output)
    atexit.register(output.bar.stop)  # a module's or switched off hooks do not end it
    os.environ[TERMINAL_LEVEL] = "WARNING"
    return output
