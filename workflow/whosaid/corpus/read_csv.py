"""Reads and checks the processed CSV of dialogue lines."""

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

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
"""The columns of the CSV and their names here. Its first column, the index, has no name."""

SCHEMA = pa.schema([(name, INTEGERS.get(name, "string")) for name in COLUMNS.values()])
"""The types of the lines as they are stored."""

MAX_CELL_BYTES = 64 * 2**20
"""A longer cell counts as an unclosed quote; a line of a script has a few kilobytes."""


def read_csv(content: bytes, path: Path) -> pd.DataFrame:
    """The lines of a CSV with the types of SCHEMA, in file order, no row skipped.

    `content` is the content of the file `path`, which is named in messages. No text means a missing
    value, since a line may be "None" or "NA". Raises InputError with one line if the form of the
    file is wrong, or if cells are empty, not whole numbers, or (in the index) doubled. For cells
    the message names every faulty column, its number of faulty rows, the first row and its value.
    """
    header = check_form(content, path)
    lines = pd.read_csv(
        io.BytesIO(content),
        names=[COLUMNS[name] for name in header],
        header=0,
        dtype=str,
        na_filter=False,
        encoding="utf-8-sig",
        engine="python",  # the same reader as in check_form, so that both see the same cells
    )[SCHEMA.names]
    faults = []
    for name in SCHEMA.names:
        if name in INTEGERS:
            is_fit, numbers = to_integers(lines[name], INTEGERS[name])
            faults += describe_fault(lines[name], ~is_fit, f"{{!r}} is not an {INTEGERS[name]}")
            if name == "row":
                is_doubled = is_fit & lines[name].duplicated(keep=False)
                faults += describe_fault(lines[name], is_doubled, "{} stands twice or more")
            lines[name] = numbers
        elif name in NEVER_EMPTY:
            is_blank = (lines[name] == "") | lines[name].str.isspace()
            faults += describe_fault(lines[name], is_blank, "is empty")
    if faults:
        raise InputError(
            f"{path}: {'; '.join(faults)} (the header is row 1); correct or remove these rows"
        )
    return lines


def check_form(content: bytes, path: Path) -> list[str]:
    """The names in the header. Raises InputError unless the file is a CSV with the twelve columns.

    pandas would let an unclosed quote swallow the rows below it, and would fill up a short row. So
    the strict reader of the standard library checks the form.
    """
    csv.field_size_limit(MAX_CELL_BYTES)
    where, number = "header", 0
    try:
        text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="")
        rows = csv.reader(text, strict=True)
        header = next(rows, [])
        check_header(header, path)
        where = "row 2"
        for number, row in enumerate(rows, start=2):
            if row and len(row) != len(COLUMNS):
                raise InputError(
                    f"{path}, row {number}: {len(row)} cells where the header has {len(COLUMNS)}; "
                    "correct or remove the row"
                )
            # The reader raises before it returns a faulty row, so the next row is the one to name.
            where = f"row {number + 1}"
    except UnicodeDecodeError:
        raise not_utf8(content, path) from None
    except csv.Error as error:
        raise InputError(
            f"{path}, {where}: a quote is not closed or not doubled ({error})"
        ) from None
    if number == 0:
        raise InputError(f"{path}: no rows below the header; it needs one row per dialogue line")
    return header


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


def not_utf8(content: bytes, path: Path) -> InputError:
    """The error about the first byte that is not UTF-8."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        start = error.start
    lines = content[:start].split(b"\n")
    return InputError(
        f"{path}, line {len(lines)}: byte 0x{content[start]:02x} at position {len(lines[-1])} "
        "is not UTF-8; convert the file to UTF-8"
    )


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
    # pandas counts rows from 0; an editor counts the header as row 1.
    return [f"{name} {what.format(texts.iloc[first])} in {rows}, first in row {first + 2}"]


def empty_columns(lines: pd.DataFrame) -> list[str]:
    """The columns of text that hold nothing in any row."""
    texts = [name for name in SCHEMA.names if name not in INTEGERS]
    return [name for name in texts if not lines[name].str.strip().any()]


def read_corpus(
    path: Path, target_speaker: str, top_speakers: int
) -> tuple[pd.DataFrame, dict[str, int], bytes]:
    """The lines of the CSV at `path`, the number of lines of each speaker, and the file's content.

    The most frequent speaker comes first. The file is read once, so the same bytes are digested,
    checked and stored. Raises InputError as `read_csv` does, or if the target is not one of the
    `top_speakers` most frequent speakers.
    """
    content = path.read_bytes()
    lines = read_csv(content, path)
    speakers = lines["speaker"].value_counts().to_dict()
    top = list(speakers)[:top_speakers]
    if len(top) < top_speakers:
        raise InputError(
            f"{path}: {len(speakers)} speakers, but corpus.top_speakers is {top_speakers}; "
            f"set it to 2 to {len(speakers)}"
        )
    if target_speaker not in top:
        raise InputError(
            f"{path}: corpus.target_speaker {target_speaker!r} is not among the {top_speakers} "
            f"most frequent speakers: {', '.join(top)}"
        )
    return lines, speakers, content
