"""Random changes to a small project, each followed by a plain run that makes just what is stale.

    python tests/workflow/soak.py [--rounds 300] [--seed 1] [--fresh-every 5] [--folder FOLDER]

The jobs that ran are those that the change is written down to make stale, by a table that knows
nothing of the workflow's code, and what follows from them; a job that was left out would run in
the next round. Where an earlier state comes back (an experiment or a variant has its old name, a
run was killed or refused), each job must have had a reason: its settings, its code or an input had
changed or was made again, an output was damaged, or its last attempt had failed. A change that the
workflow refuses is then taken back. No output is lost. Every few rounds all numbers are compared
with those of a fresh build of the same config, code and CSV. The same seed makes the same changes;
only the moment of a kill is not quite the same.
"""

import argparse
import copy
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from configs import TINY
from disturbance import processes
from edits import YEAR_2001, read_rows, set_key, write_rows
from forked import snakemake
from tree import CONFIG, CSV, TRACKED, Jobs, Tree, copy_project, jobs_in

TARGETS = "all results/audit.md"
LOGS = "results/logs"
SEED = "42"

START: dict[str, Any] = {
    **copy.deepcopy(TINY),
    "encoders": {"unused": {"path": "nowhere"}},
    "defaults": {"encoder": "unused", "classifier": "linear", "linear": {"C": 0.3}},
    "statistics": {"resamples": 100},
    "published_question": {"target_speaker": "dwight", "top_speakers": 10},
    "variants": {
        "plain": {},
        "length": {"linear": {"features": ["word_count"]}},
        "tagged": {"annotate": ["directed_by"], "min_words": 4},
    },
}

# What a stage's outputs are inputs of. The variant of a job is that of the job before, if both have
# one; else all variants follow.
FOLLOWERS = {
    "read_lines": (
        *("split_lines", "audit_splits", "train_linear", "evaluate_splits"),
        *("compare_variants", "evaluate_slices", "summarize"),
    ),
    "split_lines": ("audit_splits", "train_linear", "draw_figures"),
    "audit_splits": ("summarize_audit",),
    "train_linear": (
        *("evaluate_splits", "compare_variants", "evaluate_slices", "draw_figures", "summarize"),
    ),
    "evaluate_splits": ("draw_figures", "summarize"),
    "compare_variants": ("draw_figures", "summarize"),
    "evaluate_slices": ("draw_figures",),
    "draw_figures": ("summarize",),
}
OF_VARIANTS = ("split_lines", "audit_splits", "pass_audit", "train_linear", "evaluate_splits")
COMPARED = ("compare_variants", "evaluate_slices", "draw_figures", "summarize", "summarize_audit")
RESAMPLED = ("evaluate_splits", "compare_variants", "evaluate_slices")

SPLITS = [
    {"method": "datasets_stratified", "seed": 27},
    {"method": "datasets_stratified", "seed": 28},
    {"method": "pandas_per_class", "seed": 27},
    {"method": "group_shuffle", "group_by": "scene", "seed": 27},
]
PUBLISHED = {
    name: {"train": 0.9, "test": 0.8, "valid": 0.8}
    for name in ("accuracy", "f1", "precision", "recall")
}

# Of each key the values, the default first, and the stages that another value makes stale.
KEYS: dict[str, tuple[list, tuple[str, ...]]] = {
    "corpus.target_speaker": (["dwight", "marta", "owen"], ("read_lines",)),
    "corpus.top_speakers": ([10, 8], ("read_lines",)),
    "defaults.deduplicate": ([None, "exact", "normalised"], ("split_lines",)),
    "defaults.split": (SPLITS, ("split_lines",)),
    "defaults.resample": ([None, {"oversample_positives": 2}], ("split_lines",)),
    "defaults.linear.C": ([0.3, 0.1], ("train_linear",)),
    "variants.plain.title": ([None, "Words"], ("draw_figures", "summarize_audit")),
    "variants.plain.published": (
        [None, {**PUBLISHED, "seconds": 9}, {**PUBLISHED, "f1": PUBLISHED["recall"], "seconds": 9}],
        ("evaluate_splits",),
    ),
    "variants.length.linear.features": (
        [["word_count"], ["word_count", "season"], ["directed_by", "word_count"]],
        ("train_linear",),
    ),
    "variants.tagged.annotate": ([["directed_by"], ["writer1"]], ("split_lines",)),
    "variants.tagged.min_words": ([4, 3, 5], ("split_lines",)),
    "variants.tagged.min_words_scope": (["corpus", "train"], ("split_lines",)),
    "statistics.resamples": ([100, 120], RESAMPLED),
    "statistics.confidence": ([0.95, 0.9], RESAMPLED),
    "statistics.seed": ([27, 28], RESAMPLED),
    "audit.near_duplicate_similarity": ([0.9, 0.8], ("audit_splits",)),
    "reference": (["plain", "length"], ("compare_variants",)),
}
# Keys that nothing depends on.
IDLE_KEYS: dict[str, list] = {
    "encoders.spare": [{"path": "nowhere"}, {"path": "elsewhere"}],
    "defaults.max_length": [32, 64],
    "defaults.training.learning_rate": [1e-3, 2e-3],
}

