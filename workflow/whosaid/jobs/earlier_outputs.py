"""Keeps the outputs of each job as second links, and puts them back if a later attempt fails.

Snakemake deletes the outputs of a job before it starts it, and again if it fails. Outputs are never
written to in place, so a second link costs no space until they are replaced. A run that is killed
puts nothing back: it leaves the list of what it had to protect, and the next run does it.
"""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from whosaid.caching.atomic import remove
from whosaid.caching.json_files import read_json, write_json
from whosaid.caching.output_records import record_failed_attempt
from whosaid.jobs.resource_advice import resource_advice

FOLDER = ".earlier"
PROTECTED = Path(".snakemake/protected_outputs.json")
"""Kept files by the paths of their outputs. It is there while a run is, or after one was killed."""


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


def protect_outputs(*folders: str) -> None:
    """List all kept files in these folders whose output exists, for `restore_outputs`.

    Ends the run by SystemExit if the list cannot be written.
    """
    places = [place for folder in folders for place in (Path(folder), *Path(folder).glob("*"))]
    kept = [file for place in places for file in (place / FOLDER).rglob("*") if file.is_file()]
    originals = {str(_output_of(file)): str(file) for file in kept}
    files = {path: file for path, file in originals.items() if os.path.isfile(path)}
    try:
        write_json(PROTECTED, files, even_orphaned=True)
    except OSError as error:
        advice = resource_advice(error) or "make room for it"
        raise SystemExit(f"{PROTECTED}: {advice} and run again ({error})") from None


def restore_outputs(logs: str) -> None:
    """Put back what has been lost of the listed files, at the end of a run or after a killed one.

    Their jobs stay stale: that is noted in the records below `logs`, before anything is put back.
    What has no record stays away, or the next run would take it for new.
    """
    try:
        files = read_json(PROTECTED).items()
    except (OSError, ValueError):  # no list, or one that a power loss cut short
        return
    lost = {path: file for path, file in files if os.path.isfile(file) and not os.path.exists(path)}
    for path in sorted(record_failed_attempt(logs, lost)):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        _link(lost[path], path)
    forget_protected()


def forget_protected() -> None:
    """Delete the list, when there is nothing to put back."""
    PROTECTED.unlink(missing_ok=True)


def _output_of(kept: Path) -> Path:
    return Path(*(part for part in kept.parts if part != FOLDER))


def _link(source: str | Path, target: str | Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # no links on this file system
        shutil.copy2(source, target)
