"""Reads the corpus: files of any form become one table of lines.

`read_corpus` takes the section `corpus` of the config as a dict with all its keys, as
`Corpus(...).model_dump()` of the config model gives it, and returns a `Corpus`: the lines, their
types as they are stored, and what was found, merged and dropped on the way. It raises InputError
with one line at the first file or question that will not do.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa

from whosaid.config.corpus_files import corpus_files
from whosaid.config.speaker_names import final_name
from whosaid.corpus.fields import (
    empty_columns,
    has_speaker_and_line,
    headers_of,
    schema_of,
    typed,
)
from whosaid.corpus.headers import have_same_columns, nearest, shown
from whosaid.corpus.read_files import read_table
from whosaid.corpus.scenes import find_scenes
from whosaid.corpus.speakers import check_look_alikes, rename_speakers
from whosaid.corpus.word_blanks import has_word_blanks
from whosaid.errors import InputError


class Corpus(NamedTuple):
    """The lines of all files, in file order, and what is known of them.

    `speakers` holds the number of lines of each speaker, the most frequent first; `files` the
    SHA-256 of each file by its name; `merged` the spellings, with their numbers of rows, of each
    speaker that has several; `dropped` the numbers of rows that were left out, by reason, and
    `dropped_speakers` those of the speakers among them.
    """

    lines: pd.DataFrame
    schema: pa.Schema
    speakers: dict[str, int]
    target_speaker: str | None
    files: dict[str, str]
    merged: dict[str, dict[str, int]]
    dropped: dict[str, int]
    dropped_speakers: dict[str, int]
    empty_columns: list[str]
    has_word_blanks: bool


def read_corpus(section: Mapping[str, Any]) -> Corpus:
    """The corpus of the files that `section` names, checked for the question that it asks.

    Each file is read once, so the same bytes are digested, checked and stored.
    """
    paths = [section["csv"]] if isinstance(section["csv"], str) else list(section["csv"])
    try:
        names = corpus_files(paths)
    except ValueError as error:
        raise InputError(f"corpus.csv: {error}") from None
    is_published = section["columns"] is None
    digests: dict[str, str] = {}
    read: list[FileLines] = []
    files = [Path(name) for name in names]
    for name, path in zip(names, files, strict=True):
        content = path.read_bytes()
        digests[name] = hashlib.sha256(content).hexdigest()
        rows, scenes = sum(each.rows for each in read), sum(each.scenes for each in read)
        read.append(read_file(content, path, section, rows, scenes))
        if not have_same_columns(read[-1].header, read[0].header):
            raise InputError(other_header(path, read[-1].header, files[0], read[0].header))
    parts = [each.lines for each in read]
    lines = pd.concat(parts, ignore_index=True)
    source = str(files[0]) if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"
    if not len(lines):
        raise InputError(f"{source}: no row has a speaker and a line")
    if len(files) > 1:
        check_rows(lines, files, parts)
    renamed = rename_speakers(lines, section["speakers"], source)
    lines = renamed.lines
    if not len(lines):
        raise InputError(
            f"{source}: corpus.speakers.drop leaves nobody, since it names all "
            f"{len(renamed.dropped)} speakers; take two or more out of it"
        )
    dropped = {
        "scene_marks": sum(each.scene_marks for each in read),
        "without_speaker_or_line": sum(each.without_speaker_or_line for each in read),
        "of_dropped_speakers": sum(renamed.dropped.values()),
    }
    speakers = lines["speaker"].value_counts().to_dict()
    target, names = section["target_speaker"], section["speakers"]
    if target is not None:
        target = final_name(target, names["normalise"], names["aliases"])
    check_question(speakers, target, section, source)
    return Corpus(
        lines=lines,
        schema=schema_of(list(lines.columns), is_published),
        speakers=speakers,
        target_speaker=target,
        files=digests,
        merged=renamed.merged,
        dropped=dropped,
        dropped_speakers=renamed.dropped,
        empty_columns=empty_columns(lines),
        has_word_blanks=has_word_blanks(lines["line"]),
    )


class FileLines(NamedTuple):
    """The lines of one file.

    `header` holds the names of its columns, if all rows have the same; `rows` counts the dropped
    ones too, `scene_marks` and `without_speaker_or_line` are these; `scenes` are those found by
    order.
    """

    lines: pd.DataFrame
    header: list[str] | None
    rows: int
    scenes: int
    scene_marks: int
    without_speaker_or_line: int


def read_file(
    content: bytes, path: Path, section: Mapping[str, Any], rows: int, scenes: int
) -> FileLines:
    """The lines of one file, which follows so many `rows` and `scenes` of other files."""
    columns = section["columns"]
    wanted = headers_of(columns)
    table = read_table(content, path, section, wanted)
    if section["scenes"] != "blank_rows":
        table = table.without_blank_lines()
    cells, count = table.cells.fillna(""), len(table.cells)
    if "row" not in wanted:
        cells = cells.assign(row=[str(number) for number in range(rows, rows + count)])
    marks = lacking = found = 0
    if section["scenes"] is not None:
        numbers, is_mark = find_scenes(table._replace(cells=cells), section["scenes"], scenes)
        cells, marks = cells.assign(scene=numbers.astype("str"))[~is_mark], int(is_mark.sum())
        found = int(numbers.max()) - scenes if count else 0
    if section["rows_without_speaker_or_line"] == "drop":
        has_both = has_speaker_and_line(cells)
        cells, lacking = cells[has_both], int((~has_both).sum())
    order = [name for name in ORDER if name in cells.columns]
    cells = cells[[*order, *(name for name in cells.columns if name not in order)]]
    has_header_row = section["format"] in ("csv", "tsv") and section["header"] is None
    lines = typed(cells, path, columns is None, HEADER_ROW if has_header_row else "")
    return FileLines(lines, table.header, count, found, marks, lacking)


HEADER_ROW = " (the header is row 1)"
ORDER = ("row", "season", "episode", "title", "scene", "speaker", "line")
"""The order in which columns are stored; others follow as they are mapped."""


def check_rows(lines: pd.DataFrame, files: list[Path], parts: list[pd.DataFrame]) -> None:
    """Raise InputError if a number of a row stands in two files."""
    is_doubled = lines["row"].duplicated()
    if is_doubled.any():
        number = lines.loc[is_doubled, "row"].iloc[0]
        first, other, *_ = [
            path for path, part in zip(files, parts, strict=True) if (part["row"] == number).any()
        ]
        raise InputError(
            f"{other}: row number {number} also stands in {first}; correct the numbers, or map the "
            "columns under corpus.columns without row: then rows are counted over all files"
        )


def other_header(path: Path, names: list[str], first: Path, header: list[str]) -> str:
    """What is wrong with a file that has not the header of the first one."""
    ours, theirs = set(names), set(header)
    faults = [
        *(f"no {shown(name)}" for name in header if name not in ours),
        *(f"{shown(name)} too" for name in names if name not in theirs),
    ]
    said = ", ".join(faults[:6]) or "the same columns in another order"
    return (
        f"{path}, header: not that of {first} ({said}); all files must have the same header: "
        "correct the file or leave it out of corpus.csv"
    )


def check_question(
    speakers: Mapping[str, int], target: str | None, section: Mapping[str, Any], source: str
) -> None:
    """Raise InputError unless the target, if there is one, is one of the `top_speakers`.

    Two of their names that seem to be one person's are refused first.
    """
    asked = section["top_speakers"]
    top = list(speakers)[:asked]
    check_look_alikes(top, speakers, section["speakers"], source)
    if len(speakers) < 2:
        raise InputError(
            f"{source}: only {top[0]!r} speaks, and a question needs two speakers; check "
            "the column of the speakers"
        )
    if len(top) < asked:
        allowed = f"2 to {len(speakers)}" if len(speakers) > 2 else "2"
        raise InputError(
            f"{source}: {len(speakers)} speakers, but corpus.top_speakers is {asked}; "
            f"set it to {allowed}"
        )
    if target is not None and target not in top:
        count = speakers.get(target)
        hint = f" ({target!r} has {count:,})" if count else nearest(target, speakers)
        raise InputError(
            f"{source}: corpus.target_speaker {target!r} is not among the {asked} most frequent "
            f"speakers: {', '.join(top)}{hint}"
        )
