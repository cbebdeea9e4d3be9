"""The fields of the corpus: their types, and the checks of their values."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from whosaid.config.column_names import FIELDS, PUBLISHED_HEADERS
from whosaid.errors import InputError

INTEGERS = {"row": "int64", "season": "int16", "episode": "int16", "scene": "int32"}
"""The whole numbers of the published form. In any other form only `row` is one."""

NEVER_EMPTY = ("speaker", "line")
PUBLISHED = {"row": "", **{name: name for name in PUBLISHED_HEADERS}}
"""The columns of the published form and their headers."""


def headers_of(columns: Mapping | None) -> dict[str, str]:
    """The header of each column by its name here; `columns` is the section of the config."""
    if columns is None:
        return PUBLISHED
    given = {name: columns[name] for name in FIELDS if columns[name] is not None}
    return given | columns["extra"]


def schema_of(names: list[str], is_published: bool) -> pa.Schema:
    """The types of the lines as they are stored, in the order of the `names`."""
    integers = INTEGERS if is_published else {"row": INTEGERS["row"]}
    return pa.schema([(name, integers.get(name, "string")) for name in names])


def has_speaker_and_line(cells: pd.DataFrame) -> pd.Series:
    """Which rows have both a speaker and a line."""
    return ~is_blank_text(cells["speaker"]) & ~is_blank_text(cells["line"])


def typed(cells: pd.DataFrame, path: Path, is_published: bool, first_row: str) -> pd.DataFrame:
    """The cells with their types. `first_row` says how rows are counted.

    No text means a missing value, since a line may be "None" or "NA". Raises InputError with one
    line if cells are empty, not whole numbers, or (in the index) doubled: it names every faulty
    column, its number of faulty rows, the first row and its value.
    """
    integers = INTEGERS if is_published else {"row": INTEGERS["row"]}
    faults, advice = [], "correct or remove these rows"
    for name in cells.columns:
        if name in integers:
            is_fit, numbers = to_integers(cells[name], integers[name])
            faults += describe_fault(cells[name], ~is_fit, f"{{!r}} is not an {integers[name]}")
            if name == "row":
                is_doubled = is_fit & cells[name].duplicated(keep=False)
                faults += describe_fault(cells[name], is_doubled, "{} stands twice or more")
            elif not is_fit.any():
                advice = (
                    "if the whole column is of this form, map the columns under corpus.columns, "
                    "where season, episode and scene may be any text"
                )
            cells = cells.assign(**{name: numbers})
        elif name in NEVER_EMPTY:
            faults += describe_fault(cells[name], is_blank_text(cells[name]), "is empty")
    if faults:
        if any(" is empty in" in fault for fault in faults):
            advice += ", or set corpus.rows_without_speaker_or_line to drop"
        raise InputError(f"{path}: {'; '.join(faults)}{first_row}; {advice}")
    return cells


def is_blank_text(texts: pd.Series) -> pd.Series:
    """Which texts are empty or white space only."""
    return (texts == "") | texts.str.isspace()


def to_integers(texts: pd.Series, dtype: str) -> tuple[pd.Series, pd.Series]:
    """Which texts are whole numbers that fit a `dtype`, and the numbers (0 for any other text).

    A whole number is written as a program writes it: ASCII digits, no leading zero, plus or blank.
    """
    is_plain = texts.str.fullmatch(r"0|-?[1-9][0-9]{0,18}")
    # As Python integers, since not every number of 19 digits fits into 64 bits.
    numbers = pd.Series(map(int, texts.where(is_plain, "0")), texts.index, dtype=object)
    limits = np.iinfo(dtype)
    is_fit = is_plain & numbers.between(limits.min, limits.max)
    return is_fit, numbers.where(is_fit, 0).astype(dtype)


def describe_fault(texts: pd.Series, is_faulty: pd.Series, what: str) -> list[str]:
    """One sentence on the faulty cells of a column, or none; `what` is formatted with the first."""
    count = int(is_faulty.sum())
    if not count:
        return []
    first = int(np.argmax(is_faulty))
    name = "the index" if texts.name == "row" else texts.name
    rows = f"{count} row{'s' if count > 1 else ''}"
    return [f"{name} {what.format(texts.iloc[first])} in {rows}, first in row {texts.index[first]}"]


def empty_columns(lines: pd.DataFrame) -> list[str]:
    """The columns of text that hold nothing in any row."""
    texts = [name for name in lines.columns if not pd.api.types.is_integer_dtype(lines[name])]
    return [name for name in texts if not lines[name].str.strip().any()]
