"""The steps before the split: select and label lines, drop duplicates, annotate texts."""

from collections.abc import Sequence
from typing import Literal, assert_never

import pandas as pd

from whosaid.corpus.label_names import OTHERS, label_names
from whosaid.corpus.normalise_text import normalise
from whosaid.errors import InputError


def select_speakers(
    lines: pd.DataFrame,
    target_speaker: str | None,
    top_speakers: int,
    other_speakers: Literal["drop", "class"] = "drop",
) -> tuple[pd.DataFrame, list[str]]:
    """The lines of the `top_speakers` most frequent speakers with text and label, and label names.

    The lines are in file order; `text` is the column `line`, renamed. With a `target_speaker` the
    label is 1 for his lines, else 0. Without one it is the place of the speaker among the most
    frequent ones, and `other_speakers` says whether the lines of all others are left out or are one
    more class. Frequencies are counted over the whole file.
    """
    top = lines["speaker"].value_counts().index[:top_speakers].tolist()
    names = label_names(target_speaker, top)
    is_top = lines["speaker"].isin(top)
    if other_speakers == "class":
        if OTHERS in top:
            raise InputError(
                f"corpus.other_speakers: a speaker is called {OTHERS!r}; give him another name by "
                "corpus.speakers.aliases, or drop the other speakers"
            )
        names.append(OTHERS)
        is_top[:] = True
    kept = lines[is_top].rename(columns={"line": "text"})
    if target_speaker is not None:
        return kept.assign(label=(kept["speaker"] == target_speaker).astype("int8")), names
    places = {speaker: place for place, speaker in enumerate(top)}
    return kept.assign(label=kept["speaker"].map(places).fillna(len(top)).astype("int8")), names


def drop_duplicates(
    lines: pd.DataFrame, deduplicate: Literal["exact", "normalised"] | None
) -> pd.DataFrame:
    """The first line of each text; `normalised` ignores case, punctuation and spacing."""
    match deduplicate:
        case None:
            return lines
        case "exact":
            texts = lines["text"]
        case "normalised":
            texts = lines["text"].map(normalise)
        case _:
            assert_never(deduplicate)
    return lines[~texts.duplicated()]


def annotate_texts(lines: pd.DataFrame, columns: Sequence[str]) -> tuple[pd.Series, list[str]]:
    """The texts with ` [value]` of each column appended, and the distinct tags.

    Tags are listed column by column, in order of appearance. An empty cell adds nothing.
    """
    texts, tokens = lines["text"], {}
    for column in columns:
        values = lines[column].astype(str)
        tags = ("[" + values + "]").where(values != "", "")
        tokens |= dict.fromkeys(tag for tag in tags.unique() if tag)
        texts = texts + (" " + tags).where(tags != "", "")
    return texts, list(tokens)
