"""Records of what each job made, and of what, and the check of all outputs against them.

A record is a JSON file beside the job's log. It holds the SHA-256 and the size of every output
file, the SHA-256 of every input file, a digest of each param, such as settings and code, and how
many seconds the job took.
"""

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from whosaid.caching.json_files import read_json, write_json
from whosaid.caching.manifest import find_damage, sha256
from whosaid.errors import InputError

logger = logging.getLogger(__name__)

SUFFIX = ".outputs.json"


def files_below(path: Path) -> list[Path]:
    """The file itself, or all files below a folder except Snakemake's own time stamp."""
    if path.is_dir():
        files = (file for file in sorted(path.rglob("*")) if file.is_file())
        return [file for file in files if file.name != ".snakemake_timestamp"]
    return [path]


def input_digests(inputs: Iterable[str]) -> dict[str, str]:
    """The SHA-256 of each of the `inputs` that is a file. Of a folder the manifest is an input."""
    return {path: sha256(Path(path)) for path in inputs if Path(path).is_file()}


def param_digests(params: Mapping[str, Any]) -> dict[str, str]:
    """16 hexadecimal digits for each param of a job; the values are JSON values."""
    texts = {name: json.dumps(value, sort_keys=True) for name, value in params.items()}
    return {name: hashlib.sha256(text.encode()).hexdigest()[:16] for name, text in texts.items()}


def record_of(log: str | Path) -> Path:
    """Where the record of the job with this log is."""
    return Path(log).with_suffix(SUFFIX)


def write_output_record(
    log: Path,
    rule: str,
    wildcards: dict[str, str],
    params: Mapping[str, Any],
    inputs: dict[str, str],
    outputs: list[str],
    seconds: float,
) -> None:
    """Write the record of a job: `inputs` are digests by path, `outputs` paths to look at.

    The settings are also kept as they are, to say later what has changed.
    """
    files = {str(file): file for output in outputs for file in files_below(Path(output))}
    record = {
        "rule": rule,
        "wildcards": wildcards,
        "params": param_digests(params),
        "settings": json.loads(params.get("settings", "{}")),
        "seconds": round(seconds, 1),
        "inputs": inputs,
        "outputs": outputs,
        "files": {name: sha256(file) for name, file in files.items()},
        "sizes": {name: file.stat().st_size for name, file in files.items()},
    }
    write_json(record_of(log), record)


def read_records(logs: str | Path) -> dict[Path, dict[str, Any]]:
    """Every record below the folder `logs`, by its path; none that is damaged or of an old form."""
    records = {}
    for path in sorted(Path(logs).rglob(f"*{SUFFIX}")):
        with suppress(ValueError):
            record = read_json(path)
            if {"params", "sizes"} <= record.keys():
                records[path] = record
    return records


def record_failed_attempt(logs: str | Path, outputs: Iterable[str]) -> set[str]:
    """Note in the record of each job that made one of the `outputs` that it has failed since.

    An output may be a file in a folder. Returns the outputs that have a record.
    """
    places = {output: {output, *map(str, Path(output).parents)} for output in outputs}
    noted = set()
    for path, record in read_records(logs).items():
        made = {*record["outputs"], *record["files"]}
        of_job = {output for output, place in places.items() if place & made}
        if of_job:
            # A run in the background may have lost the shell that started it.
            write_json(path, record | {"has_failed_since": True}, even_orphaned=True)
        noted |= of_job
    return noted


def damaged_outputs(
    logs: str | Path, expected: Iterable[str], experiment: str
) -> tuple[list[str], list[str]]:
    """All outputs of each job that has a lost or changed file, and outputs without a record.

    Checks the jobs that have an output among `expected`; the records are below `logs`. Logs each
    fault and the number of checked files. Raises InputError if no record is of the `experiment`
    itself: the pages in `results` may be those of another one.
    """
    expected = set(expected)
    records = [each for each in read_records(logs).values() if expected & {*each["outputs"]}]
    if not any(each["wildcards"].get("experiment") == experiment for each in records):
        raise InputError(
            f"nothing was checked: {logs} holds no record of the experiment {experiment}; if it "
            "was made, `snakemake --cores 1 --forceall` with the same config makes it again"
        )
    damaged = []
    for record in records:
        faults = list(find_damage(Path(), record["files"]))
        for fault in faults:
            logger.warning(fault)
        if faults:
            damaged += record["outputs"]
    recorded = {output for record in records for output in record["outputs"]}
    unrecorded = sorted(path for path in expected - recorded if Path(path).exists())
    for path in unrecorded:
        logger.warning("%s has no record", path)
    files = sum(len(record["files"]) for record in records)
    logger.info("checked %d files of %d jobs", files, len(records))
    return damaged, unrecorded
