"""Faults in the middle of a training: signals, kills, checkpoints that were damaged.

See `test_faults.py`. A training is paused at the end of a step, so it is known where it goes on.
"""

import copy
import json
import os
import signal

import pytest
import yaml
from configs import SMALL
from disturbance import (
    EPOCHS,
    MODEL,
    STEPS,
    STORE,
    TRAINED,
    assert_trained_as_reference,
    checkpoints,
    lines_with,
    make_place,
    needs_proc,
    poll,
    processes,
    resumed_at,
    step_of,
)

pytestmark = [needs_proc, pytest.mark.slow]

MIDDLE = STEPS + 17  # of the second epoch


@pytest.fixture
def untrained(place):
    """A place where the training is next."""
    place.remove(MODEL, STORE)
    return place


def stop_training(place, number, *arguments, target=TRAINED, whole_group=False):
    """Signal a training in the middle of its second epoch; the run that was hit."""
    run, job = place.pause("train_model", target, *arguments, at=f"step {MIDDLE}")
    if whole_group:
        run.kill_group(number)
    else:
        os.kill(job, number)
    place.release()
    return run


@pytest.mark.parametrize("variant", ["basic", "grouped"])
def test_sigterm_to_the_training(place, reference, variant):
    target = f"data/tiny/models/{variant}/seed_42/training.json"
    place.remove(f"data/tiny/models/{variant}", STORE)
    run = stop_training(place, signal.SIGTERM, target=target)
    assert run.code() == 1, run.text()
    assert len(lines_with(run.text(), f"stopped after step {MIDDLE} of")) == 1, run.text()
    assert "Traceback" not in run.text()
    assert not (place.root / "data" / "tiny" / "models" / variant / "seed_42").exists()
    last = checkpoints(place.root)[-1]
    assert step_of(last) == MIDDLE
    seconds = json.loads((last / "manifest.json").read_text())["seconds"]
    assert resumed_at(place.plain(target)) == [MIDDLE]
    record = assert_trained_as_reference(place, reference, variant)
    assert record["seconds"] > seconds > 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_signal_to_the_whole_group(untrained, reference, number):
    run = stop_training(untrained, number, whole_group=True)
    assert run.code() != 0, run.text()
    poll(lambda: not processes(f"{untrained.root}/.snakemake/scripts/"), "the job's end")
    # Not at the end of an epoch: what was done since is saved.
    assert step_of(checkpoints(untrained.root)[-1]) == MIDDLE, run.text()
    assert resumed_at(untrained.plain(TRAINED)) == [MIDDLE]
    assert_trained_as_reference(untrained, reference)


def test_a_retry_goes_on_by_itself(untrained, reference):
    run = stop_training(untrained, signal.SIGTERM, "--retries", "1")
    assert run.code() == 0, run.text()
    assert resumed_at(run.text()) == [MIDDLE]
    assert_trained_as_reference(untrained, reference)


def test_two_kills_in_the_middle_of_epochs(untrained, reference):
    run = stop_training(untrained, signal.SIGKILL)
    assert run.code() == 1
    assert [step_of(path) for path in checkpoints(untrained.root)] == [STEPS]
    run, job = untrained.pause("train_model", TRAINED, at=f"step {2 * STEPS + 5}")
    os.kill(job, signal.SIGKILL)
    assert run.code() == 1
    assert resumed_at(run.text()) == [STEPS]
    assert resumed_at(untrained.plain(TRAINED)) == [2 * STEPS]
    assert_trained_as_reference(untrained, reference)


def test_kill_where_the_best_epoch_is_kept(place_of, reference):
    """The checkpoint of the best epoch must outlive the kill, and what was chosen so far."""
    config = copy.deepcopy(SMALL)
    config["variants"]["chosen"] = {"training": {"best_epoch": {"metric": "loss"}}}
    undisturbed, place = place_of(reference), place_of(reference)
    target = "data/tiny/models/chosen/seed_42/training.json"
    for each in (undisturbed, place):
        each.tree.write_config(config)
    undisturbed.plain(target)
    run = stop_training(place, signal.SIGKILL, target=target)
    assert run.code() == 1
    assert resumed_at(place.plain(target)) == [STEPS]
    record = assert_trained_as_reference(place, undisturbed.root, "chosen")
    theirs = json.loads((undisturbed.root / target).read_text())
    assert record["kept_epoch"] == theirs["kept_epoch"]