# Of each module the stages that a change of its code makes stale.
CODE: dict[str, tuple[str, ...]] = {
    **{f"scripts/{stage}": (stage,) for stage in (*FOLLOWERS, "summarize", "summarize_audit")},
    "whosaid/corpus/read_corpus": ("read_lines",),
    "whosaid/corpus/split_rows": ("split_lines",),
    "whosaid/corpus/count_words": ("split_lines",),
    "whosaid/corpus/units": ("split_lines",),
    "whosaid/corpus/leak_audit": ("audit_splits",),
    "whosaid/training/linear_model": ("train_linear",),
    "whosaid/evaluation/abstention": ("train_linear",),
    "whosaid/evaluation/metrics": RESAMPLED,
    "whosaid/evaluation/split_metrics": ("evaluate_splits",),
    "whosaid/evaluation/compare": ("compare_variants",),
    "whosaid/evaluation/slices": ("evaluate_slices",),
    "whosaid/reporting/figures": ("draw_figures",),
    "whosaid/reporting/summary": ("summarize",),
    "whosaid/reporting/audit_table": ("summarize_audit",),
    # These compute nothing, or nothing for this experiment.
    "whosaid/caching/manifest": (),
    "whosaid/caching/stamps": (),
    "whosaid/jobs/stage": (),
    "whosaid/config/stage_settings": (),
    "whosaid/training/packing": (),
    "scripts/train_model": (),
    "scripts/verify": (),
}
# Other shuffles: code that changes results.
SHUFFLE = """

def shuffle(positions: np.ndarray, seed: int) -> np.ndarray:
    return pd.Series(positions).sample(frac=1.0, random_state=seed + {number}).to_numpy()
"""

# A script that fails.
FAIL = "\n\ndef main(**_):\n    raise ValueError('edited')\n\n\n"

# What the config check, the check of the CSV and a job refuse.
BAD_KEYS: dict[str, Any] = {
    "corpus.top_speaker": 10,
    "defaults.deduplicate": "all",
    "statistics.resamples": "many",
    "reference": "nobody",
    "variants.broken": {"linear": {"features": []}},
    "corpus.target_speaker": "nobody",
    "corpus.csv": "data/nothing.csv",
}
BAD_FOR_A_JOB: dict[str, Any] = {
    "defaults.split.fractions": {"train": 0.998, "test": 0.001, "valid": 0.001},
    "variants.tagged.min_words": 1000,
    "audit.limits.exact_duplicates": 0,
}


@dataclass(frozen=True)
class Change:
    """A change: its kind, what was done, and the jobs that it makes stale, if that is known.

    `spoils` is what a change that is to be refused may cost: `nothing`, or the time of `jobs`.
    """

    kind: str
    what: str
    stale: Jobs | None = None
    spoils: str | None = None


def variants_in(config: dict) -> list[str]:
    return [name for name, each in config["variants"].items() if each is not None]


def jobs_of(stage: str, variants: Iterable[str]) -> set[tuple[str, ...]]:
    """The jobs of a stage, by rule and wildcards as `jobs_in` gives them."""
    if stage not in OF_VARIANTS:
        return {(stage,)}
    return {(stage, name, *([SEED] if stage == "train_linear" else [])) for name in variants}


