"""One run at a time in one folder."""

import os
import subprocess
import sys

import pytest

from whosaid.jobs import run_lock
from whosaid.jobs.run_lock import hold_run_lock

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