def test_kill_after_the_last_step(untrained, reference):
    run, job = untrained.pause("train_model", TRAINED, at="model")
    os.kill(job, signal.SIGKILL)
    assert run.code() == 1
    assert resumed_at(untrained.plain(TRAINED)) == [STEPS * EPOCHS]
    assert_trained_as_reference(untrained, reference)


def test_the_next_run_waits_for_an_orphan_in_the_middle_of_training(untrained, reference):
    run, _ = untrained.pause("train_model", TRAINED, at=f"step {MIDDLE}")
    os.kill(run.process.pid, signal.SIGKILL)
    run.code()
    second = untrained.start(TRAINED)
    poll(lambda: "waiting for it" in second.text(), "the wait for the orphan")
    untrained.release()
    assert second.code() == 0, second.text()
    assert "trained before" in second.text()
    assert not resumed_at(second.text())
    assert_trained_as_reference(untrained, reference)


@pytest.fixture(scope="session")
def stopped_tree(reference, once):
    """A training stopped by SIGTERM in its second epoch: two checkpoints. For reading only."""

    def fill(folder):
        place = make_place(reference, folder)
        place.remove(MODEL, STORE)
        try:
            assert stop_training(place, signal.SIGTERM).code() == 1
        finally:
            place.end()

    root = once("stopped", fill) / "whosaid"
    assert [step_of(path) for path in checkpoints(root)] == [STEPS, MIDDLE]
    return root


def cut_weights(checkpoint):
    os.truncate(checkpoint / "model.safetensors", 1000)


def lose_optimizer(checkpoint):
    (checkpoint / "optimizer.pt").unlink()


def lose_manifest(checkpoint):
    (checkpoint / "manifest.json").unlink()


def empty_checkpoint(checkpoint):
    (checkpoint.parent / "checkpoint-999999").mkdir()


def lose_every_manifest(checkpoint):
    for other in checkpoint.parent.glob("*/manifest.json"):
        other.unlink()


@pytest.mark.parametrize(
    ("damage", "resumed"),
    [
        (cut_weights, [STEPS]),
        (lose_optimizer, [STEPS]),
        (lose_manifest, [STEPS]),
        (empty_checkpoint, [MIDDLE]),
        (lose_every_manifest, []),
    ],
)
def test_damaged_checkpoint(place_of, reference, stopped_tree, damage, resumed):
    place = place_of(stopped_tree)
    damage(checkpoints(place.root)[-1])
    text = place.plain(TRAINED)
    assert lines_with(text, "was not written to its end: deleted")
    assert resumed_at(text) == resumed
    assert_trained_as_reference(place, reference)


@pytest.mark.parametrize(
    "changes",
    [
        {"defaults": {"training": {"weight_decay": 0.5}}},
        {"defaults": {"split": {"seed": 28}}},
    ],
    ids=["settings", "data"],
)
def test_other_settings_or_data_do_not_resume(place_of, stopped_tree, changes):
    place = place_of(stopped_tree)
    (place.root / "other.yaml").write_text(yaml.safe_dump(changes))
    old = set((place.root / STORE).iterdir())
    arguments = (TRAINED, "--configfile", "other.yaml")
    run, _ = place.pause("train_model", *arguments, at=f"step {MIDDLE}")
    run.kill_group()
    run.code()
    assert not resumed_at(run.text())
    assert len(set((place.root / STORE).iterdir()) - old) == 1
    of_old = [path for path in checkpoints(place.root) if path.parents[1] in old]
    assert [step_of(path) for path in of_old] == [STEPS, MIDDLE]
    assert len(checkpoints(place.root)) == 3
