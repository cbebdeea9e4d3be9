"""What a user may get wrong: one line says it, nothing is trained, no earlier result is touched.

Every case is a real run of Snakemake in a copy of one small tree: its lines, splits and encoder are
made, what follows from them is forged.
"""

import copy
import csv
import hashlib
import os
import re
import shlex
import shutil
import time

import pytest
import yaml
from tree import Tree, copy_project

from whosaid.config.parse import parse_config

HEADER = [
    *("", "season", "episode", "title", "scene", "speaker", "line"),
    *("directed_by", "written_by", "writer1", "writer2", "writer3"),
]
CONFIG = {
    "experiment": "tiny",
    "corpus": {
        "csv": "script.csv",
        "target_speaker": "dwight",
        "top_speakers": 3,
        "word_tokenizer": "preserve_line",
    },
    "encoders": {
        "small": {
            "scratch": {
                "architecture": "distilbert",
                "vocab_size": 300,
                "hidden_size": 16,
                "num_hidden_layers": 1,
                "intermediate_size": 16,
            }
        }
    },
    "defaults": {
        "encoder": "small",
        "max_length": 16,
        "training": {"num_train_epochs": 1, "learning_rate": 1.0e-3},
    },
    "variants": {"basic": {}},
}
TIME = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ")
SPEAKERS = ("dwight", "jim", "pam", "creed")


def write_config(folder, config):
    Tree(folder).write_config(config)


def changed_config(changes):
    """The usual config with the value at each `path/of/keys` replaced."""
    config = copy.deepcopy(CONFIG)
    for path, value in changes.items():
        section = config
        *keys, last = path.split("/")
        for key in keys:
            section = section.setdefault(key, {})
        section[last] = value
    return config


