"""What the user's environment holds changes no result of a run, and a run leaves nothing there."""

import copy
import csv
import json
import re

import pyarrow.parquet as pq
import pytest
from configs import SMALL
from disturbance import needs_proc, poll, processes
from safetensors.torch import load_file
from tree import CSV, Tree, copy_project

MODEL = "data/tiny/models/basic/seed_42"
PREDICTIONS = "results/tiny/predictions/basic/seed_42/test.parquet"

VARIABLES = {
    "ACCELERATE_MIXED_PRECISION": "bf16",
    "ACCELERATE_USE_DEEPSPEED": "true",
    **{"WORLD_SIZE": "2", "RANK": "0", "LOCAL_RANK": "0"},
    **{"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500"},
    **{"MKL_CBWR": "COMPATIBLE", "ONEDNN_DEFAULT_FPMATH_MODE": "BF16"},
    "PYTHONOPTIMIZE": "2",
}


@pytest.fixture
def tree(tmp_path) -> Tree:
    """A tree with one small training in float32, on the first rows of the sample."""
    made = copy_project(tmp_path / "whosaid")
    config = copy.deepcopy(SMALL)
    config["variants"] = {"basic": {"training": {"precision": "float32", "num_train_epochs": 1}}}
    del config["encoders"]["local"]
    made.write_config(config)
    path = made.root / CSV
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[:801]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return made


@pytest.mark.slow
def test_variables_that_a_launcher_left_change_no_model_and_no_prediction(tree):
    """The variables once trained in bfloat16 under the key of float32, or waited for ever.

    Without docstrings, Transformers could not be imported. The run says what it dropped.
    """

    def results(**variables):
        done = tree.run(f"snakemake --cores 2 {PREDICTIONS} 2>&1", **variables)
        assert done.returncode == 0, done.stdout
        made = tree.root / MODEL
        key = json.loads((made / "manifest.json").read_text(encoding="utf-8"))["key"]
        weights = load_file(made / "model.safetensors")
        return done.stdout, key, weights, pq.read_table(tree.root / PREDICTIONS)

    _, key, weights, predictions = results()
    tree.remove("data/model_store", "data/tiny/models", "results/tiny")
    printed, other_key, other_weights, other_predictions = results(**VARIABLES)
    # Trainings in the process of the tests may have set others.
    [dropped] = re.findall("^jobs do not inherit (.*);", printed, re.M)
    assert VARIABLES.keys() <= set(dropped.split(", "))
    assert other_key == key
    assert all(other_weights[name].equal(weights[name]) for name in weights)
    assert other_predictions.equals(predictions)


@needs_proc
@pytest.mark.slow
def test_a_killed_run_and_a_whole_one_leave_nothing_outside_of_the_project(
    tree, tmp_path, monkeypatch, place_of
):
    """Matplotlib once left its list of fonts in the home folder, and PyTorch a folder in /tmp."""
    folders = [tmp_path / name for name in ("HOME", "TMPDIR", "HF_HOME", "XDG_CACHE_HOME")]
    for folder in folders:
        folder.mkdir()
        monkeypatch.setenv(folder.name, str(folder))
    for name in ("XDG_CONFIG_HOME", "MPLCONFIGDIR"):
        monkeypatch.delenv(name, raising=False)
    place = place_of(tree.root)
    for stage, moment in (("train_model", "step 5"), ("draw_figures", "forest.svg")):
        run, _ = place.pause(stage, at=moment)
        run.kill_group()
        run.code()
        poll(lambda: not processes(f"{place.root}/.snakemake/scripts/"), "the job's end")
    place.plain("all", "results/report.html", "results/audit.md")
    left = {
        path.relative_to(tmp_path).as_posix() for folder in folders for path in folder.rglob("*")
    }
    # Snakemake has a cache, and a temporary folder that only a kill leaves behind.
    of_snakemake = ("XDG_CACHE_HOME/snakemake", "TMPDIR/snakemake")
    assert {path for path in left if not path.startswith(of_snakemake)} == set()
    for folder in ("data", "results"):
        assert not list((place.root / folder).rglob(".*.partial"))
