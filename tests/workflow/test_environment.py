"""What the user's environment holds changes no result of a run."""

import copy
import csv
import json
import re

import pyarrow.parquet as pq
import pytest
from configs import SMALL
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

    def results():
        made = tree.root / MODEL
        key = json.loads((made / "manifest.json").read_text(encoding="utf-8"))["key"]
        return key, load_file(made / "model.safetensors"), pq.read_table(tree.root / PREDICTIONS)

    tree.snakemake(PREDICTIONS)
    key, weights, predictions = results()
    tree.remove("data/model_store", "data/tiny/models", "results/tiny")
    done = tree.run(f"snakemake --cores 2 {PREDICTIONS} 2>&1", **VARIABLES)
    assert done.returncode == 0, done.stdout
    # Trainings in the process of the tests may have set others.
    [dropped] = re.findall("^jobs do not inherit (.*);", done.stdout, re.M)
    assert VARIABLES.keys() <= set(dropped.split(", "))
    other_key, other_weights, other_predictions = results()
    assert other_key == key
    assert all(other_weights[name].equal(weights[name]) for name in weights)
    assert other_predictions.equals(predictions)
