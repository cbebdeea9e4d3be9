"""Checkpoints are taken only when they were written to their end."""

from pathlib import Path

from whosaid.caching.manifest import write_manifest
from whosaid.training.checkpoints import last_complete_checkpoint


def checkpoint(folder: Path, step: int) -> Path:
    path = folder / f"checkpoint-{step}"
    path.mkdir(parents=True)
    (path / "model.safetensors").write_text(f"weights of step {step}")
    write_manifest(path, seconds=1.0)
    return path


def test_the_latest_checkpoint_is_taken_by_number(tmp_path):
    for step in (9, 10, 100):
        checkpoint(tmp_path, step)
    assert last_complete_checkpoint(tmp_path) == tmp_path / "checkpoint-100"


def test_a_checkpoint_that_is_not_complete_is_dropped_for_the_one_before(tmp_path):
    complete = checkpoint(tmp_path, 5)
    cut_short = checkpoint(tmp_path, 6)
    (cut_short / "model.safetensors").write_text("weights")
    unsealed = checkpoint(tmp_path, 7)
    (unsealed / "manifest.json").unlink()
    (tmp_path / "checkpoint-8").mkdir()
    assert last_complete_checkpoint(tmp_path) == complete
    assert list(tmp_path.iterdir()) == [complete]


def test_without_checkpoints_there_is_none(tmp_path):
    assert last_complete_checkpoint(tmp_path / "checkpoints") is None
