"""Guesses which column of a file holds the speakers, the lines and the rest."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from whosaid.config.column_names import TAKEN_NAMES
from whosaid.corpus.spellings import plain
from whosaid.errors import InputError

NAMES = {
    "season": "season seasonnumber seasonno seasonid series staffel saison temporada",
    "episode": "episode episodenumber episodeno episodeid ep epno seid episodetitle movie movieid "
    "moviename movietitle film filmid book chapter chapternumber play debate debatename session "
    "sessionid meeting sitting conversation conversationid dialog dialogid dialogueid threadid "
    "folge act",
    "scene": "scene scenenumber sceneno sceneid szene dialogid dialogueid conversationid",
    "speaker": "speaker character name charactername who person role rawcharactertext char author "
    "user username sender from speakername saidby said figure sprecher personnage personaje",
    "line": "line dialogue text sentence utterance spokenwords quote speech message content lines "
    "spokenline lineraw linetext fulltext dialog body said zeile replique",
}
"""How columns are called in scripts that people share, without blanks and signs, best first."""

KNOWN_HEADERS = {name for names in NAMES.values() for name in names.split()}
LONGEST_NAME = 60
"""A column whose values have more letters on average holds no names."""

FEWEST_REPEATS = 3
"""A column of categories has on average at least so many rows of each value."""

FINER = 3
"""A column that has so many times as many values as another divides its parts further."""

OF_ONE_SPEAKER = 0.9
"""A column tells the speaker if each value's most frequent speaker has this share of all rows."""

IDENTIFIER = r"[0-9a-f-]{12,}|[\d.,:/ -]+"
"""Numbers, dates, times, and the identifiers of databases: no names."""


def guess_columns(
    sample: pd.DataFrame, named: Mapping[str, str], path: Path
) -> tuple[dict[str, Any], list[str]]:
    """The section `corpus.columns`, and the columns that were left out since they tell the speaker.

    Columns are found by their names, else by what they hold; `named` has headers that the user
    gives, by field. Raises InputError with one line if there is no such column, or if it is not
    clear which one holds the speakers or the lines.
    """
    check_named(named)
    columns = dict(named)
    for field, header in columns.items():
        if header not in sample.columns:
            raise InputError(f"{path}: {field.upper()}={header}: no such column; {listed(sample)}")
    for field in NAMES:
        if field not in columns and (known := known_columns(sample, field, columns)):
            columns[field] = known[0]
    split_parts(sample, columns, named)
    texts = [name for name in sample if name not in columns.values()]
    if "line" not in columns and texts:
        columns["line"] = str(sample[texts].map(len).mean().idxmax())
    if "speaker" not in columns:
        names = [n for n in texts if n != columns.get("line") and looks_like_names(sample[n])]
        if names:
            # Names have no digits, unlike numbers of speakers.
            columns["speaker"] = max(
                names,
                key=lambda n: (sample[n].str.contains(r"\d").mean() < 0.5, sample[n].nunique()),
            )
    called = known_columns(sample, "speaker", columns, any_value)
    if "speaker" not in columns and called:
        columns["speaker"] = called[0]  # whatever it holds
    if missing := [field for field in ("speaker", "line") if field not in columns]:
        example = " ".join(f'{field.upper()}="..."' for field in missing)
        raise InputError(
            f"{path}: no column seems to hold the {' or the '.join(missing)}s; name it, as "
            f"{example}; {listed(sample)}"
        )
    fields = ("speaker", "line", "season", "episode", "scene")
    found: dict[str, Any] = {field: columns[field] for field in fields if field in columns}
    rest = [name for name in sample if name not in found.values() and name.strip()]
    extra = [name for name in rest if is_category(sample[name])]
    telling = [name for name in extra if tells_speaker(sample[name], sample[found["speaker"]])]
    if mapped := {name_of(name): name for name in extra if name not in telling}:
        found["extra"] = mapped
    return found, telling


def check_named(named: Mapping[str, str]) -> None:
    """Raise InputError if the user names one header for two fields."""
    fields: dict[str, str] = {}
    for field, header in named.items():
        other = fields.setdefault(header, field)
        if other != field:
            raise InputError(
                f"{other.upper()}={header} {field.upper()}={header}: one column cannot hold both; "
                "name another column for one of them"
            )


def listed(sample: pd.DataFrame) -> str:
    """The names of the columns, for a message."""
    return f"the columns are {', '.join(map(repr, list(sample)[:30]))}"


def known_columns(
    sample: pd.DataFrame,
    field: str,
    columns: Mapping[str, str],
    is_fit: Callable[[pd.Series], bool] | None = None,
) -> list[str]:
    """The columns that are called as this field often is, and that no other field has taken.

    `is_fit` says whether values may be those of the field.
    """
    free = {plain(name): name for name in sample if name not in columns.values()}
    known = [free[name] for name in NAMES[field].split() if name in free]
    if field in ("speaker", "line"):
        # A name may have a longer one: `character_label`.
        known += [
            name
            for other in NAMES[field].split()
            for name in free.values()
            if name not in known and other in re.split(r"[\W_]+", name.casefold())
        ]
    is_fit = is_fit or {"speaker": looks_like_names, "line": holds_texts}.get(field, any_value)
    return [name for name in known if is_fit(sample[name])]


def any_value(values: pd.Series) -> bool:
    """Whether the values may be those of a field that can have any."""
    return True


def split_parts(sample: pd.DataFrame, columns: dict[str, str], named: Mapping[str, str]) -> None:
    """Take the finer of two columns for the episode and the coarser for the season, if none is.

    A book has chapters, and both names may be that of an episode.
    """
    if {"season", "episode"} & {*named} or "season" in columns or "episode" not in columns:
        return
    first = columns["episode"]
    others = {field: name for field, name in columns.items() if field != "episode"}
    counts = {name: sample[name].nunique() for name in known_columns(sample, "episode", others)}
    finer = [
        name
        for name, count in counts.items()
        if FINER * counts[first] <= count <= len(sample) / FEWEST_REPEATS
    ]
    if finer:
        columns["season"], columns["episode"] = first, finer[0]


def holds_texts(values: pd.Series) -> bool:
    """Whether half of the values that are given are no numbers or identifiers."""
    given = values[values.str.strip() != ""]
    return len(given) > 0 and bool(given.str.fullmatch(IDENTIFIER).mean() <= 0.5)


def looks_like_names(values: pd.Series) -> bool:
    """Whether the values are short texts that are no numbers and stand in several rows each."""
    given = values[values.str.strip() != ""]
    if not holds_texts(values):
        return False
    return bool(given.map(len).mean() <= LONGEST_NAME and given.nunique() < len(given))


def is_category(values: pd.Series) -> bool:
    """Whether the values are few enough to say something about a line: a director, a place."""
    given = values[values.str.strip() != ""]
    return bool(1 < given.nunique() <= len(given) / FEWEST_REPEATS) and looks_like_names(values)


def tells_speaker(values: pd.Series, speakers: pd.Series) -> bool:
    """Whether a value almost tells the speaker, as an actor's name does."""
    given = values.str.strip() != ""
    counts = pd.crosstab(values[given], speakers[given])
    always = speakers[given].value_counts().max()
    hits = counts.max(axis=1).sum()
    return bool(hits >= OF_ONE_SPEAKER * given.sum() > always)


def name_of(header: str) -> str:
    """A plain name for a column with this header, or for an experiment about this file."""
    name = re.sub(r"\W+", "_", header.strip().casefold()).strip("_") or "column"
    return name if re.match(r"[a-z]", name) and name not in TAKEN_NAMES else f"column_{name}"
