"""Guesses the form of a file of dialogue lines, for a first look at it.

A run never guesses: what is found here is written into a config, where everybody can read it.
"""

import csv
import io
import re
import unicodedata
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow.parquet as pq
from charset_normalizer import from_bytes

from whosaid.corpus.delimited import Dialect, open_text
from whosaid.corpus.fields import PUBLISHED
from whosaid.corpus.file_kinds import check_kind, fits_encoding, unpacked
from whosaid.corpus.headers import SEPARATORS
from whosaid.corpus.spellings import plain
from whosaid.errors import InputError

NAMES = {
    "speaker": "speaker character name charactername who person role rawcharactertext author user "
    "username sender from speakername saidby said figure sprecher personnage personaje",
    "line": "line dialogue text sentence utterance spokenwords quote speech message content lines "
    "spokenline lineraw linetext dialog body said zeile replique",
    "season": "season seasonnumber seasonno seasonid series staffel saison temporada",
    "episode": "episode episodenumber episodeno episodeid ep epno seid episodetitle movie movieid "
    "film filmid book chapter play conversation conversationid dialogid folge act",
    "scene": "scene scenenumber sceneno sceneid szene",
}
"""How columns are called in scripts that people share, without blanks and signs, best first."""

FORMS = {".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}
TRIED = (*SEPARATORS, " ")
"""The separators that are tried, in this order where several fit equally well."""

UNUSUAL = ["mac_cyrillic", "mac_greek", "mac_turkish", "mac_latin2", "mac_roman", "mac_iceland"]
"""Encodings that look like others and that hardly any file has today."""

SAMPLE_BYTES = 2**20
SAMPLE_ROWS = 500
LONGEST_NAME = 60
"""A column whose values have more letters on average holds no names."""

FEWEST_REPEATS = 3
"""A column of categories has on average at least so many rows of each value."""


class Detected(NamedTuple):
    """What a file seems to be: keys of the config's section `corpus`, and its first rows."""

    keys: dict[str, Any]
    sample: pd.DataFrame


def detect(path: Path, named: dict[str, str]) -> Detected:
    """The form of the file at `path`. `named` holds headers that the user gives, by field.

    Raises InputError with one line if the file cannot be a table, or if it is not clear which
    column holds the speakers or the lines.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    form = FORMS.get(suffixes[-1] if suffixes else "", "csv")
    content = unpacked(path.read_bytes(), path)
    check_kind(content, path, form)
    keys: dict[str, Any] = {"csv": str(path), "format": form}
    if form == "parquet":
        sample = pq.read_table(io.BytesIO(content)).slice(0, SAMPLE_ROWS).to_pandas().astype(str)
    else:
        encoding = find_encoding(content)
        keys |= {"encoding": encoding} if encoding != "utf-8" else {}
        if form == "jsonl":
            sample = read_objects(content, encoding, path)
        else:
            found, sample = find_table(content, encoding, path)
            keys |= found
    if list(sample.columns) == list(PUBLISHED.values()) and not named:
        return Detected(keys, sample)
    return Detected(keys | {"columns": find_columns(sample, named, path)}, sample)


def find_encoding(content: bytes) -> str:
    """UTF-8 if the content is, else what `charset_normalizer` thinks of its first megabyte."""
    if fits_encoding(content, "utf-8"):
        return "utf-8"
    sample = content[:SAMPLE_BYTES]
    best = from_bytes(sample, cp_exclusion=UNUSUAL).best()
    encoding = best.encoding if best else "cp1252"
    letters = {sign for sign in sample.decode(encoding, "ignore") if sign > "~" and sign.isalpha()}
    # A few accents do not tell one Latin code page from another, and this one is usual.
    is_latin = all(unicodedata.name(sign, "").startswith("LATIN") for sign in letters)
    return "cp1252" if is_latin and fits_encoding(content, "cp1252") else encoding


def read_objects(content: bytes, encoding: str, path: Path) -> pd.DataFrame:
    """The first objects of a file of JSON lines, inner ones under names with dots."""
    lines = content.decode(encoding, "replace").splitlines()
    texts = [line for line in islice(lines, SAMPLE_ROWS) if line.strip()]
    try:
        frame = pd.read_json(io.StringIO("\n".join(texts)), lines=True, dtype=False)
        frame = pd.json_normalize(frame.to_dict("records"))
    except (ValueError, AttributeError) as error:
        raise InputError(
            f"{path}: no JSON object on each line ({error}); convert the file to JSON Lines or CSV"
        ) from None
    return frame.fillna("").astype(str)


def find_table(content: bytes, encoding: str, path: Path) -> tuple[dict[str, Any], pd.DataFrame]:
    """The separator and, if no row holds names, the header of a table; and its first rows.

    The separator wins that gives most rows the same number of cells, and the first row too.
    """
    found: list[tuple[bool, float, str, list[list[str]]]] = []
    for separator in TRIED:
        rows = [row for row in first_rows(content, Dialect(separator, encoding, None)) if row]
        widths = pd.Series([len(row) for row in rows], dtype=int)
        if widths.empty or (width := int(widths.mode().iloc[0])) < 2:
            continue
        share = round(float((widths == width).mean()), 1)
        found.append((len(rows[0]) == width, share, separator, rows))
    if not found:
        raise InputError(
            f"{path}: one column, whatever separator is tried; a script needs at least a speaker "
            "and a line in each row, so save it as CSV"
        )
    *_, separator, rows = max(found, key=lambda each: each[:2])  # the first of several
    keys: dict[str, Any] = {} if separator == "," else {"separator": separator}
    header, body = rows[0], rows[1:]
    if body and {len(row) for row in body} == {len(header) + 1}:
        raise InputError(
            f"{path}: {len(header) + 1} cells in each row where the header has {len(header)}; "
            "write a name for the first column into the header"
        )
    if not is_header(header):
        header, body = [f"column_{number}" for number in range(1, len(header) + 1)], rows
        keys["header"] = header
    body = [row for row in body if len(row) == len(header)]
    table = pd.DataFrame(body, columns=header).astype(str)
    # A separator at the end of the rows makes a column without a name, beside that of an index.
    return keys, table if header.count("") < 2 else table.drop(columns="")


def first_rows(content: bytes, dialect: Dialect) -> list[list[str]]:
    """The first rows, as far as a reader that allows open quotes understands them."""
    # The sample may end within a character.
    text = content[:SAMPLE_BYTES].decode(dialect.encoding, "ignore")
    sample = text.encode(dialect.encoding)
    stream, reading = open_text(sample, dialect)
    rows: list[list[str]] = []
    try:
        for row in islice(csv.reader(stream, **reading), SAMPLE_ROWS):
            rows.append(row)
    except csv.Error:
        pass  # an unclosed quote or a zero byte: the rows before it are enough for a guess
    return rows[:-1] if len(rows) > 1 and len(content) > SAMPLE_BYTES else rows


def is_header(row: list[str]) -> bool:
    """Whether a row holds the names of columns: one of them is known, and no name stands twice."""
    known = {name for names in NAMES.values() for name in names.split()}
    names = [name for name in row if name.strip()]
    return bool({plain(name) for name in names} & known) and len({*names}) == len(names)


def find_columns(sample: pd.DataFrame, named: dict[str, str], path: Path) -> dict[str, Any]:
    """The section `corpus.columns`: by the names of the columns, else by what they hold."""
    columns: dict[str, Any] = dict(named)
    for field, names in NAMES.items():
        free = {plain(str(name)): name for name in sample if name not in columns.values()}
        match = next((free[name] for name in names.split() if name in free), None)
        if field in columns or match is None:
            continue
        if field != "speaker" or looks_like_names(sample[match]):
            columns[field] = match
    texts = [name for name in sample if name not in columns.values()]
    if "line" not in columns and texts:
        lengths = sample[texts].map(len).mean()
        columns["line"] = str(lengths.idxmax())
    if "speaker" not in columns:
        names = [n for n in texts if n != columns.get("line") and looks_like_names(sample[n])]
        if names:
            # Names have no digits, unlike numbers of speakers.
            columns["speaker"] = max(
                names,
                key=lambda n: (not sample[n].str.contains(r"\d").any(), sample[n].nunique()),
            )
    missing = [field for field in ("speaker", "line") if field not in columns]
    if missing:
        example = " ".join(f'{field.upper()}="..."' for field in missing)
        raise InputError(
            f"{path}: no column seems to hold the {' or the '.join(missing)}s; name it, as "
            f"{example}; the columns are {', '.join(map(repr, list(sample)[:30]))}"
        )
    for field, header in columns.items():
        if header not in sample.columns:
            raise InputError(
                f"{path}: {field.upper()}={header}: no such column; the columns are "
                f"{', '.join(map(repr, list(sample)[:30]))}"
            )
    found = {field: columns[field] for field in NAMES if field in columns}
    rest = (name for name in sample if name not in found.values())
    extra = {
        name_of(header): header for header in rest if is_category(sample[header]) and header.strip()
    }
    return found | ({"extra": extra} if extra else {})


def looks_like_names(values: pd.Series) -> bool:
    """Whether the values are short texts that are no numbers and stand in several rows each."""
    given = values[values.str.strip() != ""]
    if given.empty or given.str.fullmatch(r"[\d.,:/ -]+").mean() > 0.5:
        return False
    return bool(given.map(len).mean() <= LONGEST_NAME and given.nunique() < len(given))


def is_category(values: pd.Series) -> bool:
    """Whether the values are few enough to say something about a line: a director, a place."""
    given = values[values.str.strip() != ""]
    return bool(1 < given.nunique() <= len(given) / FEWEST_REPEATS) and looks_like_names(values)


def name_of(header: str) -> str:
    """A plain name for a column with this header."""
    name = re.sub(r"\W+", "_", header.strip().casefold()).strip("_") or "column"
    return name if re.match(r"[a-z]", name) else f"column_{name}"
