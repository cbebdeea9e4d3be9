"""The groups of lines that a split can keep together, and the group of each row."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

UNITS = ("row", "scene", "episode")
"""The units from the smallest to the largest. A corpus may lack scenes or episodes."""


def unit_columns(schema: pa.Schema) -> dict[str, list[str]]:
    """The columns that identify each unit of the lines with this schema, without what they lack.

    Scenes that are numbers, as in the published form, are counted through the whole script; any
    other scene is one of its episode and season.
    """
    has = [name for name in ("season", "episode", "scene") if name in schema.names]
    units = {"row": ["row"]}
    if "scene" in has:
        units["scene"] = ["scene"] if pa.types.is_integer(schema.field("scene").type) else has
    if "episode" in has:
        units["episode"] = [name for name in has if name != "scene"]
    return units


def read_units(lines: str) -> pd.DataFrame:
    """A number for the unit of each line: a column for each unit there is, by the line's number.

    `lines` is the path of `lines.parquet`.
    """
    units = unit_columns(pq.read_schema(lines))
    columns = sorted({column for unit in units.values() for column in unit})
    corpus = pd.read_parquet(lines, columns=columns)
    numbers = {unit: corpus.groupby(by).ngroup() for unit, by in units.items()}
    return pd.DataFrame(numbers).set_axis(corpus["row"])


def units_of(units: pd.DataFrame, unit: str, rows: np.ndarray) -> np.ndarray:
    """The number of the `unit` of each of the `rows`. Raises KeyError if the corpus lacks one."""
    return units[unit].loc[rows].to_numpy()
