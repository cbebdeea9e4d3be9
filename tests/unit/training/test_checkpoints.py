"""Checkpoints are taken only when they were written to their end."""

import json
from pathlib import Path

import pytest

from whosaid.caching.manifest import write_manifest
from whosaid.training.checkpoints import FORM, last_complete_checkpoint


def checkpoint(
    folder: Path, step: int, best: int | None = None, of: int = 120, form: int = FORM
) -> Path:
    """A checkpoint of a training with so many steps, ten of them in an epoch."""
    path = folder / f"checkpoint-{step}"
    path.mkdir(parents=True)
    state = {"global_step": step, "max_steps": of, "epoch": step / 10, "best_global_step": best}
    (path / "trainer_state.json").write_text(json.dumps(state))
    (path / "model.safetensors").write_text(f"weights of step {step}")
    write_manifest(path, seconds=1.0, form=form)
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


def test_a_checkpoint_counts_together_with_the_best_one_so_far(tmp_path):
    checkpoint(tmp_path, 5, best=5)
    last = checkpoint(tmp_path, 15, best=5)
    assert last_complete_checkpoint(tmp_path) == last


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_text("")])
def test_without_the_best_weights_what_came_after_them_is_deleted(damage, tmp_path):
    """The Trainer would go on, forget which epoch was the best, and keep a later one."""
    earlier = checkpoint(tmp_path, 5, best=5)
    best = checkpoint(tmp_path, 10, best=10)
    checkpoint(tmp_path, 15, best=10)
    damage(best / "model.safetensors")
    assert last_complete_checkpoint(tmp_path) == earlier
    assert list(tmp_path.iterdir()) == [earlier]


@pytest.mark.parametrize(("steps", "taken"), [(15, 10), (16, 15), (20, 20)])
def test_nothing_goes_on_from_the_end_within_an_epoch(steps, taken, tmp_path):
    """One of 2.5 epochs that was stopped after its last step took another step, and had others."""
    for step in {10, 15, steps}:
        checkpoint(tmp_path, step, of=steps)
    assert last_complete_checkpoint(tmp_path) == tmp_path / f"checkpoint-{taken}"


def test_a_checkpoint_of_another_form_is_deleted(tmp_path):
    """The weights of one that an earlier version wrote on a GPU do not fit."""
    checkpoint(tmp_path, 5, form=FORM - 1)
    assert last_complete_checkpoint(tmp_path) is None
    assert list(tmp_path.iterdir()) == []
