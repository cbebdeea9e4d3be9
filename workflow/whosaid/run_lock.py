"""One run at a time in one folder.

Snakemake's own locks are files that outlive a killed run and that the first of two runs to end
deletes for both; the profile switches them off. This one is held by the operating system and goes
with the process, however that ends.
"""

import fcntl
import os
from pathlib import Path
from typing import IO

RUN_LOCK = Path(".snakemake/whosaid.lock")

_held: list[IO[str]] = []


def hold_run_lock(path: Path = RUN_LOCK) -> None:
    """Lock the file `path` until the process ends.

    Ends the process with one line if another one holds it or the file system cannot lock.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip() or "another process"
        file.close()
        raise SystemExit(
            f"{holder} is already running this workflow in {Path.cwd()}; wait for it or stop it"
        ) from None
    except OSError as error:
        file.close()
        raise SystemExit(
            f"{path} cannot be locked ({error}); work in a folder on a file system that can"
        ) from None
    file.truncate(0)
    file.write(f"process {os.getpid()}")
    file.flush()
    _held.append(file)  # closing the file would let the lock go
