"""A stage logs, says what went wrong in one line, and records what it wrote."""

import errno
import json
import logging
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from snakemake.iocontainers import Namedlist

from whosaid.caching import atomic
from whosaid.caching.manifest import sha256
from whosaid.caching.output_records import param_digests
from whosaid.errors import InputError
from whosaid.jobs.resource_advice import resource_advice
from whosaid.jobs.stage import arguments, stage

# Logs a line once nobody reads it any more, which its standard input says by its end.
STAGE = """
import logging, sys
from types import SimpleNamespace
from whosaid.jobs.stage import stage
job = SimpleNamespace(rule="rule", log=["a.log"], input=[], output=[], params={}, wildcards={})
with stage(job):
    sys.stdin.read()
    logging.getLogger("whosaid").info("logged")
"""


@pytest.fixture
def job(tmp_path):
    """A job as Snakemake describes it, with one output."""
    root = logging.getLogger()
    before = root.handlers[:], root.level, logging.raiseExceptions
    yield SimpleNamespace(
        rule="split_lines",
        log=[str(tmp_path / "logs" / "plain.log")],
        input=[str(tmp_path / "in.txt"), str(tmp_path), ".snakemake/stamps/split_lines/stamp"],
        output=[str(tmp_path / "out.txt")],
        params={"settings": "{}"},
        wildcards={"variant": "plain"},
    )
    for handler in root.handlers:
        handler.close()
    root.handlers[:], root.level, logging.raiseExceptions = before


def log_of(job):
    with open(job.log[0], encoding="utf-8") as file:
        return file.read()


def record_of(job):
    path = job.log[0].replace(".log", ".outputs.json")
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def failure(job, error, capsys):
    """The lines that a stage with this error prints; it has no record and ends with code 1."""
    with pytest.raises(SystemExit) as ended, stage(job):
        raise error
    assert ended.value.code == 1
    assert record_of(job) is None
    return capsys.readouterr().err.splitlines()


def test_a_stage_logs_to_the_file_and_the_terminal_and_records_what_it_did(job, tmp_path, capsys):
    (tmp_path / "in.txt").write_text("rows")
    digest = sha256(tmp_path / "in.txt")
    with stage(job):
        (tmp_path / "in.txt").write_text("other rows")  # which this stage may not have read
        (tmp_path / "out.txt").write_text("done")
        logging.getLogger("whosaid.some").info("three rows")
    assert capsys.readouterr().err == "three rows\n"
    assert log_of(job).endswith(" three rows\n")
    record = record_of(job)
    assert 0 < record.pop("seconds") < 3600  # of this process, which is older than the job
    assert record == {
        "rule": "split_lines",
        "wildcards": {"variant": "plain"},
        "params": param_digests({"settings": "{}"}),
        "settings": {},
        "inputs": {job.input[0]: digest},
        "outputs": job.output,
        "files": {job.output[0]: sha256(tmp_path / "out.txt")},
        "sizes": {job.output[0]: len("done")},
    }


def test_an_expected_error_is_one_line_without_a_traceback(job, capsys):
    lines = failure(job, InputError("corpus.csv: no such file"), capsys)
    assert lines == ["split_lines plain: corpus.csv: no such file"]
    assert "Traceback" not in log_of(job)


def test_a_full_disk_is_one_line_with_advice(job, capsys):
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    [line] = failure(job, full, capsys)
    assert line.startswith("split_lines plain: the disk is full; free some space and run the same")
    assert "Traceback" not in log_of(job)


def test_the_traceback_of_an_unexpected_error_stands_in_the_log_only(job, capsys):
    lines = failure(job, KeyError("row"), capsys)
    assert lines == [
        f"split_lines plain: KeyError: 'row' (the traceback is in {job.log[0]})",
    ]
    assert "Traceback" in log_of(job) and "KeyError: 'row'" in log_of(job)


