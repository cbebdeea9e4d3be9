"""Reads CSV and other files whose cells stand between separators.

pandas would let an unclosed quote swallow the rows below it, and would fill up a short row. So the
strict reader of the standard library checks the form, and pandas reads the cells.
"""

import csv
import io
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NamedTuple, TextIO

import pandas as pd

from whosaid.corpus.file_kinds import wrong_encoding
from whosaid.corpus.headers import check_header, fits, fitted, other_separator
from whosaid.errors import InputError

MAX_CELL_BYTES = 64 * 2**20
"""A longer cell counts as an unclosed quote; a line of a script has a few kilobytes."""

CHUNK = 100_000
"""How many rows pandas holds as Python texts at once."""

FIRST_ROWS = 5
"""In so many rows at the top the names of the columns are looked for."""

MOST_ROWS = 0.9
"""If this share of the rows has one cell too many, they have names."""

QUOTING: dict[str, dict[str, Any]] = {
    "doubled": {"quoting": csv.QUOTE_MINIMAL},
    "escaped": {"quoting": csv.QUOTE_MINIMAL, "doublequote": False, "escapechar": "\\"},
    "none": {"quoting": csv.QUOTE_NONE},
}
"""The arguments of `csv.reader` for each way to write quotes."""


class Dialect(NamedTuple):
    """How the cells of a file are written; `header` holds the names if no row does.

    `quotes` and `row_names` are those of the config's section `corpus`.
    """

    separator: str
    encoding: str
    header: tuple[str, ...] | None
    quotes: Literal["doubled", "escaped", "none"] = "doubled"
    row_names: bool = False


def read_delimited(
    content: bytes, path: Path, dialect: Dialect, wanted: Mapping[str, str], is_exact: bool
) -> tuple[pd.DataFrame, pd.Series, list[str]]:
    """The `wanted` columns (headers by name), which rows have no cell filled, and the header.

    Cells are texts, columns have their names, and the index holds the number of the row as an
    editor counts it. A blank line is a row of missing values. Raises InputError with one line if
    the form is wrong; with `is_exact` also if the file has other columns.
    """
    try:
        header, wanted = check_form(content, path, dialect, wanted, is_exact)
    except UnicodeError:
        raise wrong_encoding(content, path, dialect.encoding) from None
    stream, reading = open_text(content, dialect)
    if dialect.header is None:
        next(csv.reader(stream, **reading))
    chunks = pd.read_csv(
        stream,
        names=list(range(-dialect.row_names, len(header))),
        header=None,
        index_col=False,
        dtype=str,
        na_filter=False,
        skip_blank_lines=False,
        engine="python",  # the same reader as in check_form, so that both see the same cells
        sep=reading.pop("delimiter"),
        **reading,
        chunksize=CHUNK,
    )
    places = [header.index(name) for name in wanted.values()]
    parts, blanks = [], []
    for chunk in chunks:
        parts.append(chunk[places])
        blanks.append((chunk.isna() | (chunk == "")).all(axis=1))
    cells = pd.concat(parts).set_axis(list(wanted), axis=1)
    rows = cells.index + (1 if dialect.header else 2)
    return cells.set_axis(rows), pd.concat(blanks).set_axis(rows), header


def without_mark(encoding: str) -> str:
    """The encoding with which a byte order mark of UTF-8 is no part of the text."""
    is_utf8 = encoding.lower().replace("_", "-") in ("utf-8", "utf8")
    return "utf-8-sig" if is_utf8 else encoding


def open_text(content: bytes, dialect: Dialect) -> tuple[TextIO, dict[str, Any]]:
    """The content as text, without a byte order mark, and the arguments of `csv.reader`.

    The reader knows separators of one character only. A longer one is replaced by a control
    character that the text does not hold.
    """
    encoding = without_mark(dialect.encoding)
    if len(dialect.separator) == 1:
        stream = io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline="")
        return stream, {"delimiter": dialect.separator, **QUOTING[dialect.quotes]}
    text = content.decode(encoding)
    free = next(chr(code) for code in [31, *range(1, 9)] if chr(code) not in text)
    stream = io.StringIO(text.replace(dialect.separator, free), newline="")
    return stream, {"delimiter": free, **QUOTING["none"]}