def digests(folder):
    """The digest of every file of an earlier result; logs are of the last attempt."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and "logs" not in file.relative_to(folder).parts
    }


@pytest.fixture(scope="session")
def finished_small(once):
    """A small run that passes for finished. For reading only."""

    def fill(folder):
        tree = copy_project(folder)
        with open(folder / "script.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(HEADER)
            for index in range(60):
                speaker = SPEAKERS[index % 4]
                text = f"Line {index} is said by nobody else."
                if index < 8:
                    text += " It is one of the few long ones, two for each speaker."
                writer.writerow([index, 1, 2, "Pilot", 3, speaker, text, *["Ken"] * 3, "", ""])
        tree.write_config(CONFIG)
        tree.snakemake(
            "data/tiny/splits/basic/split_counts.json data/tiny/encoders/small/manifest.json"
        )
        tree.forge()

    folder = once("finished_small", fill)
    made = {path.name for path in (folder / "results").rglob("*")}
    assert {"summary.md", "comparison.json", "forest.svg", "test.parquet"} < made
    return folder


@pytest.fixture
def project(finished_small, tmp_path):
    """A copy of the finished run, to do harm to."""
    return Tree(finished_small).copy(tmp_path / "p").root


@pytest.fixture
def refused(project):
    """Run the harmed project and give back its output, line by line."""

    def run(*arguments, before_any_job=False):
        earlier = digests(project / "results")
        code, printed = Tree(project).try_snakemake(shlex.join(arguments))
        lines = printed.splitlines()
        assert code == 1, printed
        assert "Traceback" not in printed
        forbidden = "rule " if before_any_job else "rule train_model:"
        assert not [line for line in lines if forbidden in line], printed
        assert digests(project / "results") == earlier
        return lines

    return run


def the_line(lines, *marks):
    """The one line that holds all `marks`; the log of a failed job is printed again, with times."""
    said = (TIME.sub("", line) for line in lines)
    found = {line for line in said if all(mark in line for mark in marks)}
    assert len(found) == 1, "\n".join(lines)
    return found.pop()


def test_the_copy_of_a_finished_run_is_up_to_date(project):
    assert "Nothing to be done" in Tree(project).snakemake()


# The config


FRACTIONS = "variants/basic/split/fractions"


@pytest.mark.parametrize(
    ("changes", "marks"),
    [
        pytest.param({"varaints": {}}, ["varaints", "variants"], id="misspelt at top level"),
        pytest.param(
            {"corpus/target_speeker": "jim"},
            ["corpus.target_speeker", "target_speaker"],
            id="misspelt in corpus",
        ),
        pytest.param(
            {"encoders/small/scratch/hiden_size": 16},
            ["encoders.small.scratch.hiden_size", "hidden_size"],
            id="misspelt in scratch",
        ),
        pytest.param(
            {"defaults/training/learning_rat": 0.1},
            ["defaults.training.learning_rat", "learning_rate"],
            id="misspelt in defaults.training",
        ),
        pytest.param(
            {f"{FRACTIONS}/trian": 0.5},
            ["variants.basic.split.fractions.trian", "train"],
            id="misspelt in fractions",
        ),
        pytest.param(
            {"defaults/training/learning_rate": "fast"},
            ["defaults.training.learning_rate", "'fast'", "number"],
            id="a word for a number",
        ),
        pytest.param(
            {"variants/basic/encoder": "large"},
            ["variants.basic.encoder", "'large'", "small"],
            id="unknown encoder",
        ),
        pytest.param(
            {"encoders/small": {"hub": {"name": "a/b", "revision": "main"}}},
            ["encoders.small.hub.revision", "'main'", "40"],
            id="revision that is no commit",
        ),
        pytest.param(
            {"variants/my-variant": {}},
            ["variants.my-variant", "plain word"],
            id="variant name with a dash",
        ),
        pytest.param(
            {"variants/run_00000000000000000000": {}},
            ["variants.run_00000000000000000000", "repeated 20 times"],
            id="variant name that Snakemake takes for an endless recursion",
        ),
        pytest.param(
            {"experiment": "e" * 201}, ["experiment", "at most 100"], id="name of over 200 letters"
        ),
        pytest.param(
            {"experiment": "run_00000000000000000000"},
            ["experiment", "repeated 20 times"],
            id="experiment that Snakemake takes for an endless recursion",
        ),
        pytest.param(
            {"corpus/csv": "my{show}.csv"}, ["corpus.csv", "braces"], id="braces in a path"
        ),
        pytest.param(
            {"encoders/small": {"path": "my{encoder}"}},
            ["encoders.small.path", "braces"],
            id="braces in the path of an encoder",
        ),
        pytest.param(
            {"variants/Basic": {}}, ["variants", "basic and Basic"], id="names that differ in case"
        ),
        pytest.param(
            {"variants": {3: {}}}, ["variants.3", "plain word"], id="variant name that is a number"
        ),
        pytest.param(
            {"experiment": "SAMPLE"}, ["experiment", "another use"], id="reserved but for case"
        ),
        pytest.param(
            {f"variants/{'x1' * 51}": {}}, [f"variants.{'x1' * 51}", "100"], id="name too long"
        ),
        pytest.param(
            {"encoders/a-b": {"path": "encoder"}}, ["encoders.a-b", "plain word"], id="encoder name"
        ),
        pytest.param(
            {"encoders/small": {"path": "data/tiny/../tiny/encoders/small"}},
            ["encoders.small.path", "the workflow writes there"],
            id="an encoder that is copied onto itself",
        ),
        pytest.param(
            {f"{FRACTIONS}/train": 0.6, f"{FRACTIONS}/test": 0.6},
            ["variants.basic.split.fractions", "0.6", "1.45", "sum to 1"],
            id="fractions that do not sum to 1",
        ),
        pytest.param(
            {"variants/basic/annotate": ["mood"]},
            ["variants.basic.annotate", "'mood'", "'writer1'"],
            id="annotate with an unknown column",
        ),
        pytest.param(
            {"variants/basic/annotate": ["speaker"]},
            ["variants.basic.annotate", "'speaker'", "'writer1'"],
            id="annotate with the answer",
        ),
        pytest.param({"variants": None}, ["variants: is missing"], id="variants of null"),
        pytest.param({"corpus": ["csv"]}, ["corpus", "['csv']"], id="list for a mapping"),
    ],
)
def test_a_fault_in_the_config_stops_the_run_before_any_job(project, refused, changes, marks):
    write_config(project, changed_config(changes))
    line = the_line(refused(before_any_job=True), *marks)
    assert line.startswith("config/config.yaml: ")


def test_all_faults_are_named_at_once_each_with_its_source(project, refused):
    write_config(project, changed_config({"defaults/training/learning_rate": "fast"}))
    overlay = project / "overlay.yaml"
    overlay.write_text("variants: {basic: {encoder: large}}\n", encoding="utf-8")
    arguments = ["--configfile", "overlay.yaml", "--config", "experiment=my-run"]
    lines = refused(*arguments, before_any_job=True)
    for place, *marks in (
        ("config/config.yaml: ", "defaults.training.learning_rate", "'fast'"),
        (f"{overlay}: ", "variants.basic.encoder", "'large'"),
        ("--config: ", "experiment", "'my-run'"),
    ):
        assert the_line(lines, *marks).startswith(place)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("corpus: {csv: script.csv\nvariants: {}\n", id="no YAML"),
    ],
)
def test_a_file_that_is_no_config_is_refused(project, refused, text):
    (project / "config" / "config.yaml").write_text(text, encoding="utf-8")
    the_line(refused(before_any_job=True), "Config file", "JSON or YAML")


@pytest.mark.parametrize(
    "target", ["results/tiny/metrics/basic/test.json", "data/tiny/corpus.json"]
)
def test_a_target_that_configfile_swallows_is_no_config(project, refused, target):
    """`--configfile` takes every name after it: a JSON target was read as a config."""
    (project / target).write_text('{"experiment": "tiny", "rows": 60}\n', encoding="utf-8")
    (project / "overlay.yaml").write_text("experiment: tiny\n", encoding="utf-8")
    lines = refused("--configfile", "overlay.yaml", target, before_any_job=True)
    the_line(lines, target, "targets stand before --configfile")
    assert target in Tree(project).dry_run(f"--configfile overlay.yaml -- {target}")


@pytest.mark.parametrize("text", ["5e-5", "5.0e-5", "0.00005", "'5e-5'"])
def test_a_learning_rate_may_be_written_as_yaml_reads_it_or_not(text):
    raw = copy.deepcopy(CONFIG)
    raw["defaults"]["training"] = yaml.safe_load(f"learning_rate: {text}")
    assert parse_config(raw).variants["basic"].training.learning_rate == pytest.approx(5e-5)


# The CSV


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("nowhere.csv", id="no file"),
        pytest.param("data", id="a folder"),
        pytest.param("x" * 300, id="a name that is too long"),
        pytest.param("~/script.csv", id="a home folder"),
        pytest.param("https://example.org/script.csv", id="an address"),
    ],
)
def test_a_csv_that_is_not_there_stops_the_run_before_any_job(project, refused, path):
    write_config(project, changed_config({"corpus/csv": path}))
    the_line(refused(before_any_job=True), f"corpus.csv: {path}: ")


@pytest.mark.parametrize(
    ("before", "after", "marks"),
    [
        pytest.param(
            "\n7,1,2,", "\n7,one,2,", ["season", "'one'", "row 9"], id="text for an integer"
        ),
    ],
)
def test_a_fault_in_the_csv_is_named_by_place_and_value(project, refused, before, after, marks):
    text = (project / "script.csv").read_text(encoding="utf-8")
    assert before in text
    (project / "script.csv").write_text(text.replace(before, after), encoding="utf-8")
    the_line(refused(), "script.csv: ", *marks)


def test_a_target_who_is_not_among_the_top_ten_is_refused(project, refused):
    path = project / "script.csv"
    text = path.read_text(encoding="utf-8")
    for number in range(12):
        for index in range(2):
            row = f"{1000 + 10 * number + index},1,2,Pilot,3,guest{number},Hello.,K,G,G,,\n"
            text += row
    path.write_text(text + "5000,1,2,Pilot,3,hunter,Hello.,K,G,G,,\n", encoding="utf-8")
    settings = {"corpus/top_speakers": 10, "corpus/target_speaker": "hunter"}
    write_config(project, changed_config(settings))
    the_line(refused(), "script.csv: ", "'hunter'", "10", "dwight", "jim")


def test_too_few_positives_are_refused_before_any_variant_is_trained(project, refused):
    # `basic` has to be trained anew; the target has only two of the lines that `long` takes.
    changes = {"variants/basic": {"max_length": 12}, "variants/long": {"min_words": 12}}
    write_config(project, changed_config(changes))
    marks = ["2 of 6 lines are dwight's", "0.5 / 0.25 / 0.25"]
    the_line(refused(), "split_lines tiny long: ", *marks)


# The encoder


def folder_encoder(project, **files):
    """An encoder folder like the finished run's, with some files replaced; None: without it."""
    folder = project / "encoder"
    source = project / "data" / "tiny" / "encoders" / "small"
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("manifest.json", ".*"))
    for name, content in files.items():
        (folder / name).unlink(missing_ok=True)
        if content is not None:
            (folder / name).write_bytes(content)
    write_config(project, changed_config({"encoders/small": {"path": "encoder"}}))
    return folder


