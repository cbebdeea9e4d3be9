"""The events of a run, as Snakemake logs them, and the lines that a person reads of them."""

import io
import logging
from types import SimpleNamespace

import pytest
from rich.console import Console
from snakemake_interface_logger_plugins.common import LogEvent

from whosaid.jobs import run_output
from whosaid.jobs.run_output import WIDTH, RunOutput


class Run:
    """A run whose events a test writes; `lines` is what was printed."""

    def __init__(self, tmp_path, earlier=None, faults=None, is_dry=False):
        self.folder, self.clock, self.jobs = tmp_path, 100.0, 0
        console = Console(file=io.StringIO(), width=WIDTH)
        self.output = RunOutput(earlier or {}, faults or {}, console, logging.Formatter(), is_dry)

    def tell(self, event, message="", level=logging.INFO, **fields):
        record = logging.makeLogRecord({"msg": message, "levelno": level, "event": event, **fields})
        self.output.handle(record)

    def plan(self, **stats):
        self.tell(
            LogEvent.RUN_INFO, "Job stats: ...", stats={**stats, "total": sum(stats.values())}
        )

    def begin(self, rule, *names, says="done", reason="Missing output files: x"):
        self.jobs += 1
        log = self.folder / f"{self.jobs}.log"
        log.write_text(f"2026-01-02 03:04:05 first\n2026-01-02 03:04:06 {says}\n")
        wildcards = {"experiment": "demo", **dict(zip(("variant", "seed"), names, strict=False))}
        fields = {"rule_name": rule, "wildcards": wildcards, "log": [str(log)], "reason": reason}
        self.tell(LogEvent.JOB_INFO, jobid=self.jobs, **fields)
        return self.jobs

    def end(self, job, seconds=1.0):
        self.clock += seconds
        self.tell(LogEvent.JOB_FINISHED, job_id=job)

    def run(self, rule, *names, seconds=1.0, **told):
        self.end(self.begin(rule, *names, **told), seconds)

    @property
    def lines(self):
        return self.output.console.file.getvalue().splitlines()


@pytest.fixture
def run(tmp_path, monkeypatch):
    # After `make summary` the project has a store of models, of which a dry run speaks.
    monkeypatch.chdir(tmp_path)

    def begin(**given):
        made = Run(tmp_path, **given)
        monkeypatch.setattr(run_output.time, "monotonic", lambda: made.clock)
        return made

    return begin


def test_a_job_that_took_its_time_has_a_line_with_what_came_out(run):
    run = run()
    run.plan(train_model=2)
    run.run("train_model", "basic", "42", seconds=75, says="epoch 8 of 8: accuracy 0.9")
    first, line = run.lines
    assert first == "2 jobs"
    assert line.split() == [
        "[1/2]",
        "train_model",
        "basic",
        "42",
        "1",
        "m",
        "15",
        "s",
        "epoch",
        "8",
        "of",
        "8:",
        "accuracy",
        "0.9",
    ]


def test_quick_jobs_of_a_rule_share_a_line_after_the_last_of_them(run):
    run = run()
    run.plan(split_lines=2, train_model=1)
    run.run("split_lines", "b")
    run.run("train_model", "a", "1", seconds=99)
    run.run("split_lines", "a")
    assert [line.split()[1:3] for line in run.lines[1:]] == [
        ["train_model", "a"],
        ["split_lines,", "2"],
    ]
    assert run.lines[-1].endswith("2.0 s  a; b")


def test_no_line_is_longer_than_the_page(run):
    run = run(faults={f"train_model demo {'v' * 90} {seed}": "its code changed" for seed in "12"})
    run.plan(train_model=1)
    run.run("train_model", "v" * 60, "42", seconds=99, says="w" * 300)
    assert max(map(len, run.lines)) == WIDTH


def test_the_time_left_is_that_of_earlier_runs_until_this_one_knows_better(run):
    run = run(earlier={"train_model": [110.0, 130.0]})
    run.plan(train_model=3)
    job = run.begin("train_model", "a", "1")
    assert run.lines == [
        "3 jobs, about 6 min left",
        "train_model a 1 starts, about 2 min; about 6 min left",
    ]
    run.end(job, seconds=600)
    job = run.begin("train_model", "a", "2")
    assert run.lines[-1].endswith("about 10 min; about 20 min left")
    run.clock += 300
    assert "about 15 min left" in run.output.status()
    assert "train_model a 2 done" in run.output.status()


def test_nothing_is_said_of_a_time_that_nobody_knows(run):
    run = run(earlier={"split_lines": [1.0]})
    run.plan(split_lines=1, train_model=1)
    assert run.lines == ["2 jobs"]


def test_a_dry_run_says_which_jobs_and_why(run):
    fault = "its settings changed: training.learning_rate 2e-05 -> 3e-05"
    run = run(faults={f"train_model demo a {seed}": fault for seed in (1, 2)}, is_dry=True)
    run.plan(train_model=3, predict_splits=1)
    for name in (("a", "2"), ("a", "1")):
        run.begin("train_model", *name, reason="Updated input files: stamp")
    run.begin("train_model", "b", "1")
    run.begin("predict_splits", "a", "1", reason="Input files updated by another job: x, y")
    run.tell(None, "Reasons:\n    (check individual jobs above for details)")
    run.plan(train_model=3, predict_splits=1)
    assert run.lines == [
        f"train_model, 2 jobs: {fault}",
        "  a 1, 2",
        "train_model, 1 job: not made yet",
        "  b 1",
        "predict_splits, 1 job: what it reads is made anew",
        "  a 1",
        "4 jobs, 3 of them train a model",
    ]


