"""The key of a model stands for what shapes it, and checkpoints are taken only when whole."""

from pathlib import Path

import pytest

from whosaid.manifest import write_manifest
from whosaid.model_store import BOOKKEEPING, last_whole_checkpoint, training_key
from whosaid.staleness import WORKFLOW_DIR, stage_code

SHAPING = {"tokenized": {"a": "1"}, "training": {"learning_rate": 0.1, "seed": 2}}


def checkpoint(folder: Path, step: int) -> Path:
    path = folder / f"checkpoint-{step}"
    path.mkdir(parents=True)
    (path / "model.safetensors").write_text(f"weights of step {step}")
    write_manifest(path, seconds=1.0)
    return path


def test_the_order_of_what_shapes_a_model_does_not_matter():
    reordered = {
        "training": {"seed": 2, "learning_rate": 0.1},
        "tokenized": {"a": "1"},
    }
    assert training_key({}, **SHAPING) == training_key({}, **reordered)


@pytest.mark.parametrize(
    "changed",
    [
        {"tokenized": {"a": "2"}},
        {"tokenized": {"b": "1"}},
        {"training": {"learning_rate": 2, "seed": 0.1}},
    ],
)
def test_another_value_is_another_model(changed):
    assert training_key({}, **SHAPING) != training_key({}, **SHAPING | changed)


def test_another_code_or_package_is_another_model_but_for_bookkeeping():
    code = stage_code("train_model")
    key = training_key(code, **SHAPING)
    for name in code:
        changed = training_key(code | {name: "edited"}, **SHAPING)
        assert (changed == key) == (name in BOOKKEEPING), name


def test_bookkeeping_names_modules_that_there_are():
    assert all((WORKFLOW_DIR / name).is_file() for name in BOOKKEEPING)


def test_the_latest_checkpoint_is_taken_by_number(tmp_path):
    for step in (9, 10, 100):
        checkpoint(tmp_path, step)
    assert last_whole_checkpoint(tmp_path) == tmp_path / "checkpoint-100"


def test_a_checkpoint_that_is_not_whole_is_dropped_for_the_one_before(tmp_path):
    whole = checkpoint(tmp_path, 5)
    cut_short = checkpoint(tmp_path, 6)
    (cut_short / "model.safetensors").write_text("weights")
    unsealed = checkpoint(tmp_path, 7)
    (unsealed / "manifest.json").unlink()
    (tmp_path / "checkpoint-8").mkdir()
    assert last_whole_checkpoint(tmp_path) == whole
    assert list(tmp_path.iterdir()) == [whole]


def test_without_checkpoints_there_is_none(tmp_path):
    assert last_whole_checkpoint(tmp_path / "checkpoints") is None
