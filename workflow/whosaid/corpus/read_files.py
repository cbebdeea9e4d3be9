"""Reads the files of the corpus, of any form, as tables of texts."""

import io
import json
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, assert_never

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from whosaid.corpus.delimited import Dialect, open_text, read_delimited
from whosaid.corpus.file_kinds import check_kind, check_nulls, unpacked, wrong_encoding
from whosaid.corpus.headers import check_header, fitted
from whosaid.errors import InputError

CHUNK = 50_000
"""How many JSON objects are held at once."""

DEEPEST = 100
"""So many JSON values may stand within each other; Python itself ends at about a thousand."""

TOO_DEEP = f"values within values, more than {DEEPEST} levels deep"


class Table(NamedTuple):
    """The wanted columns of a file as texts, by their names here.

    The index of `cells` holds the number of the row, as an editor counts it; a blank line is a row
    of missing values. `is_blank` marks the rows without any cell filled. `header` holds the names
    of all columns, or is None where every row has names of its own.
    """

    path: Path
    cells: pd.DataFrame
    is_blank: pd.Series
    header: list[str] | None

    def without_blank_lines(self) -> "Table":
        """The table without blank lines; a row of empty cells stays."""
        is_line = ~self.cells.isna().all(axis=1)
        return self._replace(cells=self.cells[is_line], is_blank=self.is_blank[is_line])


def read_table(
    content: bytes, path: Path, section: Mapping[str, Any], wanted: Mapping[str, str]
) -> Table:
    """The `wanted` columns (headers by name here) of a file with this `content`.

    `section` is the section `corpus` of the config. Raises InputError with one line if the file is
    of another form, or lacks a column.
    """
    form, is_exact = section["format"], section["columns"] is None
    content = unpacked(content, path)
    check_kind(content, path, form)
    if form != "parquet":
        check_nulls(content, path, section["encoding"])
    match form:
        case "csv" | "tsv":
            separator = section["separator"] or {"csv": ",", "tsv": "\t"}[form]
            keys = ("encoding", "header", "quotes", "row_names")
            dialect = Dialect(separator, *(section[key] for key in keys))
            table = Table(path, *read_delimited(content, path, dialect, wanted, is_exact))
        case "jsonl":
            table = read_json_lines(content, path, section["encoding"], wanted)
        case "parquet":
            table = read_parquet(content, path, wanted, is_exact)
        case _:
            assert_never(form)
    if section["missing"]:
        is_missing = table.cells.apply(lambda texts: texts.str.strip().isin(section["missing"]))
        table = table._replace(cells=table.cells.mask(is_missing, ""))
    return table


def read_json_lines(content: bytes, path: Path, encoding: str, wanted: Mapping[str, str]) -> Table:
    """The table of a file with one JSON object per line. Numbers are texts as they are written."""
    stream, _ = open_text(content, Dialect(",", encoding, None))
    parts, blanks, seen = [], [], set()
    try:
        numbered = enumerate(stream, start=1)
        while chunk := list(islice(numbered, CHUNK)):
            frame, cells = json_tables(chunk, path, wanted)
            seen |= {*frame.columns}
            blanks.append(frame.isna().all(axis=1))
            cells.loc[[number for number, text in chunk if text.isspace()]] = None
            parts.append(cells)
    except UnicodeError:
        raise wrong_encoding(content, path, encoding) from None
    check_header(sorted(seen), wanted, path, is_exact=False)
    return Table(path, pd.concat(parts), pd.concat(blanks), None)


def json_tables(
    numbered: Sequence[tuple[int, str]], path: Path, wanted: Mapping[str, str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The objects on some lines as a table, and its `wanted` columns as texts.

    A column that none of them has is empty. The index is the number of the line. Raises InputError
    if a line holds no object, or a wanted value is no text.
    """
    objects = [json_object(text, path, number) for number, text in numbered]
    frame = pd.json_normalize(objects).set_axis([number for number, _ in numbered])
    given = frame.reindex(columns=list(dict.fromkeys(wanted.values())))
    cells = {name: as_texts(given[key], path) for name, key in wanted.items()}
    return frame, pd.DataFrame(cells)


def json_object(text: str, path: Path, number: int) -> dict[str, Any]:
    """The object on a line; numbers are texts. Raises InputError if the line holds none."""
    if text.isspace():
        return {}
    try:
        value = json.loads(text, parse_int=str, parse_float=str, parse_constant=lambda _: None)
    except ValueError as error:
        fault = f"no JSON ({error})"
    except RecursionError:
        fault = TOO_DEEP
    else:
        if isinstance(value, dict) and not (_brackets(text) > DEEPEST and is_deep(value)):
            return value
        fault = TOO_DEEP if isinstance(value, dict) else "no JSON object"
    raise InputError(
        f"{path}, line {number}: {fault}: {text.strip()[:60]!r}; each line must be one object, as "
        '{"speaker": ..., "line": ...}; set corpus.format to csv or tsv for a table'
    )


def _brackets(text: str) -> int:
    return text.count("{") + text.count("[")


def is_deep(value: Any) -> bool:
    """Whether a JSON value holds values within values for more than DEEPEST levels."""
    level = [value]
    for _ in range(DEEPEST):
        lists = [each for each in level if isinstance(each, list)]
        lists += [each.values() for each in level if isinstance(each, dict)]
        level = [inner for each in lists for inner in each]
    return any(isinstance(each, list | dict) for each in level)


def as_texts(values: pd.Series, path: Path) -> pd.Series:
    """JSON values as the texts that are stored; null is an empty one.

    Raises InputError if a value is a list or an object; the index says in which line.
    """
    is_bad = values.map(lambda value: isinstance(value, list | dict))
    if is_bad.any():
        raise InputError(
            f"{path}, line {is_bad.idxmax()}: {values.name} is no text but "
            f"{str(values[is_bad.idxmax()])[:60]!r}; map a column of texts or numbers"
        )
    words = {True: "true", False: "false"}
    texts = values.map(lambda value: words[value] if isinstance(value, bool) else value)
    return texts.fillna("").astype("str")


def parquet_texts(values: pa.Array | pa.ChunkedArray, path: Path, header: str) -> pd.Series:
    """The values of the column `header` as texts; null is an empty one.

    Raises InputError if they are of a type that is no text, such as lists.
    """
    try:
        return values.cast(pa.string()).fill_null("").to_pandas()
    except pa.ArrowException:
        raise InputError(
            f"{path}: the column {header!r} holds {values.type}; map a column of texts or numbers"
        ) from None


def read_parquet(content: bytes, path: Path, wanted: Mapping[str, str], is_exact: bool) -> Table:
    """The table of a Parquet file, all values as texts."""
    try:
        file = pq.ParquetFile(io.BytesIO(content))
        header = file.schema_arrow.names
        wanted = wanted if is_exact else fitted(header, wanted)
        check_header(header, wanted, path, is_exact)
        table = file.read(columns=list(dict.fromkeys(wanted.values())))
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"{path}: the Parquet file is broken ({error}); copy or download it again"
        ) from None
    columns = {name: parquet_texts(table[key], path, key) for name, key in wanted.items()}
    if not len(table):
        raise InputError(f"{path}: no rows; it needs one row per dialogue line")
    cells = pd.DataFrame(columns).set_axis(range(1, len(table) + 1))
    return Table(path, cells, pd.Series(False, cells.index), header)