def test_a_dry_run_says_that_models_may_come_from_the_store(run, tmp_path, monkeypatch):
    """It announced hours of training for models that were there."""
    monkeypatch.chdir(tmp_path)
    run = run(is_dry=True)
    for is_there in (False, True):
        if is_there:
            (tmp_path / "data" / "model_store" / "0" / "model").mkdir(parents=True)
        run.plan(train_model=1)
        run.begin("train_model", "a", "1")
        run.plan(train_model=1)
        assert run.lines[-1].startswith("models that were trained before come from") == is_there
    run.plan(split_lines=1)
    run.begin("split_lines", "a")
    run.plan(split_lines=1)
    assert run.lines[-1] == "1 jobs"


def test_what_changed_in_the_config_comes_before_what_changed_because_of_it(run):
    faults = {f"predict demo {n}": f"file {n} changed" for n in range(9)}
    run = run(faults={**faults, "train_model demo a 1": "its settings changed"})
    run.plan(train_model=1, predict=9)
    assert run.lines[1] == "stale, because its settings changed: train_model demo a 1"
    assert run.lines[-1] == "stale for other reasons: 6"


def test_the_cause_of_a_failure_is_the_last_line(run):
    run = run()
    run.plan(train_model=2)
    job = run.begin("train_model", "a", "1", says="train_model demo a 1: no space left")
    other = run.begin("train_model", "b", "1")
    run.tell(LogEvent.JOB_ERROR, level=logging.ERROR, jobid=job)
    run.end(other, seconds=1)
    run.tell(None, "Exiting because a job execution failed. Look above for error messages")
    run.output.end()
    assert run.lines[-3:] == [
        f"train_model a 1 failed; its log is {run.folder / '1.log'}:",
        "2026-01-02 03:04:05 first",
        "train_model demo a 1: no space left",
    ]
    # The quick job beside it has its line too.
    assert "train_model b 1" in run.lines[-4]


@pytest.mark.parametrize("says", ["Nothing to be done.", "MissingInputException: x.csv"])
def test_what_snakemake_says_of_anything_else_is_passed_on(run, says):
    run = run()
    run.tell(None, says)
    run.tell(None, "Building DAG of jobs...")
    run.tell(LogEvent.RESOURCES_INFO, "Provided cores: 1")
    assert run.lines == [says]


def test_the_end_shows_the_first_part_of_the_table_and_where_it_is(run, tmp_path):
    table, report = tmp_path / "summary.md", tmp_path / "report.html"
    table.write_text(
        "# Which?\n\n**B is better.**\n\n| a |\n|---|\n| 1 |\n\nBaselines: none.\n\nLegend"
    )
    run = run()
    run.plan(summarize=1)
    run.run("summarize", seconds=125)
    run.output.end_well(table, report)
    printed = "\n".join(run.lines)
    assert "B is better." in printed and "Baselines: none." in printed and "Legend" not in printed
    assert [line.split(":")[0] for line in run.lines[-3:]] == ["table", "report", "took"]
    assert run.lines[-1] == "took:   2 m 05 s"


def test_no_table_is_shown_by_a_run_that_made_none(run, tmp_path):
    run = run()
    run.plan(train_model=1)
    run.run("train_model", "a", "1", seconds=99)
    run.output.end_well(tmp_path / "none.md", tmp_path / "none.html")
    assert len(run.lines) == 1


def test_the_logger_of_a_plugin_is_left_alone():
    logger = logging.Logger("snakemake")
    logger.addHandler(logging.NullHandler())
    assert run_output.take_over(logger, SimpleNamespace(), "demo", is_dry=False) is None
    assert len(logger.handlers) == 1


def test_a_job_that_was_killed_is_no_job_that_said_why(run):
    """The last line of its log is how far it was."""
    run = run()
    run.plan(train_model=1)
    job = run.begin("train_model", "a", "1", says="epoch 2 of 3: accuracy 0.9")
    run.tell(LogEvent.JOB_ERROR, level=logging.ERROR, jobid=job)
    run.output.end()
    assert "ended from outside, perhaps for memory" in run.lines[-1]
    assert run.lines[-1].endswith("its log stops at: epoch 2 of 3: accuracy 0.9")


def test_a_second_attempt_that_goes_well_is_no_failure(run):
    run = run()
    run.plan(train_model=1)
    job = run.begin("train_model", "a", "1")
    run.tell(LogEvent.JOB_ERROR, level=logging.ERROR, jobid=job)
    run.run("train_model", "a", "1", seconds=99)
    run.output.end()
    assert len(run.lines) == 1


def test_no_text_becomes_a_picture(run):
    run = run()
    run.tell(None, "results:a:b and 10:100:05")
    assert run.lines == ["results:a:b and 10:100:05"]
