"""Undefined numbers: not a number in the computations, null in the files."""

import math
from typing import Any


def nan_to_null(value: Any) -> Any:
    """`value` with None for what is not a number, at every depth of mappings and lists."""
    if isinstance(value, dict):
        return {key: nan_to_null(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [nan_to_null(inner) for inner in value]
    return None if isinstance(value, float) and math.isnan(value) else value
