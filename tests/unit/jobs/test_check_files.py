"""Runs start only where they may write, with no file of the future, and with what can be read."""

import os
import shlex
import subprocess
import time

import pytest

from whosaid.jobs.check_files import (
    check_new_lines,
    check_times,
    check_writable,
)


def test_a_folder_that_is_not_there_is_no_fault(tmp_path):
    check_writable(str(tmp_path), str(tmp_path / "results"))


def test_a_read_only_folder_ends_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(SystemExit, match=rf"{tmp_path} is read-only; make it writable"):
        check_writable(str(tmp_path))


def test_a_link_to_nowhere_ends_the_run(tmp_path):
    (tmp_path / "data").symlink_to(tmp_path / "gone")
    with pytest.raises(SystemExit, match=rf"{tmp_path}/data is a link to {tmp_path}/gone, which"):
        check_writable(str(tmp_path / "data"))


def test_files_of_now_and_of_long_ago_are_no_fault(tmp_path):
    for name in ("now", "old"):
        (tmp_path / name).touch()
    os.utime(tmp_path / "old", (0, 0))
    check_times(str(tmp_path), str(tmp_path / "now"), str(tmp_path / "nowhere"))


@pytest.mark.parametrize("late", [["a b.csv"], ["a b.csv", "it's/deep/down", "it's/.hidden"]])
def test_the_command_in_the_line_sets_files_of_the_future_to_now(tmp_path, late):
    folder = tmp_path / "it's"
    (folder / "deep").mkdir(parents=True)
    for name in ("a b.csv", "it's/deep/down", "it's/.hidden", "it's/past"):
        (tmp_path / name).touch()
    for name in late:
        os.utime(tmp_path / name, (time.time() + 3600,) * 2)
    paths = [str(tmp_path / "a b.csv"), str(folder), str(tmp_path / "nowhere")]
    with pytest.raises(
        SystemExit, match=r"a b\.csv: its modification time is in the future"
    ) as end:
        check_times(*paths)
    subprocess.run(shlex.split(str(end.value).partition("to now: ")[2]), check=True)
    check_times(*paths)


def test_of_a_link_its_own_time_counts_as_for_snakemake(tmp_path):
    (tmp_path / "target").touch()
    os.utime(tmp_path / "target", (time.time() + 3600,) * 2)
    (tmp_path / "link").symlink_to("target")
    check_times(str(tmp_path / "link"))


@pytest.mark.parametrize(
    ("path", "fault"),
    [("README.md", "README.md: the end of its name says no form; use .csv"), (".", "is a folder")],
)
def test_new_lines_of_no_known_form_end_the_run_before_it_starts(path, fault):
    """The job refused them, after the models had been trained."""
    with pytest.raises(SystemExit, match=rf"^new_lines.mine: .*{fault}"):
        check_new_lines("mine", path)
    check_new_lines("mine", "lost.csv.gz")
