"""Checks before the first job: of the folders, and of what the user gives beside the corpus.

All end the run with SystemExit, since Snakemake prints a WorkflowError with its traceback.
"""

import os
import shlex
import time
from collections.abc import Iterator
from pathlib import Path

from whosaid.config.corpus_files import ending_of


def check_writable(*folders: str) -> None:
    """End the run if one of the folders exists and cannot be written to, or is a broken link."""
    for folder in folders:
        if os.path.islink(folder) and not os.path.exists(folder):
            raise SystemExit(
                f"{folder} is a link to {os.path.realpath(folder)}, which does not exist; make "
                "that folder, or remove the link"
            )
    for folder in filter(os.path.isdir, folders):
        if not os.access(folder, os.W_OK | os.X_OK):
            raise SystemExit(
                f"{Path(folder).absolute()} is read-only; make it writable and run again"
            )


def check_new_lines(name: str, path: str) -> None:
    """End the run if the file under this name of `new_lines` is a folder, or of no known form.

    Snakemake itself says that it is missing.
    """
    fault = f"{path}: this is a folder; name a file" if os.path.isdir(path) else None
    try:
        ending_of(Path(path))
    except ValueError as error:
        fault = fault or str(error)
    if fault:
        raise SystemExit(f"new_lines.{name}: {fault}")


def check_times(*paths: str) -> None:
    """End the run if a file, or a file below a folder, has a modification time in the future.

    Such a file was unpacked from another time zone, say. A job that reads it ends with outputs that
    are older than their input: Snakemake takes the job for failed and deletes them, in every run.
    """
    now = time.time()
    late = [file for path in paths for file in _files(path) if os.lstat(file).st_mtime > now]
    if not late:
        return
    others = ""
    remedy = f"touch {shlex.quote(late[0])}"
    if len(late) > 1:
        others = f", like that of {len(late) - 1} others"
        remedy = f"find {shlex.join(filter(os.path.exists, paths))} -exec touch {{}} +"
    raise SystemExit(
        f"{late[0]}: its modification time is in the future{others}; set it to now: {remedy}"
    )


def _files(path: str) -> Iterator[str]:
    if os.path.isfile(path):
        yield path
    for folder, _, names in os.walk(path):
        yield from (os.path.join(folder, name) for name in names)
