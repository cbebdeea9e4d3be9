"""Outputs that appear whole or not at all."""

import json
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

    A job of a killed run goes on, with settings that may no longer be those of the config: it must
    not put its outputs in the place of a later run's.
    """
    if os.getppid() != PARENT:
        raise InterruptedStageError("the run that started this job has ended; nothing is written")


@contextmanager
def whole(path: str | Path, even_orphaned: bool = False) -> Iterator[Path]:
    """Yield a sibling path to write a file or folder to; rename it to `path` on success.

    What killed attempts on this machine left behind is removed first; after a failure nothing is
    left. Raises InterruptedStageError instead of the renaming if the run that started the process
    has ended, unless `even_orphaned`.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    stem = f".{path.name}.{HOST}"
    for leftover in path.parent.glob(f"{stem}.*.partial"):
        if not _is_alive(int(leftover.name.split(".")[-2])):
            _remove(leftover)
    # Named by the process: an orphan of a killed run may still be writing the same output.
    partial = path.with_name(f"{stem}.{os.getpid()}.partial")
    _remove(partial)
    try:
        yield partial
        if not even_orphaned:
            check_not_orphaned()
        _remove(path)
        os.replace(partial, path)
    finally:
        _remove(partial)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_json(path: str | Path, value: object, even_orphaned: bool = False) -> None:
    """Write `value` to `path` as readable JSON, in the way of `whole`."""
    with whole(path, even_orphaned) as partial:
        text = json.dumps(value, indent=2, ensure_ascii=False)
        partial.write_text(text + "\n", encoding="utf-8")
