"""What jobs wrote is compared with their records."""

import shutil

import pytest
import verify

from whosaid.caching.json_files import read_json
from whosaid.caching.output_records import SUFFIX, damaged_outputs, write_output_record
from whosaid.errors import InputError


@pytest.fixture
def outputs(tmp_path, monkeypatch):
    """A file and a folder with their records; the outputs are given as Snakemake names them."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights").write_text("1")
    (tmp_path / "model" / ".snakemake_timestamp").write_text("")
    (tmp_path / "table.txt").write_text("rows")
    logs = tmp_path / "logs"
    write_output_record(
        logs / "train.log",
        "train_model",
        {"experiment": "toy", "seed": "1"},
        {},
        {},
        ["model"],
        1.0,
    )
    write_output_record(
        logs / "deep" / "split.log", "split", {"experiment": "toy"}, {}, {}, ["table.txt"], 1.0
    )
    return tmp_path


def damage(outputs, expected=("model", "table.txt")):
    return damaged_outputs(outputs / "logs", expected, "toy")


def test_what_is_as_it_was_written_is_neither_damaged_nor_unrecorded(outputs):
    assert damage(outputs) == ([], [])
    verify.main("toy", ["model", "table.txt"], "logs", repair=False)


def test_a_record_lists_every_file_of_a_folder_but_snakemakes_own(outputs):
    records = map(read_json, outputs.rglob(f"*{SUFFIX}"))
    files = {record["rule"]: set(record["files"]) for record in records}
    assert files == {"train_model": {"model/weights"}, "split": {"table.txt"}}


@pytest.mark.parametrize("text", [None, "2"])
def test_a_lost_or_changed_file_damages_its_output(text, outputs, caplog):
    (outputs / "model" / "weights").unlink()
    if text is not None:
        (outputs / "model" / "weights").write_text(text)
    assert damage(outputs) == (["model"], [])
    said = "is missing" if text is None else "was changed or cut short"
    assert f"model/weights {said}" in caplog.messages
    # Nobody asks for it.
    assert damage(outputs, ["table.txt"]) == ([], [])


def test_damage_is_an_error_until_it_is_repaired(outputs):
    (outputs / "model" / "weights").write_text("2")
    (outputs / "table.txt").unlink()
    with pytest.raises(InputError, match="2 outputs are damaged"):
        verify.main("toy", ["model", "table.txt"], "logs", repair=False)
    assert (outputs / "model").exists()
    verify.main("toy", ["model", "table.txt"], "logs", repair=True)
    assert not (outputs / "model").exists()


@pytest.mark.parametrize("repair", [False, True])
def test_an_output_without_a_record_is_an_error(repair, outputs):
    shutil.rmtree(outputs / "logs" / "deep")
    assert damage(outputs) == ([], ["table.txt"])
    with pytest.raises(InputError, match="1 outputs have no record in logs"):
        verify.main("toy", ["model", "table.txt"], "logs", repair=repair)
    assert (outputs / "table.txt").exists()


def test_an_output_that_was_never_made_is_no_fault(outputs):
    assert damage(outputs, ["model", "table.txt", "later.txt"]) == ([], [])


@pytest.mark.parametrize("repair", [False, True])
def test_outputs_are_not_called_complete_when_nothing_was_checked(repair, outputs):
    """Without the records `verify` once said that every output is whole, of a damaged split."""
    shutil.rmtree(outputs / "logs")
    (outputs / "table.txt").unlink()
    with pytest.raises(InputError, match="nothing was checked: logs holds no record"):
        verify.main("toy", ["table.txt"], "logs", repair=repair)


def test_a_record_that_cannot_be_read_is_none(outputs):
    (outputs / "logs" / "train.outputs.json").write_text('{"files": ')
    assert damage(outputs) == ([], ["model"])


def test_the_pages_of_another_experiment_are_none_of_this_one(outputs):
    """Of an experiment that was never made `verify` said that every output is complete."""
    with pytest.raises(InputError, match=r"nothing was checked: .* of the experiment never; if"):
        verify.main("never", ["table.txt"], "logs", repair=False)
