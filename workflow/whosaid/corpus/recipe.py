"""The steps before the split: select and label lines, drop duplicates, annotate texts."""

from collections.abc import Sequence
from typing import Literal, assert_never

import pandas as pd

from whosaid.corpus.normalise_text import normalise


def select_speakers(lines: pd.DataFrame, target_speaker: str, top_speakers: int) -> pd.DataFrame:
    """The lines of the `top_speakers` most frequent speakers, in file order, with text and label.

    `text` is the column `line`, renamed. `label` is 1 where the speaker is `target_speaker`, else
    0. Frequencies are counted over the whole file.
    """
    top = lines["speaker"].value_counts().index[:top_speakers]
    kept = lines[lines["speaker"].isin(top)].rename(columns={"line": "text"})
    return kept.assign(label=(kept["speaker"] == target_speaker).astype("int8"))


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
