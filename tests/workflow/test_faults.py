"""Faults in the middle of a run: kills, stops, two runs at once, full disks, too little memory.

The promise: every output appears complete or not at all, and after any fault the plain command ends
with the results of an undisturbed run. 59 faults are tried, each under its own test id, but for the
eight power losses and two kills that one run suffers one after the other: 31 here, in every stage,
16 in `test_training_faults.py`, 12 in `test_machine_faults.py`.

What a stage made is compared byte by byte with the reference, the undisturbed run; of equal weights
come equal metrics.
"""

import json
import os
import signal

import pytest
from disturbance import (
    METRICS,
    MODEL,
    STAGES,
    STORE,
    TRAINED,
    assert_as_reference,
    assert_complete_or_absent,
    assert_trained_as_reference,
    is_running,
    lines_with,
    needs_proc,
    poll,
    processes,
)

pytestmark = [needs_proc, pytest.mark.slow]


@pytest.mark.parametrize("stage", STAGES)
def test_kill_of_the_job(place, reference, stage):
    outputs, moment = STAGES[stage]
    place.remove(*outputs)
    run, job = place.pause(stage, *outputs, at=moment)
    os.kill(job, signal.SIGKILL)
    assert run.code() == 1, run.text()
    assert_complete_or_absent(place, reference, outputs)
    place.plain(*outputs)
    assert_as_reference(place, reference, outputs)


@pytest.mark.parametrize("stage", STAGES)
def test_kill_of_snakemake_while_the_orphan_goes_on(place, reference, stage):
    outputs, moment = STAGES[stage]
    place.remove(*outputs)
    run, orphan = place.pause(stage, *outputs, at=moment)
    os.kill(run.process.pid, signal.SIGKILL)
    run.code()
    assert is_running(orphan)
    assert_complete_or_absent(place, reference, outputs)
    second = place.start(*outputs)
    if stage == "train_model":
        poll(lambda: "waiting for it" in second.text(), "the wait for the orphan")
    else:
        assert second.code() == 0, second.text()
    place.release()
    poll(lambda: not is_running(orphan), "the orphan's end")
    assert second.code() == 0, second.text()
    assert_as_reference(place, reference, outputs)


def test_power_loss_in_every_stage(reference, place_of):
    place = place_of(reference.parent / "fresh")
    for stage, (outputs, moment) in STAGES.items():
        run, _ = place.pause(stage, *outputs, at=moment)
        run.kill_group()
        run.code()
        poll(lambda: not processes(f"{place.root}/.snakemake/scripts/"), "the job's end")
        assert_complete_or_absent(place, reference, outputs)
    place.plain(*METRICS)
    ours, theirs = (
        [json.loads((root / path).read_text())["metrics"] for path in METRICS]
        for root in (place.root, reference)
    )
    for our, their in zip(ours, theirs, strict=True):
        assert our == pytest.approx(their, rel=0, abs=1e-12)


@pytest.mark.parametrize("stage", ["read_lines", "train_model"])
def test_kill_of_the_job_at_its_very_start(place, reference, stage):
    outputs, _ = STAGES[stage]
    place.remove(*outputs)
    run = place.start(*outputs)
    os.kill(run.job(stage), signal.SIGKILL)
    assert run.code() == 1, run.text()
    assert_complete_or_absent(place, reference, outputs)
    place.plain(*outputs)
    assert_as_reference(place, reference, outputs)


# What a job records of its outputs, for `verify`


@pytest.mark.parametrize("stage", ["read_lines", "tokenize_splits"])
def test_kill_before_the_record_of_the_outputs_has_its_name(place, reference, stage):
    name = {"read_lines": "tiny", "tokenize_splits": "tiny/basic"}[stage]
    path = f"results/logs/{stage}/{name}.outputs.json"
    record = place.root / path
    record.write_text("an older record", encoding="utf-8")
    outputs, _ = STAGES[stage]
    place.remove(*outputs)
    run, job = place.pause(stage, *outputs, at=record.name)
    assert record.read_text(encoding="utf-8") == "an older record"
    os.kill(job, signal.SIGKILL)
    assert run.code() == 1, run.text()
    assert record.read_text(encoding="utf-8") == "an older record"
    place.plain(*outputs)
    made, expected = (json.loads(each.read_text()) for each in (record, reference / path))
    assert made | {"seconds": None} == expected | {"seconds": None}
    assert_as_reference(place, reference, outputs)


def test_a_run_without_faults_leaves_a_record_of_every_job_and_nothing_half_made(reference):
    logs = reference / "results" / "logs"
    recorded = {
        path.relative_to(logs).as_posix().removesuffix(".outputs.json")
        for path in logs.rglob("*.outputs.json")
    }
    logged = {path.relative_to(logs).with_suffix("").as_posix() for path in logs.rglob("*.log")}
    assert recorded == logged
    for folder in ("data", "results"):
        assert not list((reference / folder).rglob(".*.partial"))


# Terminals that go away, and a second run


@pytest.mark.parametrize("stage", ["split_lines", "train_model"])
def test_closed_pipe(place, reference, stage):
    # `snakemake ... | less` that is quit, or a terminal that is gone: the job ends all the same.
    outputs, moment = STAGES[stage]
    place.remove(*outputs)
    if stage == "train_model":
        place.remove(STORE)
        moment = "step 80"
    pipe = place.hook / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    # The job must not end with an error for that: Snakemake cannot print it, and waits for ever.
    prefix = f"unset PYTHONUNBUFFERED; exec > {pipe} 2>&1;"
    run, job = place.pause(stage, *outputs, at=moment, prefix=prefix)
    os.close(reader)
    place.release()
    poll(lambda: not is_running(job), "the job's end")
    run.code()  # so it does not hang and hold the lock of the folder
    assert_as_reference(place, reference, outputs)
    place.plain(*outputs)
    assert_as_reference(place, reference, outputs)


def test_two_runs_at_once(reference, place_of):
    place, elsewhere = place_of(reference), place_of(reference)
    place.remove(MODEL, STORE)
    first, _ = place.pause("train_model", TRAINED, at="seed_42")
    second = place.start(TRAINED)
    assert second.code() == 1
    named = lines_with(second.text(), f"process {first.process.pid} is already running this")
    assert len(named) == 1, second.text()
    assert "Traceback" not in second.text()
    place.plain("-n", TRAINED)
    elsewhere.remove(METRICS[1])
    elsewhere.plain(METRICS[1])
    assert_as_reference(elsewhere, reference, METRICS)
    # The first has waited all this time.
    assert first.process.poll() is None
    place.release()
    assert first.code() == 0, first.text()
    assert_trained_as_reference(place, reference)
