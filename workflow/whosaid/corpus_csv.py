"""The processed CSV of dialogue lines: how it is read and what it must hold."""

import csv as csv_module
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
from pandera.errors import SchemaErrors
from pyarrow import csv as arrow_csv

from whosaid.errors import InputError

INTEGERS = {"row": "int64", "season": "int16", "episode": "int16", "scene": "int32"}
NEVER_EMPTY = ("speaker", "line")
COLUMNS = {
    "": "row",
    **{
        name: name
        for name in (
            *("season", "episode", "title", "scene", "speaker", "line"),
            *("directed_by", "written_by", "writer1", "writer2", "writer3"),
        )
    },
}
"""The CSV's columns and our names for them; its first column, the index, has no name."""

# A row must fit into one block of the parser; the longest line of a script is a few kilobytes.
MAX_ROW_BYTES = 64 * 2**20


def read_csv(path: Path) -> pd.DataFrame:
    """The CSV as text, a column of strings each, exactly as written.

    No text stands for a missing value: a line may be "None" or "NA". Raises InputError if the file
    is not a well-formed CSV of the twelve columns in UTF-8 with one row or more.
    """
    check_form(path)
    table = arrow_csv.read_csv(
        path,
        arrow_csv.ReadOptions(block_size=MAX_ROW_BYTES),
        arrow_csv.ParseOptions(newlines_in_values=True),
        arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(COLUMNS, pa.string()), strings_can_be_null=False
        ),
    )
    return table.rename_columns([COLUMNS[name] for name in table.column_names]).to_pandas()


def check_form(path: Path) -> None:
    """Raise InputError at the first thing that makes the file no CSV of the twelve columns.

    Arrow reads faster but would let an unclosed quote swallow the rows below it.
    """
    csv_module.field_size_limit(MAX_ROW_BYTES)
    where, number = "header", 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv_module.reader(file, strict=True)
            check_header(next(rows, []), path)
            where = "row 2"
            for number, row in enumerate(rows, start=2):
                if row and len(row) != len(COLUMNS):
                    raise InputError(
                        f"{path}, row {number}: {len(row)} cells where the header has "
                        f"{len(COLUMNS)}; correct or remove the row"
                    )
                # The reader fails before it hands out a faulty row.
                where = f"row {number + 1}"
    except UnicodeDecodeError:
        raise not_utf8(path) from None
    except csv_module.Error as error:
        raise InputError(
            f"{path}, {where}: a quote is not closed or not doubled ({error})"
        ) from None
    if number == 0:
        raise InputError(f"{path}: no rows below the header; it needs one row per dialogue line")


def check_header(names: list[str], path: Path) -> None:
    """Raise InputError unless `names` are the twelve columns, each once."""
    if not names:
        raise InputError(f"{path}: the file is empty; it needs a header and one row per line")
    missing = [name for name in COLUMNS if name not in names]
    unknown = [name for name in names if name not in COLUMNS]
    doubled = sorted({name for name in names if names.count(name) > 1})
    faults = [
        f"{fault} {', '.join(repr(name) for name in found)}"
        for fault, found in [("missing", missing), ("unknown", unknown), ("doubled", doubled)]
        if found
    ]
    if faults:
        allowed = ", ".join(repr(name) for name in COLUMNS)
        raise InputError(
            f"{path}, header: {'; '.join(faults)}; the columns are {allowed} "
            "(the index has no name)"
        )


def not_utf8(path: Path) -> InputError:
    """The complaint about the first line of `path` that is not UTF-8."""
    with open(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                byte = line[error.start]
                return InputError(
                    f"{path}, line {number}: byte 0x{byte:02x} at position {error.start} is not "
                    "UTF-8; convert the file to UTF-8"
                )
    return InputError(f"{path}: not UTF-8; convert the file to UTF-8")


def is_integer(texts: pd.Series, dtype: str) -> pd.Series:
    """Whether each text is a whole number as a program writes it and fits into `dtype`."""
    plain = texts.str.fullmatch("0|-?[1-9][0-9]*")
    limits = np.iinfo(dtype)
    return plain & pd.to_numeric(texts.where(plain)).between(limits.min, limits.max)


def text_schema() -> pandera.DataFrameSchema:
    """What the twelve columns must hold while they are still text."""
    columns = {}
    for name in COLUMNS.values():
        check = None
        if name in INTEGERS:
            check = pandera.Check(partial(is_integer, dtype=INTEGERS[name]), name="integer")
        elif name in NEVER_EMPTY:
            check = pandera.Check(lambda texts: texts.str.strip() != "", name="filled")
        columns[name] = pandera.Column(str, check, unique=name == "row")
    return pandera.DataFrameSchema(columns, strict=True)


def check_lines(lines: pd.DataFrame, path: Path) -> pd.DataFrame:
    """The lines with their integer columns as integers.

    Raises InputError naming every faulty column, the number of faulty rows, the first of them and
    its value: no integer, an empty speaker or line, an index that stands twice.
    """
    try:
        return text_schema().validate(lines, lazy=True).astype(INTEGERS)
    except SchemaErrors as error:
        failures = error.failure_cases
    faults = []
    for (column, check), cases in failures.groupby(["column", "check"], sort=False):
        first = cases.loc[cases["index"].idxmin()]
        value = first["failure_case"]
        what = {
            "integer": f"{value!r} is no {INTEGERS.get(column)}",
            "filled": "is empty",
            "field_uniqueness": f"{value} stands twice or more",
        }[check]
        rows = f"{len(cases)} row{'s' if len(cases) > 1 else ''}"
        name = "the index" if column == "row" else column
        # pandas counts rows from 0; an editor counts the header as row 1.
        faults.append(f"{name} {what} in {rows}, first in row {first['index'] + 2}")
    raise InputError(
        f"{path}: {'; '.join(faults)} (the header is row 1); correct or remove these rows"
    )


def check_speakers(
    speakers: pd.Series, path: Path, target_speaker: str, top_speakers: int
) -> dict[str, int]:
    """The number of lines of each speaker, the most frequent first.

    Raises InputError if there are fewer than `top_speakers` speakers or the target is not among
    the `top_speakers` most frequent ones.
    """
    counts = speakers.value_counts()
    if len(counts) < top_speakers:
        raise InputError(
            f"{path}: {len(counts)} speakers, but corpus.top_speakers is {top_speakers}; "
            f"set it to 2 to {len(counts)}"
        )
    top = list(counts.index[:top_speakers])
    if target_speaker not in top:
        raise InputError(
            f"{path}: corpus.target_speaker {target_speaker!r} is not among the {top_speakers} "
            f"most frequent speakers: {', '.join(top)}"
        )
    return {speaker: int(count) for speaker, count in counts.items()}


def read_corpus(
    path: Path, target_speaker: str, top_speakers: int
) -> tuple[pd.DataFrame, dict[str, int]]:
    """The typed lines in file order and the number of lines of each speaker.

    Raises InputError, in one line, for anything that is wrong with the file.
    """
    lines = check_lines(read_csv(path), path)
    return lines, check_speakers(lines["speaker"], path, target_speaker, top_speakers)
