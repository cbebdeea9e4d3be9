"""What a user may get wrong: one line says it, nothing is trained, no earlier result is touched.

Every case is a real `snakemake` call in a copy of one small, finished run.
"""

import copy
import csv
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from whosaid.config import parse_config

ROOT = Path(__file__).parents[2]
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
SPEAKERS = ("dwight", "jim", "pam", "creed")


def run_snakemake(folder, *arguments):
    """A real run in `folder`; nothing reaches a hub."""
    return subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1", *arguments],
        cwd=folder,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )


def write_config(folder, config):
    text = yaml.safe_dump(config, sort_keys=False)
    (folder / "config" / "config.yaml").write_text(text, encoding="utf-8")


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


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A small run that went well."""
    folder = tmp_path_factory.mktemp("finished")
    for name in ("config", "workflow", "profiles", "envs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Snakefile", folder)
    with open(folder / "script.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for index in range(60):
            speaker = SPEAKERS[index % 4]
            text = f"Line {index} is said by nobody else."
            writer.writerow([index, 1, 2, "Pilot", 3, speaker, text, *["Ken"] * 3, "", ""])
    write_config(folder, CONFIG)
    run = run_snakemake(folder)
    assert run.returncode == 0, run.stdout
    assert len(digests(folder / "results")) == 7
    return folder


@pytest.fixture
def project(finished, tmp_path):
    """A copy of the finished run, to do harm to."""
    folder = tmp_path / "p"
    # copy2 keeps modification times, so nothing is stale in the copy.
    shutil.copytree(finished, folder, ignore=shutil.ignore_patterns("log"))
    return folder


@pytest.fixture
def refusal(project):
    """Run the harmed project; give back the one line that holds `marks`, and all lines."""

    def run(*marks, arguments=(), before_any_job=False):
        earlier = digests(project / "results")
        outcome = run_snakemake(project, *arguments)
        lines = outcome.stdout.splitlines()
        assert outcome.returncode == 1, outcome.stdout
        assert "Traceback" not in outcome.stdout
        assert not any("rule train_model:" in line for line in lines), outcome.stdout
        assert digests(project / "results") == earlier
        if before_any_job:
            assert not any("rule " in line for line in lines), outcome.stdout
        found = [line for line in lines if all(mark in line for mark in marks)]
        assert len(found) == 1, outcome.stdout
        return found[0]

    return run


def test_the_copy_of_a_finished_run_is_up_to_date(project):
    outcome = run_snakemake(project)
    assert outcome.returncode == 0
    assert "Nothing to be done" in outcome.stdout


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
            {"variants": {3: {}}}, ["variants.3", "plain word"], id="variant name that is a number"
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
        pytest.param({"variants": {}}, ["variants", "at least 1"], id="no variants"),
        pytest.param({"corpus": ["csv"]}, ["corpus", "['csv']"], id="list for a mapping"),
        pytest.param(
            {"variants/basic": "small"}, ["variants.basic", "'small'"], id="word for a mapping"
        ),
        pytest.param(
            {"encoders/small/path": "here"},
            ["encoders.small", "path and scratch", "exactly one"],
            id="two sources of an encoder",
        ),
    ],
)
def test_a_fault_in_the_config_stops_the_run_before_any_job(project, refusal, changes, marks):
    write_config(project, changed_config(changes))
    assert refusal(*marks, before_any_job=True).startswith("config/config.yaml: ")


def test_two_faults_are_named_at_once_each_with_its_source(project, refusal):
    write_config(project, changed_config({"defaults/training/learning_rate": "fast"}))
    overlay = project / "overlay.yaml"
    overlay.write_text("variants: {basic: {encoder: large}}\n", encoding="utf-8")
    arguments = ["--configfile", "overlay.yaml", "--config", "experiment=my-run"]
    for place, *marks in (
        ("config/config.yaml: ", "defaults.training.learning_rate", "'fast'"),
        (f"{overlay}: ", "variants.basic.encoder", "'large'"),
        ("--config: ", "experiment", "'my-run'"),
    ):
        assert refusal(*marks, arguments=arguments, before_any_job=True).startswith(place)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("- corpus\n- variants\n", id="a list"),
        pytest.param("corpus: {csv: script.csv\nvariants: {}\n", id="no YAML"),
    ],
)
def test_a_file_that_is_no_config_is_refused(project, refusal, text):
    (project / "config" / "config.yaml").write_text(text, encoding="utf-8")
    refusal("Config file", "JSON or YAML", before_any_job=True)


@pytest.mark.parametrize("text", ["5e-5", "5.0e-5", "0.00005", "'5e-5'"])
def test_a_learning_rate_may_be_written_as_yaml_reads_it_or_not(text):
    raw = copy.deepcopy(CONFIG)
    raw["defaults"]["training"] = yaml.safe_load(f"learning_rate: {text}")
    assert parse_config(raw).variants["basic"].training.learning_rate == pytest.approx(5e-5)


# The CSV


@pytest.mark.parametrize(
    "path", [pytest.param("nowhere.csv", id="no file"), pytest.param("data", id="a folder")]
)
def test_a_csv_that_is_not_there_stops_the_run_before_any_job(project, refusal, path):
    write_config(project, changed_config({"corpus/csv": path}))
    refusal(f"corpus.csv: {path}: ", before_any_job=True)


@pytest.mark.parametrize(
    ("before", "after", "marks"),
    [
        pytest.param(
            "\n7,1,2,", "\n7,one,2,", ["season", "'one'", "row 9"], id="text for an integer"
        ),
        pytest.param("\n7,1,2,", "\n7,1,2,3,", ["13", "12", "#9"], id="row with too many cells"),
        pytest.param("speaker", "who", ["header", "'speaker'", "'who'"], id="misnamed column"),
    ],
)
def test_a_fault_in_the_csv_is_named_by_place_and_value(project, refusal, before, after, marks):
    text = (project / "script.csv").read_text(encoding="utf-8")
    assert before in text
    (project / "script.csv").write_text(text.replace(before, after), encoding="utf-8")
    refusal("read_lines tiny: script.csv", *marks)


def test_a_target_who_is_not_among_the_top_ten_is_refused(project, refusal):
    path = project / "script.csv"
    text = path.read_text(encoding="utf-8")
    for number in range(12):
        for index in range(2):
            row = f"{1000 + 10 * number + index},1,2,Pilot,3,guest{number},Hello.,K,G,G,,\n"
            text += row
    path.write_text(text + "5000,1,2,Pilot,3,hunter,Hello.,K,G,G,,\n", encoding="utf-8")
    settings = {"corpus/top_speakers": 10, "corpus/target_speaker": "hunter"}
    write_config(project, changed_config(settings))
    refusal("read_lines tiny: script.csv", "'hunter'", "10", "dwight", "jim")


def test_too_few_positives_are_refused_before_any_variant_is_trained(project, refusal):
    # The first variant alone could be trained, the second has too few long lines of the target.
    path = project / "script.csv"
    long_line = "This is by far the longest line of the whole script."
    text = path.read_text(encoding="utf-8")
    for speaker, count in (("dwight", 2), ("jim", 20)):
        for index in range(count):
            text += f"{speaker == 'jim':d}{index:03d}9,1,2,Pilot,3,{speaker},{long_line},K,G,G,,\n"
    path.write_text(text, encoding="utf-8")
    write_config(
        project,
        changed_config({"variants/basic": {"max_length": 12}, "variants/long": {"min_words": 11}}),
    )
    refusal("split_lines tiny long: ", "2 lines of the target", "0.5 / 0.25 / 0.25")


# The encoder


def folder_encoder(project, **files):
    """An encoder folder like the finished run's, with some files replaced; None: without it."""
    folder = project / "encoder"
    source = project / "data" / "tiny" / "encoders" / "small"
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("manifest.json"))
    for name, content in files.items():
        (folder / name).unlink(missing_ok=True)
        if content is not None:
            (folder / name).write_bytes(content)
    write_config(project, changed_config({"encoders/small": {"path": "encoder"}}))
    return folder


