"""The lock that allows one run at a time in a folder.

Snakemake's own locks, which the profile switches off, are files that outlive a killed run, and the
first of two runs to end deletes those of both. The operating system releases the lock here when the
process ends.
"""

import os
from pathlib import Path

from filelock import FileLock, Timeout

RUN_LOCK = Path(".snakemake/whosaid.lock")

_held: list[FileLock] = []


def hold_run_lock(path: Path = RUN_LOCK) -> None:
    """Lock the file `path` until the process ends.

    Ends the run by SystemExit if another process holds the lock or the file system has no locks.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path, fallback_to_soft=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        holder = path.read_text(encoding="utf-8").strip() or "another process"
        raise SystemExit(
            f"{holder} is already running this workflow in {Path.cwd()}; wait for it or stop it"
        ) from None
    except OSError as error:
        raise SystemExit(
            f"{path} cannot be locked ({error}); work in a folder on a file system with locks"
        ) from None
    path.write_text(f"process {os.getpid()}", encoding="utf-8")
    _held.append(lock)  # the lock is released when this object is deleted
