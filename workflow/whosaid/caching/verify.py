"""Finds outputs of the current experiment that were changed or lost since their jobs ended."""

import logging
from collections.abc import Iterable
from pathlib import Path

from whosaid.caching.manifest import find_damage
from whosaid.caching.output_records import read_output_records

logger = logging.getLogger(__name__)


def damaged_outputs(logs: Path, expected: Iterable[str]) -> tuple[list[str], list[str]]:
    """All outputs of each job that has a lost or changed file, and outputs without a record.

    Checks the jobs that have an output among `expected`; the records are below `logs`. Logs each
    fault and the number of checked files.
    """
    expected = set(expected)
    records = [record for record in read_output_records(logs) if expected & {*record["outputs"]}]
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