def test_an_encoder_folder_that_does_not_exist_is_refused(project, refusal):
    write_config(project, changed_config({"encoders/small": {"path": "nowhere"}}))
    refusal("fetch_encoder tiny small: ", "nowhere", "no such folder")


@pytest.mark.parametrize(
    ("files", "marks"),
    [
        pytest.param({"model.safetensors": None}, ["no model.safetensors"], id="no weights"),
        pytest.param(
            {"model.safetensors": None, "pytorch_model.bin": b"\x80\x04."},
            ["no model.safetensors", "pickle"],
            id="only a pickle",
        ),
        pytest.param({"config.json": None}, ["no config.json"], id="no config"),
        pytest.param({"tokenizer.json": None}, ["no tokenizer"], id="no tokenizer"),
        pytest.param({"config.json": b"not json"}, ["config.json"], id="config that is no JSON"),
        pytest.param({"config.json": b"{}"}, ["config.json"], id="config without a model"),
        pytest.param({"tokenizer.json": b"not json"}, ["tokenizer.json"], id="tokenizer garbage"),
        pytest.param({"model.safetensors": b"x"}, ["model.safetensors"], id="weights garbage"),
    ],
)
def test_an_encoder_folder_that_cannot_be_used_is_refused_where_it_comes_in(
    project, refusal, files, marks
):
    folder_encoder(project, **files)
    refusal("fetch_encoder tiny small: encoder", *marks)


def test_an_encoder_with_weights_cut_short_is_refused_where_it_comes_in(project, refusal):
    weights = (project / "data/tiny/encoders/small/model.safetensors").read_bytes()
    folder_encoder(project, **{"model.safetensors": weights[: len(weights) // 2]})
    refusal("fetch_encoder tiny small: encoder", "model.safetensors")


def test_a_hub_encoder_that_cannot_be_had_is_refused(project, refusal):
    hub = {"name": "nobody/nothing", "revision": "0" * 40}
    write_config(project, changed_config({"encoders/small": {"hub": hub}}))
    refusal("fetch_encoder tiny small: ", f"nobody/nothing@{'0' * 40}", "path")
