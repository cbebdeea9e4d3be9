"""Keeps the outputs of each job as second links, and puts them back if a later attempt fails.

Snakemake deletes the outputs of a job before it starts it, and again if it fails. Outputs are never
written to in place, so a second link costs no space until they are replaced.
"""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from whosaid.caching.atomic import remove
from whosaid.caching.output_records import record_failed_attempt

FOLDER = ".earlier"


def kept_as(output: str) -> Path:
    """The second link of an output: in the experiment's folder, so that it is deleted with it."""
    parts = Path(output).parts
    depth = min(2, len(parts) - 1)
    return Path(*parts[:depth], FOLDER, *parts[depth:])


def keep_outputs(outputs: Iterable[str]) -> None:
    """Replace what is kept of a job's `outputs`; copies where the file system has no links."""
    # Sorted, a folder comes before the files in it that are outputs too.
    for output in sorted(outputs):
        source, kept = Path(output), kept_as(output)
        remove(kept)
        kept.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, kept, copy_function=_link)
        else:
            _link(source, kept)


def delete_output(output: str) -> None:
    """Delete an output for good: it is not put back after a failure."""
    remove(Path(output))
    remove(kept_as(output))


def files_to_protect(*folders: str) -> dict[Path, Path]:
    """All kept files whose output exists, by the output's path, in these folders."""
    places = [place for folder in folders for place in (Path(folder), *Path(folder).glob("*"))]
    kept = [file for place in places for file in (place / FOLDER).rglob("*") if file.is_file()]
    originals = {_output_of(file): file for file in kept}
    return {path: file for path, file in originals.items() if path.is_file()}


def restore_outputs(files: dict[Path, Path], logs: str) -> None:
    """Put back what has been lost of the files that `files_to_protect` found before the run.

    Their jobs stay stale: that is noted in the records below `logs`, before anything is put back.
    """
    lost = {path: kept for path, kept in files.items() if kept.is_file() and not path.exists()}
    record_failed_attempt(logs, map(str, lost))
    for path, kept in lost.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        _link(kept, path)


def _output_of(kept: Path) -> Path:
    return Path(*(part for part in kept.parts if part != FOLDER))


def _link(source: str | Path, target: str | Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # no links on this file system
        shutil.copy2(source, target)
