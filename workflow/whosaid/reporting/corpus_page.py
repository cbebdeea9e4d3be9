"""A first look at a corpus as a page: who speaks, what is empty, doubled or spelt in two ways."""

from collections.abc import Mapping

import pandas as pd

from whosaid.corpus.spellings import groups_of_spellings
from whosaid.reporting.formats import COUNT, rendered
from whosaid.reporting.markdown import escaped, table

MOST_SPEAKERS = 15
HEAD_ROWS = 5
LONGEST_CELL = 60
LEFT_OUT = {
    "scene_marks": "marks of scenes",
    "without_speaker_or_line": "without speaker or line",
    "of_dropped_speakers": "of dropped speakers",
}
"""What the rows are that `dropped` counts."""


def corpus_page(
    name: str,
    lines: pd.DataFrame,
    speaker_counts: Mapping[str, int],
    merged: Mapping[str, Mapping[str, int]],
    dropped: Mapping[str, int],
) -> str:
    """The page, as Markdown.

    `lines` are those of `lines.parquet`. `speaker_counts` has the lines of each speaker, `merged`
    by speaker the lines of each spelling that was merged, and `dropped` the rows that were left
    out, by reason.
    """
    return "\n\n".join(
        [
            f"# {escaped(name)}: the corpus",
            sizes(lines, speaker_counts, dropped),
            "## The first lines",
            head(lines),
            "## The columns",
            columns(lines),
            "## Who speaks",
            speakers(speaker_counts, len(lines)),
            spellings(speaker_counts, merged),
            "## How long lines are",
            lengths(lines["line"]),
        ]
    )


def sizes(
    lines: pd.DataFrame, speaker_counts: Mapping[str, int], dropped: Mapping[str, int]
) -> str:
    """How many lines, speakers, doubled texts, and rows that were left out."""
    doubled = int(lines["line"].duplicated(keep=False).sum())
    share = rendered(doubled / len(lines), "percent")
    megabytes = lines.memory_usage(deep=True).sum() / 2**20
    left_out = ", ".join(
        f"{count:,} {LEFT_OUT[reason]}" for reason, count in dropped.items() if count
    )
    return (
        f"{len(lines):,} lines of {len(speaker_counts):,} speakers, {megabytes:.1f} MiB in "
        f"memory. {doubled:,} lines ({share}) have a text that stands more than once."
        + (f" Rows left out: {left_out}." if left_out else "")
    )


def head(lines: pd.DataFrame) -> str:
    """The first rows, with long texts cut."""
    rows = lines.head(HEAD_ROWS).astype(str).to_numpy().tolist()
    return table([[escaped(shortened(cell)) for cell in row] for row in rows], list(lines))


def shortened(text: str) -> str:
    """The text in one line, cut if it is too long for a cell."""
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 1] + "…"


def columns(lines: pd.DataFrame) -> str:
    """Type, empty cells, distinct values and the most frequent value of each column."""
    rows = []
    for name in lines:
        values = lines[name].astype(str)
        empty = int((values.str.strip() == "").sum())
        often = values[values.str.strip() != ""].mode()
        most = ""
        if name != "row" and len(often):
            count = int((values == often.iloc[0]).sum())
            most = f"{escaped(shortened(often.iloc[0]))} ({count:,})"
        kind = "whole number" if pd.api.types.is_integer_dtype(lines[name]) else "text"
        rows.append([name, kind, f"{empty:,}", f"{values.nunique():,}", most])
    return table(rows, ["column", "type", "empty", "distinct values", "most frequent"])


def speakers(counts: Mapping[str, int], lines: int) -> str:
    """The most frequent speakers with their shares of the lines."""
    top = list(counts.items())[:MOST_SPEAKERS]
    rows = [[escaped(n), format(c, COUNT), rendered(c / lines, "percent")] for n, c in top]
    rest = len(counts) - len(top)
    if rest:
        others = lines - sum(count for _, count in top)
        share = rendered(others / lines, "percent")
        rows.append([f"{rest:,} others", format(others, COUNT), share])
    return table(rows, ["speaker", "lines", "share"])


def spellings(speaker_counts: Mapping[str, int], merged: Mapping[str, Mapping[str, int]]) -> str:
    """Which names were merged, and which differ only in case, blanks, signs or an aside."""
    parts = []
    for name, found in merged.items():
        written = ", ".join(f"{escaped(repr(each))} ({rows:,})" for each, rows in found.items())
        parts.append(f"- Merged into {escaped(name)}: {written}.")
    for group in groups_of_spellings(speaker_counts):
        written = ", ".join(f"{escaped(repr(n))} ({speaker_counts[n]:,})" for n in group)
        parts.append(f"- Perhaps one speaker: {written}; `corpus.speakers.aliases` merges them.")
    return "\n".join(parts) or "No two names differ only in case, blanks, signs or an aside."


def lengths(texts: pd.Series) -> str:
    """Quartiles and extremes of the number of words and characters of a line."""
    of = {"words": texts.str.split().map(len), "characters": texts.map(len)}
    names = {"mean": "mean", "min": "shortest", "25%": "a quarter has at most", "50%": "half has"}
    names |= {"75%": "three quarters have", "max": "longest"}
    described = {unit: values.describe() for unit, values in of.items()}
    # Ten or more without decimals: nobody needs a mean of 10,234.56 characters.
    rows = [
        [unit, *(f"{v:,.0f}" if (v := found[key]) >= 10 else f"{v:.3g}" for key in names)]
        for unit, found in described.items()
    ]
    return table(rows, ["", *names.values()])
