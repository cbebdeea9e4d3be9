"""The groups of lines that a split can keep together, and the group of each row."""

import numpy as np
import pandas as pd

UNITS = {"row": ["row"], "scene": ["scene"], "episode": ["season", "episode"]}
"""The columns that identify the unit of a line, from the smallest unit to the largest."""


def read_units(lines: str) -> pd.DataFrame:
    """A number for the unit of each line: a column for each of UNITS, by the line's number.

    `lines` is the path of `lines.parquet`.
    """
    columns = sorted({column for unit in UNITS.values() for column in unit})
    corpus = pd.read_parquet(lines, columns=columns)
    numbers = {unit: corpus.groupby(by).ngroup() for unit, by in UNITS.items()}
    return pd.DataFrame(numbers).set_axis(corpus["row"])


def units_of(units: pd.DataFrame, unit: str, rows: np.ndarray) -> np.ndarray:
    """The number of the `unit` of each of the `rows`. Raises KeyError if the corpus lacks one."""
    return units[unit].loc[rows].to_numpy()
