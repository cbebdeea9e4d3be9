"""A job that fails takes no earlier result with it.

Snakemake deletes the outputs of a job before it starts it and again after a failure. A config with
an encoder that could not be copied so deleted the good encoder of the experiment, and everything
that followed from it was stale. Nor may the next run take the earlier result for that of the job
that failed.

The tree is forged: every output holds its own path. So every job that reads one fails by content
that only it can see.
"""

import os
import re
import signal
import subprocess
import sys
from subprocess import DEVNULL

import pytest
from disturbance import is_running, needs_proc, poll
from edits import Edit, replace, set_key
from job_lists import NOTHING
from tree import CSV, PROJECT, Tree

from whosaid.jobs.earlier_outputs import FOLDER

DATA, RESULTS = "data/demo", "results/demo"
SPLITS = f"{DATA}/splits/basic_distilbert"
MODEL = f"{DATA}/models/basic_distilbert/seed_42"
PREDICTIONS = f"{RESULTS}/predictions/basic_distilbert/seed_42"
EXPORT = f"{RESULTS}/export/basic_distilbert/seed_42"
ONNX = f"{RESULTS}/export_onnx/basic_distilbert/seed_42"
RAISE = "\n\ndef main(**_):\n    raise ValueError('edited')\n\n\n"
HUB = {"hub": {"name": "nobody/nothing", "revision": "0" * 40}}


def raise_in(stage: str) -> Edit:
    """Let the stage's script raise an error."""
    return replace(f"workflow/scripts/{stage}.py", "\n\nif __name__", f"{RAISE}if __name__")


def change(path: str) -> Edit:
    """Other content of the same size: a file of another size is made again."""

    def edit(tree: Tree) -> None:
        file = tree.root / path
        file.write_text(file.read_text(encoding="utf-8").swapcase(), encoding="utf-8")

    return edit


# For each stage: what makes it stale and then fail, and the output that is asked for.
FAILING = {
    "read_lines": (raise_in("read_lines"), f"{DATA}/lines.parquet"),
    "split_lines": (change(f"{DATA}/lines.parquet"), f"{SPLITS}/train.parquet"),
    "fetch_punkt": (raise_in("fetch_punkt"), "data/nltk_data"),
    "audit_splits": (
        change(f"{SPLITS}/test.parquet"),
        f"{RESULTS}/audit/basic_distilbert.json",
    ),
    "summarize_audit": (change(f"{RESULTS}/audit/tfidf.json"), "results/audit.md"),
    "fetch_encoder": (set_key("encoders.distilbert", HUB), f"{DATA}/encoders/distilbert"),
    "build_encoder": (change(f"{DATA}/lines.parquet"), f"{DATA}/encoders/distilbert"),
    "tokenize_splits": (
        change(f"{SPLITS}/added_tokens.json"),
        f"{DATA}/tokenized/basic_distilbert",
    ),
    "inspect_tokens": (
        change(f"{DATA}/tokenized/basic_distilbert/manifest.json"),
        f"{RESULTS}/tokens/basic_distilbert.md",
    ),
    "predict_new_lines": (
        change(f"{DATA}/models/tfidf/seed_42/manifest.json"),
        f"{RESULTS}/new/more/tfidf.parquet",
    ),
    "informal_test": (
        change(f"{DATA}/models/tfidf/thresholds.json"),
        f"{RESULTS}/informal_test.md",
    ),
    "train_model": (change(f"{DATA}/tokenized/basic_distilbert/manifest.json"), MODEL),
    "predict_splits": (change(f"{MODEL}/manifest.json"), f"{PREDICTIONS}/scores.json"),
    "train_linear": (
        change(f"{DATA}/splits/tfidf/split_counts.json"),
        f"{RESULTS}/predictions/tfidf/seed_42/scores.json",
    ),
    "combine_predictions": (
        change(f"{RESULTS}/predictions/tfidf/seed_42/valid.parquet"),
        f"{RESULTS}/predictions/baselines/seed_42/scores.json",
    ),
    "pool_folds": (
        change(f"{RESULTS}/predictions/folded_fold_2/seed_42/valid.parquet"),
        f"{RESULTS}/predictions/folded/seed_42/scores.json",
    ),
    "evaluate_splits": (
        change(f"{PREDICTIONS}/scores.json"),
        f"{RESULTS}/metrics/basic_distilbert/test.json",
    ),
    "compare_variants": (
        change(f"{PREDICTIONS}/valid.parquet"),
        f"{RESULTS}/comparison.json",
    ),
    "evaluate_slices": (change(f"{PREDICTIONS}/test.parquet"), f"{RESULTS}/slices.json"),
    "draw_figures": (change(f"{RESULTS}/slices.json"), f"{RESULTS}/figures/forest.svg"),
    "summarize": (change(f"{DATA}/corpus.json"), "results/summary.md"),
    "describe_corpus": (change(f"{DATA}/corpus.json"), f"{RESULTS}/corpus.md"),
    "weigh_words": (
        change(f"{PREDICTIONS}/test.parquet"),
        f"{RESULTS}/words/basic_distilbert.json",
    ),
    "write_errors_page": (change(f"{PREDICTIONS}/valid.parquet"), f"{RESULTS}/errors.html"),
    "export_model": (
        change(f"{RESULTS}/metrics/basic_distilbert/test.json"),
        EXPORT,
    ),
    "export_onnx": (change(f"{EXPORT}/whosaid.json"), ONNX),
    "write_report": (change("results/summary.json"), "results/report.html"),
}


