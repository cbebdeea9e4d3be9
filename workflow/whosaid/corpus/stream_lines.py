"""Reads a file of new lines piece by piece, so that its size costs no memory.

The corpus itself is read at once by `read_files`: its checks need all rows.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TextIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from whosaid.config.corpus_files import ending_of
from whosaid.corpus.delimited import MAX_CELL_BYTES, QUOTING, without_mark
from whosaid.corpus.fields import is_blank_text
from whosaid.corpus.headers import check_header, fitted
from whosaid.corpus.read_files import json_tables, parquet_texts
from whosaid.errors import InputError

CHUNK = 8192
"""How many lines are held at once."""

SEPARATORS = {".csv": ",", ".tsv": "\t"}
NO_HEADER = "; a file of new lines names its columns in its first row, whatever corpus.header says"


def stream_lines(
    path: Path,
    wanted: Mapping[str, str],
    encoding: str = "utf-8",
    quotes: str = "doubled",
    separators: Mapping[str, str] = SEPARATORS,
    missing: Sequence[str] = (),
) -> Iterator[pd.DataFrame]:
    """The `wanted` columns (headers by name here, `line` among them), at most CHUNK rows at a time.

    The end of the file's name says its form: .csv, .tsv or .jsonl, also with .gz, or .parquet.
    The first row of .csv and .tsv names the columns, and rows have no names, also where the files
    of the corpus are otherwise. `separators` are by that ending. Cells are texts; those that are
    one of `missing` are empty. The index is the number of the row's last line in the file, or of
    the row in a Parquet file. Raises InputError with one line, which names the place, if the form
    is wrong, a column is lacking or a line is empty.
    """
    try:
        ending = ending_of(path)
    except ValueError as error:
        raise InputError(str(error)) from None
    place = "row" if ending == ".parquet" else "line"
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    if ending == ".parquet":
        chunks = _parquet(path, wanted)
    else:
        reading = {"delimiter": separators.get(ending, ","), **QUOTING[quotes]}
        chunks = _text(path, wanted, ending, encoding, reading)
    rows = 0
    for chunk in chunks:
        if missing:
            chunk = chunk.mask(chunk.apply(lambda texts: texts.str.strip().isin(missing)), "")
        is_empty = is_blank_text(chunk["line"])
        if is_empty.any():
            raise InputError(
                f"{path}, {place} {is_empty.idxmax()}: {wanted['line']} is empty; remove the row"
            )
        rows += len(chunk)
        yield chunk
    if not rows:
        raise InputError(f"{path}: no rows")


def _text(
    path: Path, wanted: Mapping[str, str], ending: str, encoding: str, reading: dict
) -> Iterator[pd.DataFrame]:
    try:
        with _open(path, without_mark(encoding)) as stream:
            if ending == ".jsonl":
                yield from _json_lines(stream, path, wanted)
            else:
                yield from _delimited(stream, path, wanted, reading)
    except UnicodeError as error:
        raise InputError(f"{path}: no {encoding} ({error}); save it as {encoding}") from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{path}: the file is cut off or damaged ({error})") from None


def _open(path: Path, encoding: str) -> TextIO:
    if path.suffix == ".gz":
        return io.TextIOWrapper(gzip.open(path), encoding=encoding, newline="")
    return path.open(encoding=encoding, newline="")


def _delimited(
    stream: TextIO, path: Path, wanted: Mapping[str, str], reading: dict
) -> Iterator[pd.DataFrame]:
    csv.field_size_limit(MAX_CELL_BYTES)
    rows = csv.reader(stream, strict=True, **reading)
    numbered = ((rows.line_num, row) for row in rows if row)
    try:
        _, header = next(numbered, (0, []))
        wanted = fitted(header, wanted)
        check_header(header, wanted, path, is_exact=False, if_missing=NO_HEADER)
        places = [header.index(name) for name in wanted.values()]
        for some in batched_rows(numbered):
            for number, row in some:
                if len(row) != len(header):
                    raise InputError(
                        f"{path}, line {number}: {len(row)} cells where the header has "
                        f"{len(header)}; correct the row (a cell with a separator needs quotes)"
                    )
            cells = [[row[place] for place in places] for _, row in some]
            yield pd.DataFrame(cells, [number for number, _ in some], list(wanted), dtype="str")
    except csv.Error as error:
        raise InputError(
            f"{path}, line {rows.line_num}: {error}; a quote there or above is not closed"
        ) from None


def _json_lines(stream: TextIO, path: Path, wanted: Mapping[str, str]) -> Iterator[pd.DataFrame]:
    numbered = ((n, text) for n, text in enumerate(stream, start=1) if not text.isspace())
    seen: set[str] = set()
    for some in batched_rows(numbered):
        frame, cells = json_tables(some, path, wanted)
        seen |= {*frame.columns}
        # A piece may lack another column that the file has.
        check_header([*frame], {"line": wanted["line"]}, path, is_exact=False, if_missing="")
        yield cells
    if seen:
        check_header(sorted(seen), wanted, path, is_exact=False, if_missing="")


def batched_rows(rows: Iterator) -> Iterator[list]:
    """Lists of at most CHUNK rows; `itertools.batched` is newer than the oldest Python here."""
    while some := list(islice(rows, CHUNK)):
        yield some


def _parquet(path: Path, wanted: Mapping[str, str]) -> Iterator[pd.DataFrame]:
    start = 1
    try:
        with pq.ParquetFile(path) as file:
            header = file.schema_arrow.names
            wanted = fitted(header, wanted)
            check_header(header, wanted, path, is_exact=False, if_missing="")
            for batch in file.iter_batches(CHUNK, columns=list(dict.fromkeys(wanted.values()))):
                chunk = pd.DataFrame(
                    {name: parquet_texts(batch[key], path, key) for name, key in wanted.items()}
                )
                yield chunk.set_axis(range(start, start + len(chunk)))
                start += len(chunk)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: the Parquet file cannot be read ({error})") from None