def with_followers(config: dict, jobs: Iterable[tuple[str, ...]]) -> Jobs:
    """The jobs, and all that read what they make, directly or not."""
    has_limits = any(
        each is not None for each in config.get("audit", {}).get("limits", {}).values()
    )
    found, waiting = set(), list(jobs)
    while waiting:
        job = waiting.pop()
        if job not in found:
            found.add(job)
            of = job[1:2] if job[0] in OF_VARIANTS else variants_in(config)
            stages = FOLLOWERS.get(job[0], ())
            if job[0] == "audit_splits" and has_limits:
                stages = (*stages, "pass_audit")
            waiting += [each for stage in stages for each in jobs_of(stage, of)]
    return sorted(found)


def stale_by(config: dict, stages: Iterable[str], variants: Iterable[str] | None = None) -> Jobs:
    """What is stale if the stages are, for these variants or for all."""
    of = variants_in(config) if variants is None else list(variants)
    return with_followers(config, {job for stage in stages for job in jobs_of(stage, of)})


def all_jobs(config: dict) -> Jobs:
    """The jobs of a new experiment."""
    return sorted({*stale_by(config, ["read_lines"]), *jobs_of("pass_audit", variants_in(config))})


def job_of(record: dict[str, Any]) -> tuple[str, ...]:
    """The job of a record as `jobs_in` gives it."""
    return (record["rule"], *(v for k, v in record["wildcards"].items() if k != "experiment"))


def is_damaged(tree: Tree, record: dict[str, Any]) -> bool:
    """Whether an output of a job is missing or has another size."""
    paths = {tree.root / name: size for name, size in record["sizes"].items()}
    return any(not path.is_file() or path.stat().st_size != size for path, size in paths.items())