def test_an_encoder_folder_that_does_not_exist_is_refused(project, refused):
    write_config(project, changed_config({"encoders/small": {"path": "nowhere"}}))
    the_line(refused(), "fetch_encoder tiny small: ", "nowhere", "no such folder")


@pytest.mark.parametrize(
    ("files", "marks"),
    [
        pytest.param({"model.safetensors": None}, ["no model.safetensors"], id="no weights"),
        pytest.param(
            {"model.safetensors": None, "pytorch_model.bin": b"\x80\x04."},
            ["no model.safetensors", "pickle"],
            id="only a pickle",
        ),
        pytest.param({"config.json": b"not json"}, ["config.json"], id="config that is no JSON"),
        pytest.param({"tokenizer.json": b"not json"}, ["tokenizer.json"], id="tokenizer garbage"),
    ],
)
def test_an_encoder_folder_that_cannot_be_used_is_refused_where_it_comes_in(
    project, refused, files, marks
):
    folder_encoder(project, **files)
    the_line(refused(), "fetch_encoder tiny small: encoder", *marks)


def test_an_encoder_with_weights_cut_short_is_refused_where_it_comes_in(project, refused):
    weights = (project / "data/tiny/encoders/small/model.safetensors").read_bytes()
    folder_encoder(project, **{"model.safetensors": weights[: len(weights) // 2]})
    the_line(refused(), "fetch_encoder tiny small: encoder", "model.safetensors")


def test_a_hub_encoder_that_cannot_be_had_is_refused(project, refused):
    hub = {"name": "nobody/nothing", "revision": "0" * 40}
    write_config(project, changed_config({"encoders/small": {"hub": hub}}))
    the_line(refused(), "fetch_encoder tiny small: ", f"nobody/nothing@{'0' * 40}", "path")


def test_a_faulty_csv_leaves_what_was_made_of_the_one_before(project, refused):
    made = digests(project / "data")
    good = (project / "script.csv").read_bytes()
    (project / "script.csv").write_bytes(good.replace(b"\n7,1,2,", b"\n7,one,2,"))
    for _ in range(2):  # a second run takes it for no better
        the_line(refused(before_any_job=True), "script.csv: ", "'one'")
        assert digests(project / "data") == made
    (project / "script.csv").write_bytes(good)
    assert "Nothing to be done" in Tree(project).dry_run()


# Modification times


def in_a_day(*paths):
    for path in paths:
        os.utime(path, times=(time.time() + 86400,) * 2)


def test_a_csv_from_the_future_is_named_with_the_command_that_helps(project, refused):
    """Unpacked from another time zone. The outputs were deleted as older than their input, in
    every run."""
    path = project / "script.csv"
    path.write_bytes(path.read_bytes().replace(b"Line 7 ", b"Line seven "))
    in_a_day(path)
    made = digests(project / "data")
    remedy = "touch script.csv"
    line = the_line(refused(before_any_job=True), "script.csv: ", "in the future", remedy)
    assert line.endswith(f": {remedy}")
    assert digests(project / "data") == made
    assert Tree(project).run(remedy).returncode == 0
    Tree(project).snakemake("data/tiny/lines.parquet")


def test_everything_from_the_future_is_set_to_now_by_one_command(project, refused):
    """A folder of data and results that was copied from a machine whose clock is ahead."""
    folder = folder_encoder(project)
    files = [path for path in (project / "data" / "tiny").rglob("*") if path.is_file()]
    in_a_day(project / "script.csv", *folder.iterdir(), *files)
    lines = refused(before_any_job=True)
    remedy = the_line(lines, "in the future", " others").partition("to now: ")[2]
    assert Tree(project).run(remedy).returncode == 0
    Tree(project).snakemake("data/tiny/encoders/small/manifest.json data/tiny/lines.parquet")


def test_a_csv_from_the_future_that_nothing_reads_is_no_fault(project):
    in_a_day(project / "script.csv")
    assert "Nothing to be done" in Tree(project).snakemake()
