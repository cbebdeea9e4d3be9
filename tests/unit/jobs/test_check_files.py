"""A run begins only where it may write, and with files that are not dated in the future."""

import os
import subprocess
import time

import pytest

from whosaid.jobs.check_files import check_times, check_writable


def test_a_folder_that_is_not_there_is_no_fault(tmp_path):
    check_writable(str(tmp_path), str(tmp_path / "results"))


def test_a_read_only_folder_ends_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(SystemExit, match=rf"{tmp_path} is read-only; make it writable"):
        check_writable(str(tmp_path))


def test_files_of_the_past_and_missing_ones_are_no_fault(tmp_path):
    (tmp_path / "script.csv").touch()
    check_times(str(tmp_path / "script.csv"), str(tmp_path), str(tmp_path / "nowhere"))


@pytest.mark.parametrize("count", [1, 2])
def test_files_dated_in_the_future_end_the_run_with_the_command_that_mends_them(tmp_path, count):
    """A CSV from another time zone lost the job's output in every run, until it was touched."""
    folder = tmp_path / "an encoder"
    folder.mkdir()
    paths = [folder / f"file{number}" for number in range(count)]
    for path in paths:
        path.touch()
        os.utime(path, (time.time() + 7200,) * 2)
    with pytest.raises(SystemExit) as ended:
        check_times(str(folder))
    message = str(ended.value)
    assert "modified in the future" in message
    assert "\n" not in message
    subprocess.run(message.partition("type: ")[2], shell=True, check=True)
    check_times(str(folder))