@dataclass
class Soak:
    """A tree that is changed at random, and what is known of its past."""

    tree: Tree
    rng: random.Random
    past: set[tuple[str, str]] = field(default_factory=set)  # experiments and their variants
    has_odd_times: bool = False  # an output may be older than what it was made of

    # Changes. Each makes one and returns it.

    def change_key(self) -> Change:
        """Give a key another of its values."""
        key = self.rng.choice(sorted(KEYS))
        values, stages = KEYS[key]
        before = read_key(self.config(), key, values[0])
        value = self.rng.choice([each for each in values if each != before])
        set_key(key, value)(self.tree)
        config = self.config()
        of = key.split(".")[1:2] if key.startswith("variants.") else None
        is_there = of is None or of[0] in variants_in(config)
        stale = stale_by(config, stages, of) if is_there else []
        is_asked = config["published_question"].items() <= config["corpus"].items()
        if key.endswith("published") and not is_asked and None not in (before, value):
            stale = []  # published figures are left out, and a note says so
        return Change(f"key {key}", str(value)[:40], stale)

    def change_idle_key(self) -> Change:
        """Change what only encoders need."""
        key = self.rng.choice(sorted(IDLE_KEYS))
        value = self.rng.choice(IDLE_KEYS[key])
        set_key(key, value)(self.tree)
        return Change("key that nothing needs", f"{key}: {value}", [])

    def change_unit(self) -> Change:
        """Choose what is resampled. By default it is what the split keeps together."""

        def unit_of(config: dict) -> str:
            split = config["defaults"].get("split", {})
            return config["statistics"].get("unit") or split.get("group_by") or "row"

        before, value = unit_of(self.config()), self.rng.choice([None, "row", "scene", "episode"])
        set_key("statistics.unit", value)(self.tree)
        config = self.config()
        stale = stale_by(config, RESAMPLED) if unit_of(config) != before else []
        return Change("key statistics.unit", str(value), stale)

    def change_limits(self) -> Change:
        """Set a limit of the audit or take it away; training waits for it, and is not repeated."""
        key = "audit.limits.shared_scenes"
        before = read_key(self.config(), key, None)
        value = 1 if before is None else None
        set_key(key, value)(self.tree)
        stale = stale_by(self.config(), ["audit_splits", "pass_audit"])
        return Change(f"key {key}", str(value), stale)

    def change_variants(self) -> Change:
        """Add, remove, rename or reorder variants."""
        config = self.config()
        variants = config["variants"]
        kind = self.rng.choice(["add", "remove", "null", "rename", "reorder"])
        name = f"extra_{self.rng.randrange(6)}"
        extra = [each for each in variants if each.startswith("extra")]
        if kind == "add" or not extra:
            kind = "add"
            variants[name] = {"linear": {"features": ["season", "word_count"]}}
        elif kind == "remove":
            del variants[self.rng.choice(extra)]
        elif kind == "null":
            variants[self.rng.choice(extra)] = None
        elif kind == "rename":
            variants[name] = variants.pop(self.rng.choice(extra))
        else:
            names = list(variants)
            self.rng.shuffle(names)
            config["variants"] = {each: variants[each] for each in names}
            config.setdefault("reference", "plain")
        before = variants_in(self.config())
        reference = self.config().get("reference")
        self.tree.write_config(config)
        after = variants_in(config)
        new = set(after) - set(before)
        if after == before and reference == config.get("reference"):
            stale: Jobs | None = []
        elif {(config["experiment"], each) for each in new} & self.past:
            stale = None
        else:
            stages = ("split_lines", "pass_audit", *COMPARED)
            stale = stale_by(config, stages, new)
        return Change(f"variant: {kind}", ", ".join(after), stale)

    def change_experiment(self) -> Change:
        """Give the experiment another name."""
        name = self.rng.choice(["tiny", "small", "third"])
        before = self.config()["experiment"]
        set_key("experiment", name)(self.tree)
        is_known = any(experiment == name for experiment, _ in self.past)
        stale = [] if name == before else None if is_known else all_jobs(self.config())
        return Change("experiment", name, stale)

    def change_csv(self) -> Change:
        """Delete a row, or change a word."""
        header, rows = read_rows(self.tree)
        number, kind = self.rng.randrange(len(rows)), self.rng.choice(["delete", "word"])
        if kind == "delete":
            del rows[number]
        else:
            rows[number][header.index("line")] += f" word{self.rng.randrange(1000)}"
        write_rows(self.tree, header, rows)
        if self.rng.random() < 0.3:
            os.utime(self.tree.root / CSV, (YEAR_2001, YEAR_2001))
        return Change(f"CSV: {kind}", f"row {number}", stale_by(self.config(), ["read_lines"]))

    def rewrite_csv(self) -> Change:
        """Write the same content again, or give the file another time."""
        path = self.tree.root / CSV
        kind = self.rng.choice(["same content", "touched", "old time", "other file"])
        if kind == "same content":
            path.write_bytes(path.read_bytes())
        elif kind == "other file":
            content = path.read_bytes()
            path.unlink()
            path.write_bytes(content)
        else:
            os.utime(path, None if kind == "touched" else (YEAR_2001, YEAR_2001))
        return Change(f"CSV: {kind}", "", [])

    def change_code(self) -> Change:
        """Add code to a module, or a comment, or give it the project's own text again."""
        module = self.rng.choice(sorted(CODE))
        path = self.tree.root / "workflow" / f"{module}.py"
        before, number = path.read_text(encoding="utf-8"), self.rng.randrange(1000)
        kind = self.rng.choice(["comment", "code", "code", "touched"])
        if kind == "touched":
            path.touch()
        elif kind == "comment":
            path.write_text(f"{before}\n# Comment {number}.\n", encoding="utf-8")
        elif module == "whosaid/corpus/split_rows":
            kind = "code that changes results"
            path.write_text(before + SHUFFLE.format(number=number), encoding="utf-8")
        else:
            path.write_text(f"{before}\nEDITED = {number}\n", encoding="utf-8")
        stages = CODE[module] if "code" in kind else ()
        return Change(f"module: {kind}", module, stale_by(self.config(), stages))

    def damage_output(self) -> Change:
        """Delete an output, a file or a folder, or change its size or its time."""
        records = self.records_in_use()
        name = self.rng.choice(sorted(records[self.rng.choice(sorted(records))]["files"]))
        kind = self.rng.choice(
            ["deleted", "folder deleted", "cut short", "emptied", "longer", "touched", "old time"]
        )
        path = self.tree.root / name
        if kind == "folder deleted":
            path = path if path.parent.name == "results" else path.parent
            self.tree.remove(str(path.relative_to(self.tree.root)))
        elif kind == "deleted":
            path.unlink()
        elif kind in ("cut short", "emptied"):
            os.truncate(path, path.stat().st_size - 1 if kind == "cut short" else 0)
        elif kind == "longer":
            path.write_bytes(self.rng.randbytes(path.stat().st_size + 1))
        else:
            os.utime(path, None if kind == "touched" else (YEAR_2001, YEAR_2001))
            self.has_odd_times = True
        damaged = [each for each in records.values() if is_damaged(self.tree, each)]
        config = self.config()
        stale = with_followers(config, map(job_of, damaged))
        # What training waits for is made again only if there is a training.
        for variant in variants_in(config):
            passed = f"data/{config['experiment']}/splits/{variant}/audit_passed"
            is_needed = ("train_linear", variant, SEED) in stale
            if is_needed and not (self.tree.root / passed).exists():
                stale = sorted({*stale, ("pass_audit", variant)})
        return Change(f"output: {kind}", str(path.relative_to(self.tree.root)), stale)

    def lose_record(self) -> Change:
        """Delete a record or garble it: what the job made is then taken for good."""
        path = Path(self.rng.choice(sorted(self.records_in_use())))
        kind = self.rng.choice(["deleted", "garbled"])
        if kind == "deleted":
            path.unlink()
        else:
            os.truncate(path, path.stat().st_size // 2)
        return Change(f"record: {kind}", str(path.relative_to(self.tree.root)), [])

    def lose_memory(self) -> Change:
        """Delete Snakemake's memory, if the records know all; else what is kept for failures."""
        known = {job_of(record) for record in self.records_in_use().values()}
        config = self.config()
        is_known = known >= {job for job in all_jobs(config) if job[0] != "pass_audit"}
        folder = ".snakemake" if is_known else f"data/{config['experiment']}/.earlier"
        if (self.tree.root / folder).is_dir():
            self.tree.remove(folder)
        if is_known and self.has_odd_times:
            # As the README says: without memory, Snakemake goes by the times alone.
            snakemake(self.tree.root, f"--cores 2 --touch {TARGETS}")
            self.has_odd_times = False
        return Change("folder deleted", folder, [])

    def spoil(self) -> Change:
        """Make a change that the workflow is to refuse, before any job or in one."""
        kind = self.rng.choice(["key", "CSV", "key for a job", "code"])
        if kind == "key":
            key = self.rng.choice(sorted(BAD_KEYS))
            set_key(key, BAD_KEYS[key])(self.tree)
            return Change(f"bad {kind}", key, [], spoils="nothing")
        if kind == "CSV":
            path = self.tree.root / CSV
            text = path.read_text(encoding="utf-8")
            spoilt = {
                "quote": text + '1,1,1,T,1,"marta',
                "header": text.replace(",speaker,line,", ",one,two,", 1),
                "empty": "",
                "short row": text + "1,2,3\n",
            }
            fault = self.rng.choice(sorted(spoilt))
            path.write_text(spoilt[fault], encoding="utf-8")
            return Change(f"bad {kind}", fault, [], spoils="nothing")
        if kind == "key for a job":
            key = self.rng.choice(sorted(BAD_FOR_A_JOB))
            set_key(key, BAD_FOR_A_JOB[key])(self.tree)
            return Change(f"bad {kind}", key, spoils="jobs")
        stage = self.rng.choice(sorted({*FOLLOWERS, "summarize", "summarize_audit"}))
        self.tree.edit(f"workflow/scripts/{stage}.py", "\n\nif __name__", f"{FAIL}if __name__")
        return Change(f"bad {kind}", stage, spoils="jobs")

    # What the tree holds.

    def config(self) -> dict:
        return yaml.safe_load((self.tree.root / CONFIG).read_text(encoding="utf-8"))

    def records(self) -> dict[str, dict[str, Any]]:
        """The record of every job, by its path."""
        found = {}
        for path in sorted((self.tree.root / LOGS).rglob("*.outputs.json")):
            with suppress(ValueError):
                found[str(path)] = json.loads(path.read_text(encoding="utf-8"))
        return found

    def records_in_use(self) -> dict[str, dict[str, Any]]:
        """The records of the jobs that the config asks for."""
        config = self.config()
        asked = set(all_jobs(config))
        own = (config["experiment"], "summary.md", "summary.json", "report.html", "audit.md")
        # The figures of all experiments are jobs without wildcards: their outputs tell them apart.
        return {
            path: record
            for path, record in self.records().items()
            if all(Path(output).parts[1] in own for output in record["outputs"])
            and job_of(record) in asked
        }

    # A round

    def run(self) -> tuple[int, str]:
        """The plain command; its exit code and what it printed."""
        return snakemake(self.tree.root, f"--cores 2 {TARGETS}")

    def kill_a_run(self) -> set[tuple[str, ...]]:
        """Kill a run with -9 after a random line: itself, one of its jobs, or all of it.

        The jobs that had started and not ended.
        """
        lines, victim = self.rng.randrange(250), self.rng.choice(["run", "job", "all"])
        command = [sys.executable, "-m", "snakemake", "--cores", "2", *TARGETS.split()]
        command += ["--quiet", "host"]
        run = subprocess.Popen(
            command,
            cwd=self.tree.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        printed = []
        for line in run.stdout:
            printed.append(line)
            if len(printed) == lines:
                scripts = processes(f"{self.tree.root}/.snakemake/scripts/")
                pids = {"run": [run.pid], "job": scripts, "all": [run.pid, *scripts]}[victim]
                for pid in pids:
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                if victim != "job":
                    break
        run.wait()
        run.stdout.close()
        text = "".join(printed)
        ended = set(re.findall(r"^Finished jobid: (\d+)", text, re.M))
        return {
            (rule, *re.findall(r"(?<!experiment)=(\w+)", fields.partition("wildcards:")[2]))
            for rule, fields in re.findall(r"^(?:local)?rule (\w+):\n((?:    .*\n)+)", text, re.M)
            if not ended & set(re.findall(r"jobid: (\d+)", fields))
        }

    def play(self) -> tuple[str, int]:
        """Make a change and run; its kind and the number of jobs. Raises AssertionError."""
        inputs = inputs_of(self.tree)
        [make] = self.rng.choices(list(CHANGES), weights=list(CHANGES.values()))
        change = make(self)
        print(f"{change.kind}: {change.what}", end="", flush=True)
        kind, stale = change.kind, change.stale
        (old, times), outputs = self.snapshot(), outputs_of(self.tree)
        damaged = self.damaged(old)
        excused = set()
        if self.rng.random() < KILLED:
            print(", and a run killed", end="", flush=True)
            excused, stale, kind = self.kill_a_run(), None, f"{kind}, and a run killed"
            damaged |= self.damaged(old)
        code, printed = self.run()
        if change.spoils is None:
            assert code == 0, printed
        else:
            assert code == 1 or change.spoils == "jobs", printed
            assert "Traceback" not in printed or change.kind == "bad code", printed
            left = outputs_of(self.tree)
            # What a killed run has deleted comes back when the next one starts its jobs.
            lost = outputs.keys() - left.keys()
            assert not lost or (kind != change.kind and "stats:" not in printed), lost
            assert change.spoils == "jobs" or kind != change.kind or left == outputs
            for name, content in inputs.items():
                (self.tree.root / name).write_bytes(content)
            old, times = self.snapshot()
            damaged = self.damaged(old)
            code, printed = self.run()
            assert code == 0, printed
        self.has_odd_times |= change.spoils == "jobs" or kind != change.kind
        made = jobs_in(printed)
        needless = [path for path in self.needless(old, times) if path not in damaged]
        needless = [path for path in needless if job_of(old[path]) not in excused]
        assert not needless, f"ran without a reason: {needless}\n{printed}"
        assert stale in (None, made), f"made {made}\ninstead of {stale}\n{printed}"
        assert outputs.keys() <= outputs_of(self.tree).keys(), printed
        config = self.config()
        self.past |= {(config["experiment"], variant) for variant in variants_in(config)}
        return kind, len(made)

    def snapshot(self) -> tuple[dict, dict]:
        """The records and their modification times."""
        records = self.records()
        return records, {path: Path(path).stat().st_mtime_ns for path in records}

    def damaged(self, records: dict) -> set[str]:
        """The records of jobs that lack an output or have one of another size."""
        return {path for path, record in records.items() if is_damaged(self.tree, record)}

    def needless(self, old: dict, times: dict) -> list[str]:
        """The jobs that were made anew although their params and inputs are the same.

        Snakemake plans the jobs after a job before it knows that the job makes the same file again.
        """
        new = self.records()
        written = {path for path in new if Path(path).stat().st_mtime_ns != times.get(path)}
        remade = {name for path in written for name in new[path]["files"]}
        return [
            path
            for path in sorted(written & old.keys())
            if not old[path].get("has_failed_since")
            and not remade & new[path]["inputs"].keys()
            and all(new[path][key] == old[path][key] for key in ("params", "inputs"))
        ]


def read_key(config: dict, key: str, default: Any) -> Any:
    """The value of a key by its dotted path."""
    value: Any = config
    for name in key.split("."):
        value = (value or {}).get(name)
        if value is None:
            return default
    return value


CHANGES: dict[Callable[[Soak], Change], int] = {
    Soak.change_key: 8,
    Soak.change_idle_key: 1,
    Soak.change_unit: 1,
    Soak.change_limits: 1,
    Soak.change_variants: 4,
    Soak.change_experiment: 1,
    Soak.change_csv: 2,
    Soak.rewrite_csv: 2,
    Soak.change_code: 5,
    Soak.damage_output: 6,
    Soak.lose_record: 1,
    Soak.lose_memory: 1,
    Soak.spoil: 4,
}
KILLED = 0.08
"""The share of rounds in which a run is killed before the plain run."""

OF_TIME = ("runtime.json", "training.json", "manifest.json", "summary.json")
"""Files that say how long something took, or hold the digest of such a file."""


def inputs_of(tree: Tree) -> dict[str, bytes]:
    """Everything that a user edits."""
    places = [tree.root / CONFIG, tree.root / CSV, *(tree.root / "workflow").rglob("*.py")]
    return {str(path.relative_to(tree.root)): path.read_bytes() for path in places}


def outputs_of(tree: Tree) -> dict[str, bytes]:
    """The content of every file that is made, but logs, records and what is kept for failures."""
    files = {
        str(path.relative_to(tree.root)): path
        for folder in ("data", "results")
        for path in (tree.root / folder).rglob("*")
        if path.is_file() and not {".earlier", "sample", ".snakemake_timestamp"} & {*path.parts}
    }
    return {
        name: path.read_bytes()
        for name, path in files.items()
        if not name.startswith(LOGS) and not name.endswith(".partial")
    }


def numbers_of(tree: Tree) -> dict[str, Any]:
    """The content of every Parquet and JSON file that is made, without what took how long."""
    found: dict[str, Any] = {}
    for name, content in outputs_of(tree).items():
        path = Path(name)
        if path.suffix == ".parquet" or name == "results/audit.md":
            found[name] = content
        elif path.suffix == ".json" and path.name not in OF_TIME:
            found[name] = without_times(json.loads(content))
    return found


def without_times(value: Any) -> Any:
    """A JSON value without the keys that speak of seconds."""
    if isinstance(value, dict):
        return {k: without_times(v) for k, v in value.items() if "second" not in k}
    return [without_times(each) for each in value] if isinstance(value, list) else value


def assert_like_fresh(played: Soak) -> None:
    """Raise AssertionError unless a fresh build of the same inputs gives the same numbers."""
    root = played.tree.root
    with tempfile.TemporaryDirectory() as folder:
        fresh = Tree(Path(folder, "whosaid"))
        for name in TRACKED:
            copy_of = shutil.copytree if (root / name).is_dir() else shutil.copy
            fresh.root.mkdir(exist_ok=True)
            copy_of(root / name, fresh.root / name)
        (fresh.root / CSV).parent.mkdir(parents=True)
        shutil.copy(root / CSV, fresh.root / CSV)
        code, printed = snakemake(fresh.root, f"--cores 2 {TARGETS}")
        assert code == 0, printed
        assert played.tree.plan(TARGETS) == []
        expected, found = numbers_of(fresh), numbers_of(played.tree)
        different = {name for name in expected if expected[name] != found.get(name)}
        assert not different, f"not as in a fresh build: {sorted(different)}"


def soak(folder: Path, rounds: int, seed: int, fresh_every: int) -> Counter:
    """Play the rounds in a new project in `folder`; the number of rounds of each kind."""
    tree = copy_project(folder / "whosaid")
    header, lines = read_rows(tree)
    write_rows(tree, header, lines[::3])
    tree.write_config(START)
    kinds: Counter = Counter()
    played = Soak(tree, random.Random(seed))
    code, printed = played.run()
    assert code == 0, printed
    played.past = {(START["experiment"], variant) for variant in START["variants"]}
    for number in range(1, rounds + 1):
        started = time.monotonic()
        print(f"{number}: ", end="")
        kind, jobs = played.play()
        kinds[kind] += 1
        print(f": {jobs} jobs ({time.monotonic() - started:.1f} s)", flush=True)
        if number % fresh_every == 0 or number == rounds:
            assert_like_fresh(played)
    return kinds


def main() -> None:
    """Play the rounds and print how many there were of each kind."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fresh-every", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where the project is kept to be looked at")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kinds = soak(chosen.folder or Path(folder), chosen.rounds, chosen.seed, chosen.fresh_every)
    for kind, count in sorted(kinds.items()):
        print(f"{count:4} {kind}")


if __name__ == "__main__":
    main()
