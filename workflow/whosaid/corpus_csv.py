"""The processed CSV of dialogue lines: how it is read and what it must hold."""

import csv as csv_module
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

import whosaid.lean_arrow  # noqa: F401
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

SCHEMA = pa.schema([(name, INTEGERS.get(name, "string")) for name in COLUMNS.values()])
"""The lines as they are stored."""

# A row must fit into one block of the parser; the longest line of a script is a few kilobytes.
MAX_ROW_BYTES = 64 * 2**20


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


def text_batches(path: Path) -> Iterator[pa.RecordBatch]:
    """The CSV as text, a column of strings each, exactly as written, some ten thousand rows a time.

    No text stands for a missing value: a line may be "None" or "NA".
    """
    reader = arrow_csv.open_csv(
        path,
        arrow_csv.ReadOptions(block_size=MAX_ROW_BYTES),
        arrow_csv.ParseOptions(newlines_in_values=True),
        arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(COLUMNS, pa.string()),
            include_columns=list(COLUMNS),
            strings_can_be_null=False,
        ),
    )
    for batch in reader:
        yield batch.rename_columns(list(COLUMNS.values()))


def to_integers(texts: pa.Array, dtype: str) -> pa.Array:
    """The texts as `dtype`, null where one is no whole number as a program writes it or too large.

    A leading zero or plus, a blank or a digit that is not ASCII is none of a program's.
    """
    plain = pc.match_substring_regex(texts, r"^(?:0|-?[1-9][0-9]{0,18})\z")
    # What is plain fits into such a decimal number, whatever the integer.
    numbers = pc.if_else(plain, texts, None).cast(pa.decimal128(19))
    limits = np.iinfo(dtype)
    fits = pc.and_(
        pc.greater_equal(numbers, Decimal(int(limits.min))),
        pc.less_equal(numbers, Decimal(int(limits.max))),
    )
    return pc.if_else(fits, numbers, None).cast(dtype)


def is_blank(texts: pa.Array) -> pa.Array:
    """Whether each text is empty or nothing but white space, that of Unicode included."""
    return pc.or_(pc.utf8_is_space(texts), pc.invert(pc.binary_length(texts).cast("bool")))


class Faults:
    """The faulty cells of a CSV, counted by column and kind, and the first of each."""

    def __init__(self):
        self.found: dict[tuple[str, str], tuple[int, int, str]] = {}

    def add(self, column: str, kind: str, is_faulty: pa.Array, texts: pa.Array, above: int) -> None:
        """Count the cells of `texts` that are faulty; there are `above` rows in batches before."""
        count = pc.sum(is_faulty).as_py() or 0
        if count:
            first = pc.index(is_faulty, True).as_py()
            before = self.found.get((column, kind), (0, above + first, texts[first].as_py()))
            self.found[column, kind] = (before[0] + count, *before[1:])

    def message(self) -> str:
        """Every kind of fault with the number of rows, the first of them and its value."""
        parts = []
        in_order = sorted(self.found, key=lambda key: (SCHEMA.get_field_index(key[0]), key[1]))
        for column, kind in in_order:
            count, first, text = self.found[column, kind]
            what = {
                "integer": f"{text!r} is no {INTEGERS.get(column)}",
                "filled": "is empty",
                "doubled": f"{text} stands twice or more",
            }[kind]
            rows = f"{count} row{'s' if count > 1 else ''}"
            name = "the index" if column == "row" else column
            # Arrow counts rows from 0; an editor counts the header as row 1.
            parts.append(f"{name} {what} in {rows}, first in row {first + 2}")
        return "; ".join(parts)


def check_speakers(
    counts: dict[str, int], path: Path, target_speaker: str, top_speakers: int
) -> None:
    """Raise InputError unless the target is one of the most frequent speakers.

    `counts` are the lines of each speaker, the most frequent first, of whom there must be
    `top_speakers` or more.
    """
    if len(counts) < top_speakers:
        raise InputError(
            f"{path}: {len(counts)} speakers, but corpus.top_speakers is {top_speakers}; "
            f"set it to 2 to {len(counts)}"
        )
    top = list(counts)[:top_speakers]
    if target_speaker not in top:
        raise InputError(
            f"{path}: corpus.target_speaker {target_speaker!r} is not among the {top_speakers} "
            f"most frequent speakers: {', '.join(top)}"
        )


def read_corpus(
    path: Path,
    target_speaker: str,
    top_speakers: int,
    keep: Callable[[pa.RecordBatch], None] | None = None,
) -> dict[str, int]:
    """Check the CSV and hand its typed lines to `keep`, batch by batch in file order.

    Returns the number of lines of each speaker, the most frequent first. Raises InputError, in one
    line, for anything that is wrong with the file; what `keep` was given is then worth nothing. A
    message names every faulty column, the number of faulty rows, the first of them and its value:
    no integer, an empty speaker or line, an index that stands twice.
    """
    check_form(path)
    faults, speakers, indices, above = Faults(), Counter(), [], 0
    for batch in text_batches(path):
        columns = {name: batch[name] for name in SCHEMA.names}
        indices.append(columns["row"])
        for name, dtype in INTEGERS.items():
            texts, columns[name] = columns[name], to_integers(columns[name], dtype)
            faults.add(name, "integer", pc.is_null(columns[name]), texts, above)
        for name in NEVER_EMPTY:
            faults.add(name, "filled", is_blank(columns[name]), columns[name], above)
        for counted in pc.value_counts(columns["speaker"]).to_pylist():
            speakers[counted["values"]] += counted["counts"]
        if keep is not None and not faults.found:
            keep(pa.record_batch(columns, SCHEMA))
        above += len(batch)
    every = pa.chunked_array(indices, pa.string())
    counted = pc.value_counts(every)
    if len(counted) < len(every):
        twice = counted.filter(pc.greater(counted.field("counts"), 1)).field("values")
        faults.add("row", "doubled", pc.is_in(every, twice), every, 0)
    if faults.found:
        raise InputError(
            f"{path}: {faults.message()} (the header is row 1); correct or remove these rows"
        )
    counts = dict(speakers.most_common())
    check_speakers(counts, path, target_speaker, top_speakers)
    return counts
