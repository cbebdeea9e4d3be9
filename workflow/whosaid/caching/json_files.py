"""JSON files, written atomically. NaN in memory is null in a file."""

import json
import math
from pathlib import Path
from typing import Any

from whosaid.caching.atomic import atomic_write


def read_json(path: str | Path) -> Any:
    """The content of a JSON file."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def write_json(path: str | Path, value: Any, even_orphaned: bool = False) -> None:
    """Write `value` to `path` as readable JSON, with null for NaN; see `atomic_write`."""
    with atomic_write(path, even_orphaned) as partial:
        partial.write_text(json_text(value), encoding="utf-8")


def json_text(value: Any) -> str:
    """`value` as readable JSON, with null for NaN."""
    return json.dumps(_nan_to_null(value), indent=2, ensure_ascii=False) + "\n"


def _nan_to_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _nan_to_null(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_nan_to_null(inner) for inner in value]
    return None if isinstance(value, float) and math.isnan(value) else value