BASELINES = {"classifier": "ensemble", "ensemble": {"members": ["tfidf", "length_only"]}}
FOLDED = {
    "classifier": "linear",
    "split": {"method": "group_kfold", "group_by": "scene", "folds": 3},
}


@pytest.fixture(scope="session")
def everything(forged_tree, once) -> Tree:
    """A forged tree with the outputs of all rules. For reading only."""

    def fill(folder):
        tree = forged_tree.copy(folder)
        tree.configure(lambda config: config.update(new_lines={"more": CSV}))
        tree.configure(lambda config: config["variants"].update(baselines=BASELINES))
        tree.configure(lambda config: config["variants"].update(folded=FOLDED))
        tree.forge(f"results/audit.md results/report.html {RESULTS}/errors.html {ONNX}")
        tree.forge(f"{RESULTS}/new/more/tfidf.parquet")
        (folder / "data" / "nltk_data").mkdir()
        tree.forge("data/nltk_data --forcerun fetch_punkt")

    return Tree(once("everything", fill))


@pytest.fixture
def tree(everything, tmp_path) -> Tree:
    return everything.copy(tmp_path / "whosaid")


def snapshot(tree: Tree) -> dict[str, tuple[bytes, int]]:
    """Content and modification time of every file but the logs, which are of the last attempt."""
    folders = [tree.root / name for name in ("config", "data", "results", "workflow")]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return {
        str(path.relative_to(tree.root)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in files
        if not {"logs", "__pycache__", FOLDER} & {*path.parts}
    }


def outputs(tree: Tree) -> dict[str, tuple[bytes, int]]:
    """What stands in data/ and results/; a killed job's half file goes with the next write."""
    return {
        path: file
        for path, file in snapshot(tree).items()
        if path.startswith(("data/", "results/")) and not path.endswith(".partial")
    }


def undo(tree: Tree, before: dict, edited: dict) -> None:
    for path, (content, mtime) in before.items():
        if edited[path] != before[path]:
            (tree.root / path).write_bytes(content)
            os.utime(tree.root / path, ns=(mtime, mtime))


def test_every_stage_that_makes_something_is_made_to_fail():
    rules = "".join(path.read_text() for path in (PROJECT / "workflow" / "rules").glob("*.smk"))
    of_rules = re.split(r"^rule (\w+):$", rules, flags=re.M)
    stages = dict(zip(of_rules[1::2], of_rules[2::2], strict=True))
    assert set(FAILING) == {
        name for name, text in stages.items() if "script:" in text and "output:" in text
    }


QUICK = ("read_lines",)
CASES = [
    pytest.param(stage, *case, id=stage, marks=[] if stage in QUICK else [pytest.mark.slow])
    for stage, case in FAILING.items()
]


@pytest.mark.parametrize(("stage", "edit", "target"), CASES)
def test_a_failed_job_leaves_its_earlier_outputs_and_stays_stale(tree, stage, edit, target):
    before = snapshot(tree)
    assert tree.plan(target) == NOTHING
    edit(tree)
    edited = snapshot(tree)
    # A second attempt fails like the first, by the same code for every stage.
    for _ in range(2 if stage in QUICK else 1):
        assert {job[0] for job in tree.plan(target)} == {stage}
        code, printed = tree.try_snakemake(target)
        assert code == 1, printed
        assert f"Error in rule {stage}" in printed
        assert snapshot(tree) == edited
    assert {job[0] for job in tree.plan(target)} == {stage}
    # Only the job that was to be replaced is made again.
    undo(tree, before, edited)
    assert len(tree.plan(target)) == 1


def test_what_is_deleted_before_a_run_does_not_come_back(tree):
    tree.remove("results/audit.md")
    raise_in("summarize")(tree)
    code, _ = tree.try_snakemake("results/summary.md")
    assert code == 1
    assert not (tree.root / "results/audit.md").exists()


def test_what_has_no_record_does_not_come_back_as_if_it_were_new(tree):
    """After a record was lost, a new min_words and a failure there was "Nothing to be done"."""
    target = f"{SPLITS}/train.parquet"
    tree.remove("results/logs/split_lines/demo/basic_distilbert.outputs.json")
    set_key("variants.basic_distilbert.min_words", 5)(tree)
    for _ in range(2):
        assert {job[0] for job in tree.plan(target)} == {"split_lines"}
        code, _ = tree.try_snakemake(target)
        assert code == 1


WAIT = """

def main(**_):
    import time
    from pathlib import Path

    Path("started").touch()
    while not Path("released").exists():
        time.sleep(0.05)
    raise ValueError("edited")


"""


def kill_during(tree: Tree, stage: str, target: str) -> None:
    """Kill a run and its jobs with -9 while the stage works."""
    replace(f"workflow/scripts/{stage}.py", "\n\nif __name__", f"{WAIT}if __name__")(tree)
    command = [sys.executable, "-m", "snakemake", "--cores", "1", target]
    run = subprocess.Popen(
        command, cwd=tree.root, stdout=DEVNULL, stderr=DEVNULL, start_new_session=True
    )
    poll((tree.root / "started").exists, "the job")
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()


def test_a_killed_run_and_then_a_failed_one_leave_the_earlier_outputs(tree):
    """A run that is killed puts nothing back, and the next one protected what it found alone.

    So a kill and then a config that failed lost the outputs of the killed job. What was deleted
    before the killed run does not come back.
    """
    stage, target = "evaluate_slices", f"{RESULTS}/slices.json"
    tree.remove("results/audit.md")
    before = snapshot(tree)
    kill_during(tree, stage, target)
    assert not (tree.root / target).exists()
    undo(tree, {path: before[path] for path in before if path != target}, snapshot(tree))
    change(f"{PREDICTIONS}/test.parquet")(tree)
    edited = snapshot(tree)
    code, printed = tree.try_snakemake(target)
    assert code == 1, printed
    assert snapshot(tree) == {**edited, target: before[target]}
    assert {job[0] for job in tree.plan(target)} == {stage}


@needs_proc
def test_a_run_that_has_lost_its_shell_still_puts_back_what_it_deleted(tree):
    """Of `nohup snakemake &` and a logout: the note that the job has failed was refused.

    A job whose run has ended writes nothing, and the run itself was taken for such a job.
    """
    replace("workflow/scripts/summarize.py", "\n\nif __name__", f"{WAIT}if __name__")(tree)
    edited = snapshot(tree)
    # The shell ends while the job works.
    shell = "until [ -e started ]; do sleep 0.05; done; echo $!"
    run = int(tree.run(f"snakemake --cores 1 > printed 2>&1 & {shell}").stdout)
    (tree.root / "released").touch()
    poll(lambda: not is_running(run), "the end of the run")
    assert "summarize failed" in (tree.root / "printed").read_text(encoding="utf-8")
    assert snapshot(tree) == edited
    assert {job[0] for job in tree.plan()} == {"summarize"}
