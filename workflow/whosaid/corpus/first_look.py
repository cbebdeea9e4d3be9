"""A first look at files of dialogue lines: how they are written, and what a config must say."""

import glob
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from whosaid.config.corpus_files import corpus_files
from whosaid.config.corpus_section import Corpus as CorpusSection
from whosaid.corpus.column_guesses import guess_columns
from whosaid.corpus.detect_form import detect_form
from whosaid.corpus.fields import PUBLISHED, headers_of
from whosaid.corpus.read_corpus import Corpus, read_corpus
from whosaid.corpus.suggest_keys import Suggested, suggest_keys, suggest_question
from whosaid.errors import InputError

MOST_DOUBLED = 0.5
"""If more of the lines than this have a text that stands twice, the file may stand twice."""


class FirstLook(NamedTuple):
    """The keys of the section `corpus`, the corpus that they give, and what a user should know.

    `lacking` of all `rows` have no speaker or no line.
    """

    keys: dict[str, Any]
    corpus: Corpus
    notes: list[str]
    lacking: int
    rows: int


def first_look(csv: str, named: Mapping[str, str], encoding: str | None = None) -> FirstLook:
    """Look at the file, or the files of the pattern, `csv`.

    `named` has headers that the user gives, by field. Raises InputError with one line if there is
    no file, or if it cannot be read as a corpus.
    """
    if os.path.isdir(csv):
        raise InputError(f"{csv}: this is a folder; give a pattern of files, as '{csv}/*.csv'")
    if not glob.has_magic(csv) and not os.path.exists(csv):
        raise InputError(f"{csv}: no such file")
    try:
        files = corpus_files([csv])
    except ValueError as error:
        raise InputError(str(error)) from None
    form = detect_form(Path(files[0]), encoding)
    keys: dict[str, Any] = {"csv": csv, **form.keys}
    if not named and (corpus := published_corpus(form.sample, keys)):
        found, notes = Suggested({}, [], 0, len(corpus.lines)), []
    else:
        columns, telling = guess_columns(form.sample, named, Path(files[0]))
        keys["columns"] = columns
        notes = notes_on_columns(form.sample, columns, telling, "header" in keys)
        found = suggest_keys(section_of(keys), files)
        keys |= found.keys
        corpus = read_corpus(section_of(keys))
    notes += found.notes
    doubled = corpus.lines["line"].duplicated(keep=False).mean()
    if doubled > MOST_DOUBLED:
        notes.append(
            f"{doubled:.0%} of the lines have a text that stands more than once: does the file "
            "stand twice?"
        )
    column = headers_of(section_of(keys)["columns"])["speaker"]
    keys |= suggest_question(corpus.speakers, column, csv)
    return FirstLook(keys, corpus, notes, found.lacking, found.rows)


def section_of(keys: Mapping[str, Any]) -> dict[str, Any]:
    """The section `corpus` of a config with these keys and all others at their defaults."""
    asked = {"target_speaker": None, "question": "speakers", "top_speakers": 2}
    return CorpusSection.model_validate(asked | dict(keys)).model_dump(mode="json")


def published_corpus(sample: pd.DataFrame, keys: Mapping[str, Any]) -> Corpus | None:
    """The corpus, if it has the published form."""
    if list(sample.columns) != list(PUBLISHED.values()):
        return None
    try:
        return read_corpus(section_of(keys))
    except InputError:  # the twelve columns, but not their types
        return None


def notes_on_columns(
    sample: pd.DataFrame, columns: Mapping[str, Any], telling: list[str], is_headless: bool
) -> list[str]:
    """What is not seen in the config: columns that were left out, and a header that was made up."""
    notes = []
    if is_headless:
        notes.append(
            "No row seems to hold the names of columns, so the first row was read as a line."
        )
    if telling:
        names = ", ".join(map(repr, telling))
        notes.append(f"Left out, since their values almost tell the speaker: {names}.")
    used = {*columns.get("extra", {}).values(), *telling}
    used |= {header for field, header in columns.items() if field != "extra"}
    unused = [name for name in sample if name.strip() and name not in used]
    if unused:
        notes.append(f"Columns that are not used: {', '.join(map(repr, unused))}.")
    return notes
