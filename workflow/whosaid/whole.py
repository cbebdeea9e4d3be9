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

    What an earlier, killed attempt left behind is removed first; after a failure nothing is left.
    """
    path = Path(path)
    partial = path.with_name(f".{path.name}.partial")
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove(partial)
    try:
        yield partial
        _remove(path)
        os.replace(partial, path)
    finally:
        _remove(partial)


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
