"""The key of a model stands for what shapes it, and one process at a time trains it."""

import os
import signal
import subprocess
import sys

import pytest

from whosaid.training.model_store import is_at_work, locked, training_key

SHAPING = {"code": "1", "tokenized": {"a": "1"}, "training": {"learning_rate": 0.1, "seed": 2}}


def test_a_key_is_32_hexadecimal_digits():
    assert len(training_key(**SHAPING)) == 32
    int(training_key(**SHAPING), 16)


def test_the_order_of_what_shapes_a_model_does_not_matter():
    reordered = {
        "training": {"seed": 2, "learning_rate": 0.1},
        "tokenized": {"a": "1"},
        "code": "1",
    }
    assert training_key(**SHAPING) == training_key(**reordered)


@pytest.mark.parametrize(
    "changed",
    [
        {"code": "2"},
        {"tokenized": {"a": "2"}},
        {"tokenized": {"b": "1"}},
        {"training": {"learning_rate": 2, "seed": 0.1}},
    ],
)
def test_another_value_is_another_model(changed):
    assert training_key(**SHAPING) != training_key(**SHAPING | changed)


HOLD = """
import sys, time
from pathlib import Path
from whosaid.training.model_store import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """A process that holds the lock of an entry, and the entry."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", HOLD, str(tmp_path / "entry")]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process, tmp_path / "entry"
        process.kill()


def test_an_entry_is_at_work_while_a_process_holds_its_lock(holder):
    process, entry = holder
    assert is_at_work(entry)
    process.send_signal(signal.SIGKILL)
    process.wait()
    # The lock goes with the process; its file stays.
    assert (entry / "lock").exists()
    assert not is_at_work(entry)


def test_a_second_process_says_that_it_waits_and_then_gets_the_lock(holder, caplog, monkeypatch):
    process, entry = holder
    caplog.set_level("INFO")
    wait = "another process trains this model: waiting for it"
    emit = caplog.handler.emit

    def end_the_first(record):
        emit(record)
        if wait in record.getMessage():
            process.kill()

    monkeypatch.setattr(caplog.handler, "emit", end_the_first)
    with locked(entry):
        assert is_at_work(entry)
    assert not is_at_work(entry)
    assert [record.getMessage() for record in caplog.records if wait in record.getMessage()]


def test_a_free_lock_is_taken_without_a_word(tmp_path, caplog):
    caplog.set_level("INFO")
    with locked(tmp_path / "entry"):
        assert (tmp_path / "entry" / "lock").exists()
    assert not [record for record in caplog.records if record.name.startswith("whosaid")]


def test_the_lock_goes_with_a_failure(tmp_path):
    with pytest.raises(KeyError), locked(tmp_path / "entry"):
        raise KeyError
    assert not is_at_work(tmp_path / "entry")


def test_an_interrupted_training_is_at_work(tmp_path):
    (tmp_path / "entry" / "checkpoints").mkdir(parents=True)
    assert is_at_work(tmp_path / "entry")
