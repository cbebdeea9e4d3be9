"""One run at a time in one folder, and only where it may write."""

import os
import subprocess
import sys

import pytest

from whosaid.jobs import run_lock
from whosaid.jobs.run_lock import check_writable, hold_run_lock

HOLD = """
import sys, time
from pathlib import Path
from whosaid.jobs.run_lock import hold_run_lock
hold_run_lock(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def held(monkeypatch):
    """The locks that this process holds; they are released at the end."""
    locks = []
    monkeypatch.setattr(run_lock, "_held", locks)
    yield locks
    for lock in locks:
        lock.release()


def test_a_second_run_is_told_which_one_is_the_first(tmp_path, held):
    path = tmp_path / ".snakemake" / "whosaid.lock"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout.readline() == "held\n"
        with pytest.raises(SystemExit, match=f"process {first.pid} is already running this"):
            hold_run_lock(path)
        first.kill()
    # The lock goes with the process; its file stays.
    assert path.exists()
    hold_run_lock(path)
    assert path.read_text() == f"process {os.getpid()}"
    assert len(held) == 1


def test_a_folder_that_is_not_there_is_no_fault(tmp_path):
    check_writable(str(tmp_path), str(tmp_path / "results"))


def test_a_read_only_folder_ends_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(SystemExit, match=rf"{tmp_path} is read-only; make it writable"):
        check_writable(str(tmp_path))
