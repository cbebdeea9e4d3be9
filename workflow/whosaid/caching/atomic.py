"""Atomic writes: an output appears complete, or it does not appear."""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from whosaid.errors import InterruptedStageError

HOST = socket.gethostname()
PARENT = os.getppid()


def check_not_orphaned() -> None:
    """Raise InterruptedStageError if the run that started this process has ended.

    A job of a killed run keeps running, with settings that the config may no longer have. It must
    not replace the outputs of a later run.
    """
    if os.getppid() != PARENT:
        raise InterruptedStageError("the run that started this job has ended; nothing is written")


@contextmanager
def atomic_write(path: str | Path, even_orphaned: bool = False) -> Iterator[Path]:
    """Yield a temporary sibling of `path`, for a file or a folder; rename it to `path` on success.

    Temporary files of killed processes on this machine are removed first. A failure leaves no
    file behind. Unless `even_orphaned`, raises InterruptedStageError instead of renaming if the run
    that started this process has ended.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    stem = f".{path.name}.{HOST}"
    for leftover in path.parent.glob(f"{stem}.*.partial"):
        import psutil  # takes a fiftieth of a second, and is only needed after a kill

        if not psutil.pid_exists(int(leftover.name.split(".")[-2])):
            remove(leftover)
    # The name holds the process id: an orphan of a killed run may be writing the same output.
    partial = path.with_name(f"{stem}.{os.getpid()}.partial")
    remove(partial)
    try:
        yield partial
        if not even_orphaned:
            check_not_orphaned()
        if path.is_dir() or partial.is_dir():
            remove(path)  # os.replace cannot replace a folder that is not empty
        os.replace(partial, path)
    finally:
        remove(partial)


def remove(path: Path) -> None:
    """Delete a file, a link or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
