"""Outputs that appear whole or not at all."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole(path: str | Path) -> Iterator[Path]:
    """Yield a sibling path to write a file or folder to; rename it to `path` on success.

    What killed attempts left behind is removed first; after a failure nothing is left.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    for leftover in path.parent.glob(f".{path.name}.*.partial"):
        if not _is_alive(int(leftover.name.split(".")[-2])):
            _remove(leftover)
    # Named by the process: an orphan of a killed run may still be writing the same output.
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    _remove(partial)
    try:
        yield partial
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


def write_json(path: str | Path, value: object) -> None:
    """Write `value` to `path` as readable JSON, whole or not at all."""
    with whole(path) as partial:
        text = json.dumps(value, indent=2, ensure_ascii=False)
        partial.write_text(text + "\n", encoding="utf-8")