def test_a_stage_whose_run_has_ended_records_nothing(job, monkeypatch, tmp_path, capsys):
    (tmp_path / "out.txt").write_text("done")
    monkeypatch.setattr(atomic, "PARENT", -1)
    with pytest.raises(SystemExit), stage(job):
        pass
    assert "has ended; nothing is written" in capsys.readouterr().err
    assert record_of(job) is None


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
def test_a_stage_ends_well_though_nobody_reads_what_it_prints(tmp_path, unbuffered):
    """`snakemake | less` that was quit hung for ever, and held the lock of the folder.

    The stage had done its work, but Python could not write the last lines and ended with code 120.
    Snakemake could not print that error either, and so lost the job.
    """
    path = os.pathsep.join(sys.path)
    environment = os.environ | {"PYTHONPATH": path, "PYTHONUNBUFFERED": unbuffered}
    process = subprocess.Popen(
        [sys.executable, "-c", STAGE],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    process.stdout.close()
    process.stdin.close()
    assert process.wait() == 0
    assert (tmp_path / "a.log").read_text().endswith(" logged\n")


def files(*unnamed, **named):
    """Files of a job, as Snakemake gives them to scripts."""
    listed = Namedlist(unnamed)
    for name, paths in named.items():
        first, is_one = len(listed), isinstance(paths, str)
        listed.extend([paths] if is_one else paths)
        listed._set_name(name, first, None if is_one else len(listed))
    return listed


def a_job(settings=None, **outputs):
    """A job that reads two splits and a table, and needs a manifest but no data of NLTK."""
    params = {} if settings is None else {"settings": json.dumps(settings)}
    return SimpleNamespace(
        input=files("manifest.json", splits=["train", "test"], lines="lines", nltk_data=[]),
        output=files("stamp", **outputs),
        params=Namedlist(fromdict=params),
    )


def test_the_arguments_are_the_named_files_and_the_settings():
    found = arguments(a_job({"seed": 1, "limits": None}, table="table.md"))
    expected = {"splits": ["train", "test"], "lines": "lines", "table": "table.md"}
    assert found == {**expected, "seed": 1, "limits": None}
    assert type(found["splits"]) is list
    assert arguments(a_job()) == {"splits": ["train", "test"], "lines": "lines"}


@pytest.mark.parametrize("job", [a_job({"lines": 3}), a_job(lines="other")])
def test_two_arguments_of_one_name_are_an_error(job):
    with pytest.raises(TypeError, match="lines"):
        arguments(job)


def test_advice_is_found_behind_other_errors():
    try:
        try:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        except OSError as error:
            raise RuntimeError("cannot write") from error
    except RuntimeError as error:
        assert "read-only" in resource_advice(error)


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (MemoryError(), "there is not enough memory"),
        (RuntimeError("CUDA out of memory. Tried to allocate"), "there is not enough memory"),
        (
            RuntimeError("PytorchStreamWriter failed writing file"),
            "the disk is full",
        ),
        (PermissionError(errno.EACCES, "Permission denied"), "make it writable"),
    ],
)
def test_advice_is_found_by_number_and_by_text(error, advice):
    assert advice in resource_advice(error)


@pytest.mark.parametrize(
    ("stage", "advice"),
    [
        ("train_model", "use a smaller batch size"),
        ("evaluate_splits", "set a smaller statistics.resamples"),
        ("split_lines", "set a smaller resample.oversample_positives"),
    ],
)
def test_advice_about_memory_is_of_keys_that_the_stage_has(stage, advice):
    """Out of memory, the evaluation advised a smaller batch size, though it has no batches."""
    assert resource_advice(MemoryError(), stage).endswith(f"free some, or {advice}")
    assert resource_advice(MemoryError(), "read_lines").endswith("free some")


def test_other_errors_have_no_advice():
    assert resource_advice(ValueError("three rows")) is None
    assert resource_advice(None) is None
