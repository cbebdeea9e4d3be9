"""The README's commands, run; the run of the sample, looked at."""

import json
import re
import shutil

import pandas as pd
import pytest
from conftest import PROJECT

README = (PROJECT / "README.md").read_text(encoding="utf-8")
SPLITS = ("train", "test", "valid")
VARIANTS = (
    "basic_distilbert",
    "basic_roberta",
    "rebalanced_distilbert",
    "low_cutoff_distilbert",
    "augmented_vocab_distilbert",
)


def readme_commands():
    blocks = re.findall(r"^```sh\n(.*?)^```", README, re.M | re.S)
    lines = [line for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def test_make_summary_fills_the_whole_table(summary_run):
    tree, _ = summary_run
    table = [
        [cell.strip() for cell in line.strip("|\n").split("|")]
        for line in (tree.root / "results" / "summary.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("|")
    ]
    ours = table[2:7]
    assert [row[0] for row in ours] == [
        "DistilBERT baseline",
        "RoBERTa",
        "Re-balanced",
        "Short lines removed",
        "Director and writer tokens",
    ]
    for row in ours:
        for cell in row[1:5]:
            assert re.fullmatch(r"[01]\.\d{3} / [01]\.\d{3} / [01]\.\d{3}", cell)


@pytest.mark.parametrize("variant", VARIANTS)
def test_trained_variants_learn_something_and_not_everything(summary_run, variant):
    tree, _ = summary_run
    for split in ("test", "valid"):
        path = tree.root / "results" / "sample" / "metrics" / variant / f"{split}.json"
        result = json.loads(path.read_text())
        assert result["trivial"]["always"]["f1"] + 0.1 < result["metrics"]["f1"] < 0.95


@pytest.mark.parametrize("variant", VARIANTS)
def test_predictions_stand_in_the_order_of_the_splits(summary_run, variant):
    tree, _ = summary_run
    for split in SPLITS:
        rows = pd.read_parquet(tree.root / f"data/sample/splits/{variant}/{split}.parquet")
        predictions = pd.read_parquet(
            tree.root / f"results/sample/predictions/{variant}/seed_42/{split}.parquet"
        )
        assert predictions["row"].tolist() == rows["row"].tolist()
        assert predictions["label"].tolist() == rows["label"].tolist()


def test_no_artifact_is_a_pickle(summary_run):
    tree, _ = summary_run
    files = [
        path
        for folder in ("data", "results")
        for path in (tree.root / folder).rglob("*")
        if path.suffix in {".bin", ".pt", ".pth", ".pkl", ".pickle", ".joblib"}
    ]
    assert files == []


def test_epochs_are_reported_while_it_trains(summary_run):
    _, finished = summary_run
    assert len(re.findall(r"epoch \d of 6: train loss", finished.stderr)) == 5 * 6
    assert re.search(r"\d+/\d+ \[\d\d:\d\d<\d\d:\d\d", finished.stderr), "no progress bar"


def write_my_show(tree):
    block = re.search(r"```yaml\n(.*?)```", README, re.S)[1]
    (tree.root / "config" / "my_show.yaml").write_text(block, encoding="utf-8")


def test_the_readmes_own_overlay_adds_one_variant_and_leaves_one_out(finished):
    write_my_show(finished)
    plan = finished.plan("results/summary.md --configfile config/my_show.yaml")
    trained = {job[1] for job in plan if job[0] == "train_model"}
    assert trained == {*VARIANTS, "long_lines"} - {"basic_roberta"}


def test_every_readme_command_works(finished):
    commands = readme_commands()
    processed = finished.root / "data" / "processed"
    processed.mkdir()
    shutil.copy(finished.root / "data/sample/script_data_processed.csv", processed)
    minilm = finished.root / "data" / "encoders" / "minilm"
    shutil.copytree(finished.root / "data/sample/encoders/distilbert", minilm)
    write_my_show(finished)
    for command in commands:
        if command == "make test":  # this is it
            continue
        if "--configfile" in command:  # needs the hub, hours or minutes: its plan must hold
            command = f"{command} --dry-run"
        result = finished.run(command)
        assert result.returncode == 0, f"{command}\n{result.stdout}{result.stderr}"
    assert (finished.root / "rulegraph.mmd").read_text().startswith("---\ntitle: DAG")


def test_the_readme_shows_the_committed_config_and_layout():
    assert "make summary" in readme_commands()
    for path in re.findall(r"^(\w[\w/.]*)  +", README.split("## What is where")[1], re.M):
        assert (PROJECT / path).exists() or path == "results/", path
