"""Guesses how a file of dialogue lines is written, for a first look at it.

A run never guesses: what is found here is written into a config, where everybody can read it.
"""

import csv
import io
import re
import unicodedata
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from charset_normalizer import from_bytes

from whosaid.config.corpus_section import known_encoding
from whosaid.corpus.column_guesses import KNOWN_HEADERS
from whosaid.corpus.delimited import MAX_CELL_BYTES, Dialect, open_text
from whosaid.corpus.file_kinds import (
    check_kind,
    fits_encoding,
    marked_encoding,
    unmarked_utf_16,
    unpacked,
    wrong_encoding,
)
from whosaid.corpus.headers import SEPARATORS
from whosaid.corpus.read_files import json_object
from whosaid.corpus.spellings import plain
from whosaid.errors import InputError

FORMS = {".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}
TRIED = (*SEPARATORS, " ")
"""The separators that are tried, in this order where several fit equally well."""

QUOTES = {"doubled": b"", "escaped": b'\\"', "none": b'"'}
"""The values of `corpus.quotes` that are tried, and what a file has that is written so."""

UNUSUAL = ["mac_cyrillic", "mac_greek", "mac_turkish", "mac_latin2", "mac_roman", "mac_iceland"]
"""Encodings that look like others and that hardly any file has today."""

SAMPLE_BYTES = 2**20
HEAD_ROWS = 500
SAMPLE_ROWS = 20_000
"""At least so many rows are looked at, if the file has them, spread over all of it."""

TABLE_SHARE = 0.9
"""In a table at least this share of the rows has the same number of cells."""

MOST_ACCENTS = 0.3
"""In a text in Latin letters at most this share of the letters has an accent."""

LEAST_COHERENCE = 0.5
"""How like a language, from 0 to 1, a text must be for its encoding to be believed."""

LONGEST_HEADER = 40
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


class Detected(NamedTuple):
    """What a file seems to be: keys of the config's section `corpus`, and rows of the file."""

    keys: dict[str, Any]
    sample: pd.DataFrame


class Survey(NamedTuple):
    """What a reader of one dialect finds: rows, of how many cells they are, and no broken quote."""

    rows: list[list[str]]
    widths: Counter[int]
    is_whole: bool

    @property
    def width(self) -> int:
        """The number of cells that most rows have."""
        return self.widths.most_common(1)[0][0] if self.widths else 0

    @property
    def share(self) -> float:
        """The share of the rows that have the usual number of cells."""
        return self.widths[self.width] / self.widths.total() if self.widths else 0.0

    @property
    def fit(self) -> int:
        """2 if the first row is as long as most, 1 if one cell shorter (R writes so), else 0."""
        lacking = self.width - len(self.rows[0]) if self.rows else 2
        return 2 - lacking if lacking in (0, 1) else 0


def detect_form(path: Path, encoding: str | None = None) -> Detected:
    """The form of the file at `path`; the `encoding` is that which the user names.

    Raises InputError with one line if the file cannot be a table, or if its encoding is not clear.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    form = FORMS.get(suffixes[-1] if suffixes else "", "csv")
    content = unpacked(path.read_bytes(), path)
    check_kind(content, path, form)
    keys: dict[str, Any] = {"format": form}
    if form == "parquet":
        try:
            table = pq.read_table(io.BytesIO(content)).to_pandas()
        except (pa.ArrowException, OSError) as error:
            raise InputError(
                f"{path}: the Parquet file is broken ({error}); copy it again"
            ) from None
        return Detected(keys, texts_of(table, path))
    if encoding:
        check_encoding(content, encoding, path)
    encoding = encoding or find_encoding(content, path)
    keys |= {"encoding": encoding} if encoding != "utf-8" else {}
    if form == "jsonl":
        return Detected(keys, texts_of(read_objects(content, encoding, path), path))
    found, sample = find_table(content, encoding, path)
    return Detected(keys | found, texts_of(sample, path))


def texts_of(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """The cells as texts, those without a value empty. Raises InputError if there is no row."""
    if not len(table):
        raise InputError(f"{path}: no rows; it needs one row per dialogue line")
    return table.astype(object).fillna("").astype(str)


def check_encoding(content: bytes, encoding: str, path: Path) -> None:
    """Raise InputError unless all of the content can be read in the encoding that a user names."""
    named = f"ENCODING={encoding}"
    try:
        known_encoding(encoding)
    except ValueError as error:
        raise InputError(f"{named}: {error}") from None
    try:
        stream, _ = open_text(content, Dialect(",", encoding, None))
        for _ in stream:
            pass
    except UnicodeError:
        raise wrong_encoding(content, path, encoding, key="ENCODING") from None
    try:
        head_of(content, encoding)
    except UnicodeError:
        raise InputError(
            f"{named}: no encoding of files; leave ENCODING out, or name another, as cp1251"
        ) from None


def head_of(content: bytes, encoding: str) -> bytes:
    """The first bytes of the content, without a character that is cut off at their end."""
    return content[:SAMPLE_BYTES].decode(encoding, "ignore").encode(encoding)


def find_encoding(content: bytes, path: Path) -> str:
    """UTF-8 if the content is, else what `charset_normalizer` thinks of its first megabyte.

    Raises InputError if that finds nothing that reads like a language.
    """
    if found := marked_encoding(content) or unmarked_utf_16(content):
        return found
    if fits_encoding(content, "utf-8"):
        return "utf-8"
    sample = content[:SAMPLE_BYTES]
    guess = guess_encoding(sample)
    letters = [sign for sign in sample.decode(guess or "cp1252", "ignore") if sign.isalpha()]
    beyond_ascii = [sign for sign in letters if not sign.isascii()]
    is_latin = all(unicodedata.name(sign, "").startswith("LATIN") for sign in {*beyond_ascii})
    # A few accents do not tell one Latin code page from another, and this one is usual.
    has_few = len(beyond_ascii) <= MOST_ACCENTS * len(letters)
    if is_latin and has_few and fits_encoding(content, "cp1252"):
        return "mac_roman" if is_of_a_mac(sample.decode("cp1252")) else "cp1252"
    if guess is None:
        raise InputError(
            f"{path}: it is not UTF-8, and it is not clear what it is; name the encoding, as "
            "ENCODING=cp1251"
        )
    return guess


def is_of_a_mac(text: str) -> bool:
    """Whether capital letters with accents stand in a text without capitals.

    The ellipsis and the quotes of an old Mac are such letters in other encodings.
    """
    plain_letters = [sign for sign in text if sign.isascii() and sign.isalpha()]
    accents = [sign for sign in text if not sign.isascii() and sign.isalpha()]
    has_capitals = sum(map(str.isupper, plain_letters)) > len(plain_letters) / 2
    return sum(map(str.isupper, accents)) >= 0.9 * len(accents) > 0 and not has_capitals


def guess_encoding(sample: bytes) -> str | None:
    """The guess of `charset_normalizer`: first a sure one, else one that reads like a language."""
    best = from_bytes(sample, cp_exclusion=UNUSUAL).best()
    if best is None:
        # Numbers and signs between the words put it off.
        best = from_bytes(sample, cp_exclusion=UNUSUAL, threshold=0.9).best()
        if best is None or best.coherence < LEAST_COHERENCE:
            return None
    return best.encoding


def read_objects(content: bytes, encoding: str, path: Path) -> pd.DataFrame:
    """Objects of a file of JSON lines, inner ones under names with dots.

    Raises InputError if it is one JSON list, or if a line is no object.
    """
    stream, _ = open_text(content, Dialect(",", encoding, None))
    lines = list(islice(stream, SAMPLE_ROWS))
    if "".join(lines[:HEAD_ROWS]).lstrip().startswith("["):
        raise InputError(
            f"{path}: one JSON list; write each object on a line of its own, for example with "
            f"jq -c '.[]' {path.name} > {path.stem}.jsonl"
        )
    numbered = enumerate(lines, start=1)
    return pd.json_normalize([json_object(line, path, number) for number, line in numbered])


def find_table(content: bytes, encoding: str, path: Path) -> tuple[dict[str, Any], pd.DataFrame]:
    """The separator, the quotes and, if no row holds names, the header of a table; and its rows."""
    seen, dialect = best_reading(content, encoding, path)
    separator = dialect.separator
    keys: dict[str, Any] = {} if separator == "," else {"separator": separator}
    if dialect.quotes != "doubled" and len(separator) == 1:
        keys["quotes"] = dialect.quotes
    check_first_row(seen, path)
    header, body = seen.rows[0], [row for row in seen.rows[1:] if len(row) == seen.width]
    if len(header) == seen.width - 1 and is_header(header, [row[1:] for row in body]):
        keys["row_names"], body = True, [row[1:] for row in body]
    elif not is_header(header, body):
        body = [header, *body] if len(header) == seen.width else body
        header = [f"column_{number}" for number in range(1, seen.width + 1)]
        keys["header"] = header
    doubled = [name for name in {*header} if name.strip() and header.count(name) > 1]
    if doubled:
        raise InputError(
            f"{path}, header: {doubled[0]!r} stands {header.count(doubled[0])} times; give each "
            "column a name of its own"
        )
    table = pd.DataFrame(body, columns=header, dtype="str")
    # A separator at the end of the rows makes a column without a name, beside that of an index.
    return keys, table if header.count("") < 2 else table.drop(columns="")


def best_reading(content: bytes, encoding: str, path: Path) -> tuple[Survey, Dialect]:
    """The separator and the quotes that fit the rows best, and what was seen of the rows.

    That reading wins in which the first row fits the others, every quote is closed, and most rows
    have the same number of cells. Raises InputError if none makes a table.
    """
    head = head_of(content, encoding)
    dialects = [
        Dialect(separator, encoding, None, quotes=quotes)
        for separator in TRIED
        for quotes, sign in QUOTES.items()
        if sign in content
    ]
    found = [(survey(head, dialect, HEAD_ROWS), dialect) for dialect in dialects]
    found = [(seen, dialect) for seen, dialect in found if seen.width > 1]
    if not found:
        read_as = "" if encoding == "utf-8" else f" and read as {encoding}"
        raise InputError(
            f"{path}: one column, whatever separator is tried{read_as}; a script needs at least a "
            "speaker and a line in each row, so save it as CSV"
        )
    best, dialect = max(found, key=lambda each: likelihood(*each))  # the first of several
    if best.share < TABLE_SHARE:
        raise InputError(
            f"{path}: no table: with {dialect.separator!r} between the cells only "
            f"{best.share:.0%} of the rows have {best.width} of them; a transcript such as "
            "`NAME: text` must first be made into rows with a speaker and a line"
        )
    # A quote may be broken below the head.
    readings = [dialect._replace(quotes=quotes) for quotes in QUOTES if QUOTES[quotes] in content]
    surveys = [(survey(content, reading), reading) for reading in readings]
    return max(surveys, key=lambda each: likelihood(*each))


def check_first_row(seen: Survey, path: Path) -> None:
    """Raise InputError if the header stands below a title, or below a line for a spreadsheet."""
    first, rows = seen.rows[0], [row for row in seen.rows[1:] if len(row) == seen.width]
    is_for_spreadsheet = first[0].lower().startswith("sep=")
    if rows and (seen.fit < 2 or is_for_spreadsheet) and is_header(rows[0], rows[1:]):
        raise InputError(
            f"{path}: row 1 ({first[0][:60]!r}) is no header, which begins with {rows[0][0]!r}: "
            "delete what is above it"
        )


def likelihood(seen: Survey, dialect: Dialect) -> tuple[bool, int, bool, float]:
    """How well a reading fits the rows, as a value to be compared."""
    quoted = [row for row in seen.rows if any(is_quoted(cell) for cell in row)]
    believed = dialect.quotes != "none" or len(quoted) <= (1 - TABLE_SHARE) * len(seen.rows)
    return believed, seen.fit, seen.is_whole, round(seen.share, 1)


def is_quoted(cell: str) -> bool:
    """Whether a cell has quotes around it."""
    return len(cell) > 1 and cell[0] == cell[-1] == '"'


def survey(content: bytes, dialect: Dialect, most: int | None = None) -> Survey:
    """Read the rows, or the `most` first ones; of many rows every second, fourth, ... is kept."""
    csv.field_size_limit(MAX_CELL_BYTES)
    stream, reading = open_text(content, dialect)
    rows: list[list[str]] = []
    widths: Counter[int] = Counter()
    step = 1
    try:
        for row in islice(csv.reader(stream, strict=True, **reading), most):
            if not row:
                continue
            if widths.total() % step == 0:
                rows.append(row)
            widths[len(row)] += 1
            if len(rows) == 2 * SAMPLE_ROWS:
                rows, step = rows[::2], 2 * step
    except csv.Error:
        # The head of a longer file ends within a row.
        return Survey(rows, widths, is_whole=most is not None and len(content) >= SAMPLE_BYTES - 4)
    return Survey(rows, widths, is_whole=True)


def is_header(row: list[str], body: list[list[str]]) -> bool:
    """Whether a row holds the names of columns.

    None is a number, and one of them is known, or a part of one is, or a column has a number in
    almost every row below.
    """
    names = [name for name in row if name.strip()]
    if any(NUMBER.fullmatch(name.strip()) for name in names):
        return False
    if {plain(name) for name in names} & KNOWN_HEADERS:
        return True
    if any(len(name) > LONGEST_HEADER for name in names):
        return False
    parts = {plain(part) for name in names for part in re.split(r"[\W_]+", name)}
    is_short = all(len(name.split()) < 3 for name in names)
    columns = zip(*body, strict=True)
    numbers = [sum(bool(NUMBER.fullmatch(cell)) for cell in cells) for cells in columns]
    return bool(
        (is_short and parts & KNOWN_HEADERS)
        or any(count >= TABLE_SHARE * len(body) > 0 for count in numbers)
    )
