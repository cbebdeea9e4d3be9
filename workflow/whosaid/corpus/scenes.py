"""Finds the scenes that a script marks only by the order of its rows."""

from typing import Literal, assert_never

import pandas as pd

from whosaid.corpus.fields import is_blank_text
from whosaid.corpus.read_files import Table


def find_scenes(
    table: Table, scenes: Literal["blank_rows", "stage_directions", "changes"], known: int
) -> tuple[pd.Series, pd.Series]:
    """The number of each row's scene, and which rows only mark one.

    The first scene of the file follows the `known` scenes of the files before it.
    `blank_rows`: after rows without any cell filled; `stage_directions`: after rows without a
    speaker; `changes`: where the scene's value is not that of the row before.
    """
    cells = table.cells
    match scenes:
        case "blank_rows":
            is_mark = table.is_blank
        case "stage_directions":
            is_mark = is_blank_text(cells["speaker"])
        case "changes":
            is_mark = pd.Series(False, cells.index)
            starts = cells["scene"] != cells["scene"].shift()
        case _:
            assert_never(scenes)
    if scenes != "changes":
        starts = is_mark.shift(fill_value=True) & ~is_mark
    return known + starts.cumsum(), is_mark