def check_form(
    content: bytes, path: Path, dialect: Dialect, wanted: Mapping[str, str], is_exact: bool
) -> tuple[list[str], Mapping[str, str]]:
    """The names of the columns, and the wanted ones as they are written here.

    Raises InputError unless the file has the wanted columns. Every row must have as many cells as
    there are names (one more if rows have names), and every quote must be closed.
    """
    csv.field_size_limit(MAX_CELL_BYTES)
    stream, reading = open_text(content, dialect)
    rows = csv.reader(stream, strict=True, **reading)
    where, number = "header", 0
    misfit: tuple[int, list[str]] | None = None
    misfits = longer = 0
    try:
        if dialect.header is None:
            header = next(rows, [])
            wanted = wanted if is_exact else fitted(header, wanted)
            if not fits(header, wanted):
                check_top(content, path, dialect, wanted)
            number = 1
        else:
            header, where = list(dialect.header), "row 1"
        check_header(header, wanted, path, is_exact)
        width = len(header) + dialect.row_names
        first = number + 1
        for number, row in enumerate(rows, start=first):
            if row and len(row) != width:
                misfit, misfits = misfit or (number, row), misfits + 1
                longer += len(row) == width + 1
            # The reader raises before it returns a faulty row, so the next row is the one to name.
            where = f"row {number + 1}"
    except csv.Error as error:
        if misfit is None:
            fault = {
                "doubled": "a quote is not closed or not doubled",
                "escaped": "a quote is not closed",
                "none": "a cell is too long",
            }
            raise InputError(
                f"{path}, {where}: {fault[dialect.quotes]} ({error}); correct the row, or set "
                "corpus.quotes to how quotes are written"
            ) from None
    if misfit is not None:
        have_names = longer >= MOST_ROWS * (number - first + 1)
        raise InputError(f"{path}, {_misfit(*misfit, misfits, have_names, header, dialect)}")
    if number < first:
        raise InputError(f"{path}: no rows below the header; it needs one row per dialogue line")
    return header, wanted


def check_top(content: bytes, path: Path, dialect: Dialect, wanted: Mapping[str, str]) -> None:
    """Raise InputError if the header stands further down, or has another separator."""
    stream, _ = open_text(content, dialect._replace(separator=","))
    lines = list(islice(stream, FIRST_ROWS))
    stream, reading = open_text(content, dialect)
    rows = list(islice(csv.reader(stream, **reading), FIRST_ROWS))
    for number, row in enumerate(rows[1:], start=2):
        if fits(row, wanted):
            above = (
                "line 1 is blank"
                if not rows[0]
                else f"row 1 ({lines[0].strip()[:60]!r}) is no header"
            )
            raise InputError(
                f"{path}: {above}; the header stands in row {number}: delete what is above it"
            )
    other = other_separator(lines[0], dialect.separator, wanted)
    if other is not None:
        raise InputError(
            f"{path}, header: {len(rows[0])} column{'s' if len(rows[0]) > 1 else ''} if separated "
            f"by {dialect.separator!r}; the separator seems to be {other!r}: set corpus.separator "
            "to it"
        )
    if not any(cell.strip() for cell in rows[0]):
        raise InputError(f"{path}: line 1 is blank; the header must be the first line: delete it")


def _misfit(
    number: int, row: list[str], count: int, have_names: bool, header: list[str], dialect: Dialect
) -> str:
    """What is wrong with a row that has too few or too many cells, and with `count` rows in all."""
    has = "corpus.header" if dialect.header else "the header"
    cells = f"{len(row)} cell{'' if len(row) == 1 else 's'}"
    if dialect.row_names and len(row) == len(header):
        return (
            f"row {number}: {cells}, as many as {has} has; corpus.row_names asks for one more, the "
            "name of the row: leave it out"
        )
    if have_names:
        return (
            f"row {number}: {cells} where {has} has {len(header)}, as in almost all rows; if the "
            "first cell is the name of the row, set corpus.row_names to true"
        )
    more = f", the first of {count:,} such rows" if count > 1 else ""
    correct = "correct or remove the row" if count == 1 else "correct or remove them"
    return (
        f"row {number}: {cells} where {has} has {len(header)}{more}; {correct}"
        f"{_hint(row, header, dialect)}"
    )


def _hint(row: list[str], header: list[str], dialect: Dialect) -> str:
    if len(row) == len(header) + 1 and row[-1] == "":
        return " (a separator stands at its end)"
    if len(row) > len(header) and len(dialect.separator) == 1:
        return f" (a cell that holds a {dialect.separator!r} must be in quotes)"
    return ""
