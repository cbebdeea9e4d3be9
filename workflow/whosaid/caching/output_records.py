"""Records of the outputs of each job, a SHA-256 for each file, and the check against them."""

import logging
from collections.abc import Iterable
from pathlib import Path

from whosaid.caching.json_files import read_json, write_json
from whosaid.caching.manifest import find_damage, sha256

logger = logging.getLogger(__name__)

SUFFIX = ".outputs.json"


def files_below(path: Path) -> list[Path]:
    """The file itself, or all files below a folder except Snakemake's own time stamp."""
    if path.is_dir():
        files = (file for file in sorted(path.rglob("*")) if file.is_file())
        return [file for file in files if file.name != ".snakemake_timestamp"]
    return [path]


def write_output_record(
    log: Path, rule: str, wildcards: dict[str, str], outputs: list[str]
) -> None:
    """Write the SHA-256 of each file of a job's `outputs` beside its `log`."""
    files = {str(file): sha256(file) for output in outputs for file in files_below(Path(output))}
    record = {"rule": rule, "wildcards": wildcards, "outputs": outputs, "files": files}
    write_json(log.with_suffix(SUFFIX), record)


def damaged_outputs(logs: Path, expected: Iterable[str]) -> tuple[list[str], list[str]]:
    """All outputs of each job that has a lost or changed file, and outputs without a record.

    Checks the jobs that have an output among `expected`; the records are below `logs`. Logs each
    fault and the number of checked files.
    """
    expected = set(expected)
    records = [read_json(path) for path in sorted(logs.rglob(f"*{SUFFIX}"))]
    records = [record for record in records if expected & {*record["outputs"]}]
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
