"""The README's commands, planned and run; the run of the shipped config, looked at."""

import json
import re
import shutil
from xml.etree import ElementTree

import pandas as pd
import pytest
from addresses import unaddressed
from job_lists import ENCODED
from tree import CSV, PROJECT

README = (PROJECT / "README.md").read_text(encoding="utf-8")
SPLITS = ("train", "test", "valid")
TITLES = [
    *("DistilBERT baseline", "RoBERTa", "Re-balanced", "Short lines removed"),
    *("Director and writer tokens", "TF-IDF", "Length alone", "Director and writers alone"),
]


def readme_commands():
    blocks = re.findall(r"^```sh\n(.*?)^```", README, re.M | re.S)
    lines = [line for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def tables_of(summary):
    """The rows of each table by the title of its section, as lists of cells without the header."""
    tables = {}
    for section in summary.split("\n## "):
        lines = [line for line in section.splitlines() if line.startswith("|")]
        rows = [[cell.strip() for cell in line.removeprefix("|").split("|")] for line in lines]
        tables[section.partition("\n")[0]] = rows[2:]
    return tables


@pytest.fixture(scope="module")
def tables(summary_run):
    return tables_of((summary_run[0].root / "results" / "summary.md").read_text(encoding="utf-8"))


@pytest.mark.slow
def test_make_summary_fills_the_whole_table(tables):
    rows = tables["Every split"]
    assert [row[0] for row in rows] == TITLES
    for row in rows:
        for cell in row[1:5]:
            assert re.fullmatch(r"[01]\.\d{3} / [01]\.\d{3} / [01]\.\d{3}", cell)


@pytest.mark.slow
def test_the_summary_says_of_each_variant_what_can_be_told(tables):
    rows = tables["# demo: which lines are dwight's?"]
    assert [row[0] for row in rows] == TITLES[: len(ENCODED)]
    number = r"[+-]?[01]\.\d{3}"
    estimate = rf"{number} \[{number}, {number}\]"
    for row in rows:
        assert re.fullmatch(estimate, row[2])
        assert re.fullmatch(rf"({estimate}(: {number} against {number} on [\d,]+ rows)?)?", row[3])
        assert re.fullmatch(r"reference|better|worse|cannot tell|too few", row[4])
        assert re.fullmatch(rf"3 \(sd {number}\)", row[5])
    assert [row[3] == "" for row in rows] == [row[4] == "reference" for row in rows]


@pytest.mark.slow
def test_the_summary_has_the_baselines_in_one_line(summary_run):
    summary = (summary_run[0].root / "results" / "summary.md").read_text(encoding="utf-8")
    [line] = [part for part in summary.split("\n\n") if part.startswith("Baselines: ")]
    for title in TITLES[len(ENCODED) :]:
        assert title in " ".join(line.split())


@pytest.mark.slow
def test_the_decisions_of_every_variant_are_in_a_table_of_their_own(tables):
    assert [row[0] for row in tables["Decisions on the test split"]] == TITLES


@pytest.mark.slow
def test_every_number_of_the_summary_stands_in_a_json_file(summary_run):
    assert unaddressed(summary_run[0].root) == []


@pytest.mark.slow
def test_the_pictures_of_the_summary_are_there(summary_run):
    results = summary_run[0].root / "results"
    pictures = re.findall(r"!\[[^]]*\]\(([^)]*)\)", (results / "summary.md").read_text())
    assert len(pictures) == 6
    for picture in pictures:
        assert ElementTree.parse(results / picture).getroot().tag.endswith("svg")


@pytest.mark.slow
@pytest.mark.parametrize("variant", ENCODED)
def test_trained_variants_learn_something_and_not_everything(summary_run, variant):
    tree, _ = summary_run
    for split in ("test", "valid"):
        path = tree.root / "results" / "demo" / "metrics" / variant / f"{split}.json"
        result = json.loads(path.read_text())
        assert result["trivial"]["always"]["f1"] + 0.1 < result["metrics"]["f1"] < 0.95


@pytest.mark.slow
@pytest.mark.parametrize("variant", ENCODED)
def test_predictions_stand_in_the_order_of_the_splits(summary_run, variant):
    tree, _ = summary_run
    for split in SPLITS:
        rows = pd.read_parquet(tree.root / f"data/demo/splits/{variant}/{split}.parquet")
        predictions = pd.read_parquet(
            tree.root / f"results/demo/predictions/{variant}/seed_42/{split}.parquet"
        )
        assert predictions["row"].tolist() == rows["row"].tolist()
        assert predictions["label"].tolist() == rows["label"].tolist()


@pytest.mark.slow
def test_no_artifact_is_a_pickle(summary_run):
    tree, _ = summary_run
    files = [
        path
        for folder in ("data", "results")
        for path in (tree.root / folder).rglob("*")
        if path.suffix in {".bin", ".pt", ".pth", ".pkl", ".pickle", ".joblib"}
    ]
    assert files == []


@pytest.mark.slow
def test_what_is_printed_is_a_line_for_a_job_and_the_table_and_the_logs_have_every_epoch(
    summary_run,
):
    """It once printed 1,611 lines, a third of them frames of progress bars."""
    tree, printed = summary_run
    lines = printed[printed.index("Using workflow specific profile") :].splitlines()[1:]
    of_jobs = [line for line in lines if re.match(r"\[ *\d+/86\] ", line)]
    assert 20 < len(of_jobs) <= 86  # quick jobs of a stage share one
    assert len(lines) - len(of_jobs) <= 45, printed
    # That one names variables of whoever runs the tests.
    others = [line for line in lines if not line.startswith("jobs do not inherit ")]
    assert max(map(len, others)) <= 100, printed
    logs = (tree.root / "results/logs/train_model/demo").rglob("*.log")
    epochs = [re.findall(r"epoch \d of 8: accuracy", log.read_text()) for log in logs]
    assert list(map(len, epochs)) == [8] * 5 * 3


# The commands


def write_my_show(tree):
    block = re.search(r"```yaml\n(.*?)```", README, re.S)[1]
    (tree.root / "config" / "my_show.yaml").write_text(block, encoding="utf-8")


def prepare(tree):
    """Put what the README asks the reader for into the tree."""
    processed = tree.root / "data" / "processed"
    processed.mkdir()
    shutil.copy(tree.root / CSV, processed)
    minilm = tree.root / "data" / "encoders" / "minilm"
    shutil.copytree(tree.root / "data" / "demo" / "encoders" / "distilbert", minilm)
    write_my_show(tree)


def test_the_readmes_own_overlay_adds_one_variant_and_leaves_one_out(finished):
    write_my_show(finished)
    plan = finished.plan("results/summary.md --configfile config/my_show.yaml")
    trained = {job[1] for job in plan if job[0] == "train_model"}
    assert trained == {*ENCODED, "long_lines"} - {"basic_roberta"}


@pytest.mark.slow
def test_every_snakemake_command_of_the_readme_has_a_plan(finished):
    prepare(finished)
    for command in readme_commands():
        if command.startswith("make new"):  # writes the config of the next command
            made = finished.run(command)
            assert made.returncode == 0, made.stderr
    planned = [command for command in readme_commands() if command.startswith("snakemake ")]
    assert len(planned) > 5
    for command in planned:
        arguments, _, redirected = command.removeprefix("snakemake ").partition(" > ")
        finished.snakemake(arguments if redirected else f"{arguments} --dry-run")


@pytest.mark.slow
def test_every_readme_command_works(summary_run, tmp_path):
    tree = summary_run[0].copy(tmp_path / "whosaid")
    prepare(tree)
    for command in readme_commands():
        if command.startswith("make test"):  # this is it
            continue
        if "--configfile" in command:  # needs the hub, hours or minutes: its plan must hold
            command = f"{command} --dry-run"
        result = tree.run(command)
        assert result.returncode == 0, f"{command}\n{result.stdout}{result.stderr}"
    if any("rulegraph.mmd" in command for command in readme_commands()):
        assert (tree.root / "rulegraph.mmd").read_text().startswith("---\ntitle: DAG")


def test_the_readme_shows_the_committed_config_and_layout():
    assert "make summary" in readme_commands()
    for path in re.findall(r"^(\w[\w/.]*)  +", README.split("## What is where")[1], re.M):
        assert (PROJECT / path).exists() or path == "results/", path
