"""The keys of a config that the rows and names of a corpus call for, at a first look."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from whosaid.config.speaker_names import normalise_name
from whosaid.corpus.fields import has_speaker_and_line, headers_of
from whosaid.corpus.read_files import Table, read_table
from whosaid.corpus.scenes import find_scenes
from whosaid.corpus.spellings import groups_of_spellings, plain
from whosaid.errors import InputError
from whosaid.split_names import SPLITS

MOST_CLASSES = 10
FEWEST_LINES = 4 * len(SPLITS)
"""A speaker with fewer lines is no class: each split would hold a line or two."""

MISSING = ("NA", "N/A", "nan", "NaN", "NULL", "null", "<NA>")
"""How programs write that there is no value."""

NO_SPEAKERS = {"scenedescription", "scenedirection", "stagedirection", "stagedirections"}
NO_SPEAKERS |= {"deleted", "removed"}
"""What stands in a column of speakers, without blanks and signs, where nobody speaks."""

NOBODY = {"all", "everyone", "everybody", "both", "crowd", "unknown", "narrator"}
"""Speakers whom a question should not be about unless the user asks for it."""

LINES_PER_SCENE = (2, 200)
"""A scene has so many lines on average; else a mark of scenes is an accident."""


class Suggested(NamedTuple):
    """The keys, what the user should know of them, and how many of the rows lack a part."""

    keys: dict[str, Any]
    notes: list[str]
    lacking: int
    rows: int


def suggest_keys(section: Mapping[str, Any], files: Sequence[str]) -> Suggested:
    """The keys of `corpus` that these files call for beside those of the `section`.

    Raises InputError with one line if a file cannot be read.
    """
    wanted = headers_of(section["columns"])
    tables = [read_table(Path(name).read_bytes(), Path(name), section, wanted) for name in files]
    scenes = None if "scene" in wanted else scenes_by_order(tables)
    keys: dict[str, Any] = {} if scenes is None else {"scenes": scenes}
    cells = pd.concat([each.without_blank_lines().cells for each in tables]).fillna("")
    parts, notes = cells[["speaker", "line"]], []
    missing = {name: int((parts == name).to_numpy().sum()) for name in MISSING}
    if missing := {name: count for name, count in missing.items() if count}:
        keys["missing"] = list(missing)
        cells = cells.mask(cells.isin(keys["missing"]), "")
        found = ", ".join(f"{name} ({count:,})" for name, count in missing.items())
        notes.append(f"Cells that are read as empty: {found}. See `corpus.missing`.")
    has_both = has_speaker_and_line(cells)
    if not has_both.all():
        keys["rows_without_speaker_or_line"] = "drop"
    names = cells.loc[has_both, "speaker"].value_counts().to_dict()
    drop = [name for name in names if plain(name) in NO_SPEAKERS]
    # A file that was put together from others may have their headers between its rows.
    is_header = (cells["speaker"] == wanted["speaker"]) & (cells["line"] == wanted["line"])
    if is_header.any() and names[wanted["speaker"]] == is_header.sum():
        drop.append(wanted["speaker"])
    speakers = merged_names([name for name in names if name not in drop])
    if drop:
        speakers = {"normalise": "none", **speakers}
        speakers["drop"] = list({normalise_name(n, speakers["normalise"]): None for n in drop})
        found = ", ".join(f"{name!r} ({names[name]:,})" for name in drop)
        notes.append(f"Left out, since they are no speakers: {found}. See `speakers.drop`.")
    if speakers:
        keys["speakers"] = speakers
    return Suggested(keys, notes, int((~has_both).sum()), len(cells))


def scenes_by_order(tables: Sequence[Table]) -> str | None:
    """The value of `corpus.scenes` with which scenes have a usual length, or None."""
    for kind in ("blank_rows", "stage_directions"):
        lines = scenes = 0
        for table in tables:
            if kind != "blank_rows":
                table = table.without_blank_lines()
            cells = table.cells.fillna("")
            numbers, is_mark = find_scenes(table._replace(cells=cells), kind, 0)
            lines, scenes = lines + int((~is_mark).sum()), scenes + int(numbers.max())
        least, most = LINES_PER_SCENE
        if scenes > len(tables) and least <= lines / scenes <= most:
            return kind
    return None


def merged_names(names: Sequence[str]) -> dict[str, Any]:
    """The section `corpus.speakers` that makes one speaker of each group of spellings."""
    groups = groups_of_spellings(names)
    if not groups:
        return {}
    normalise = "none"
    for kind in ("strip", "casefold"):
        if any(len({normalise_name(n, kind) for n in group}) < len(group) for group in groups):
            normalise = kind
    aliases = {}
    for first, *others in groups:
        final = normalise_name(first, normalise)
        for other in others:
            if normalise_name(other, normalise) != final:
                aliases[normalise_name(other, normalise)] = final
    return {"normalise": normalise} | ({"aliases": aliases} if aliases else {})


def suggest_question(speakers: Mapping[str, int], column: str, source: str) -> dict[str, Any]:
    """Whose lines to look for, among how many speakers.

    `column` is the header of their column, `source` names the files. Raises InputError if only one
    speaker has enough lines.
    """
    often = [name for name, count in speakers.items() if count >= FEWEST_LINES]
    if len(often) < 2:
        count = f"{len(often) or 'no'} speaker{'s' * (not often)}"
        raise InputError(
            f"{source}: {count} with at least {FEWEST_LINES} lines, and a question needs two; they "
            f'were read from the column {column!r}: name another, as SPEAKER="..."'
        )
    people = [name for name in often if plain(name) not in NOBODY]
    return {
        "target_speaker": [*people, *often][0],
        "top_speakers": min(MOST_CLASSES, len(often)),
    }
