"""A job's record decides whether its stamp is newer than its outputs."""

import os
from pathlib import Path

import pytest

from whosaid.caching import stamps
from whosaid.caching.output_records import input_digests, record_of, write_output_record
from whosaid.caching.stamps import Stamps, changes_of

PARAMS = {"settings": '{"seed": 1}', "code": "{}"}
LOG = "logs/split/a.log"
TRAIN, TABLE = "splits/a/train.txt", "tables/a"


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """A folder with a finished job: a file and a folder made of `lines.txt`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lines.txt").write_text("lines")
    (tmp_path / TRAIN).parent.mkdir(parents=True)
    (tmp_path / TRAIN).write_text("rows")
    (tmp_path / TABLE).mkdir(parents=True)
    (tmp_path / TABLE / "cells").write_text("12")
    record("split", LOG)
    return tmp_path


def record(rule, log, outputs=(TRAIN, TABLE), params=PARAMS):
    inputs = input_digests(["lines.txt", TABLE, "no such file"])
    write_output_record(Path(log), rule, {"variant": "a"}, params, inputs, list(outputs), 1.0)


def stamp(params=PARAMS, rule="split", log=LOG, outputs=(TRAIN, TABLE)):
    """The path of the job's stamp, as a new run gives it its time."""
    stamps.digest_now.cache_clear()
    return Stamps("logs").stamp(rule, {"variant": "a"}, params, log, list(outputs))


def is_stale(path):
    """Whether the stamp is newer than every output. If it is not, it is older."""
    times = {os.path.getmtime(output) for output in (TRAIN, TABLE) if os.path.exists(output)}
    is_newer = os.path.getmtime(path) > max(times, default=0)
    assert is_newer or os.path.getmtime(path) < min(times)
    return is_newer


def test_a_job_as_it_was_recorded_is_not_stale_and_nothing_is_said(capsys):
    assert not is_stale(stamp())
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda: os.unlink(TRAIN), f"{TRAIN} is missing"),
        (lambda: os.unlink(f"{TABLE}/cells"), f"{TABLE}/cells is missing"),
        (lambda: os.truncate(TRAIN, 3), f"{TRAIN} has 3 bytes instead of 4"),
        (lambda: os.truncate(f"{TABLE}/cells", 0), f"{TABLE}/cells has 0 bytes instead of 2"),
        (
            lambda: open("lines.txt", "a").close() or os.truncate("lines.txt", 1),
            "lines.txt changed",
        ),
    ],
)
def test_what_is_lost_cut_short_or_made_of_something_else_is_stale(change, reason, capsys):
    change()
    assert is_stale(stamp())
    assert capsys.readouterr().err == f"split a is stale: {reason}\n"


def test_another_param_is_named(capsys):
    assert is_stale(stamp({**PARAMS, "code": "other"}))
    assert capsys.readouterr().err == "split a is stale: its code changed\n"


def test_other_settings_are_named_with_their_values_then_and_now(capsys):
    assert is_stale(stamp({**PARAMS, "settings": '{"seed": 2, "by": "scene"}'}))
    said = 'by null -> "scene", seed 1 -> 2'
    assert capsys.readouterr().err == f"split a is stale: its settings changed: {said}\n"
    assert changes_of({"split": {"by": 1, "of": 2}}, {"split": {"by": 3, "of": 2}}) == (
        ": split.by 1 -> 3"
    )


def test_three_of_many_changes_are_named():
    old, new = dict.fromkeys("abcde", 0), dict.fromkeys("abcde", 1)
    assert changes_of(old, new) == ": a 0 -> 1, b 0 -> 1, c 0 -> 1, 2 more"
    assert changes_of(old, old) == ""


def test_a_param_more_or_less_is_another():
    assert is_stale(stamp({**PARAMS, "csv_digest": "0"}))
    assert is_stale(stamp({"settings": PARAMS["settings"]}))


def test_settings_changed_back_are_not_stale():
    """A dry run with other settings leaves no trace."""
    assert is_stale(stamp({**PARAMS, "settings": "[]"}))
    assert not is_stale(stamp())


def test_a_stamp_is_never_as_it_was_when_it_was_stale_before():
    # Snakemake takes a newer file with the content that it knows for unchanged.
    texts = set()
    for _ in range(2):
        with open(stamp({**PARAMS, "settings": "[]"}), encoding="utf-8") as file:
            texts.add(file.read())
    assert len(texts) == 2


def test_other_times_and_equal_content_are_not_stale():
    for path in ("lines.txt", TRAIN, f"{TABLE}/cells"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    assert not is_stale(stamp())


def test_a_job_that_never_ran_is_stale_without_a_word(capsys):
    assert is_stale(stamp(log="logs/split/b.log", outputs=["splits/b/train.txt"]))
    assert capsys.readouterr().err == ""


def test_what_no_record_speaks_of_is_said_once(capsys):
    record_of(LOG).unlink()
    asked = Stamps("logs")
    for variant in ("a", "b"):
        path = asked.stamp("split", {"variant": variant}, PARAMS, LOG, [TRAIN, TABLE])
        assert not is_stale(path)
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert said[0].startswith("split a (and perhaps others) left no record in logs/split/a.outputs")
    assert "`snakemake --cores 1 --forceall`" in said[0]
    os.unlink(TRAIN)
    assert is_stale(stamp())


def test_what_another_rule_made_is_stale(project, capsys):
    """An encoder may come from the hub after one of that name was built here, and then be built."""
    assert is_stale(stamp(rule="fetch", log="logs/fetch/a.log"))
    assert f"{TRAIN} was made by another rule" in capsys.readouterr().err
    (project / TRAIN).write_text("mine")  # of the same size
    record("fetch", "logs/fetch/a.log")
    assert not is_stale(stamp(rule="fetch", log="logs/fetch/a.log"))
    assert is_stale(stamp())
    assert f"split a is stale: {TRAIN} was made by another rule" in capsys.readouterr().err
