"""The context of lines: what is said around each of them, and who speaks there.

It comes from all of `lines.parquet`, before a recipe leaves lines out. The speaker of the line
itself is in no column but `scene_names`, where the recipe asks for all of a scene.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from whosaid.corpus.label_names import OTHERS

Span = tuple[np.ndarray, np.ndarray]
"""For each row the first position of its lines, and the position after the last."""


def blocks(groups: np.ndarray) -> Span:
    """The block of equal neighbours in `groups` that each position is in."""
    changes = np.flatnonzero(np.diff(groups)) + 1
    starts, ends = np.append(0, changes), np.append(changes, len(groups))
    lengths = ends - starts
    return np.repeat(starts, lengths), np.repeat(ends, lengths)


def spans_around(groups: np.ndarray, before: int | str, after: int | str) -> tuple[Span, Span]:
    """The lines before each position, and those after it, within its block of `groups`.

    `before` and `after` are numbers of lines; a text stands for all that the block has.
    """
    positions = np.arange(len(groups))
    start, end = blocks(groups)
    first = start if isinstance(before, str) else np.maximum(start, positions - before)
    last = end if isinstance(after, str) else np.minimum(end, positions + 1 + after)
    return (first, positions), (positions + 1, last)


def known_names(speakers: pd.Series, fewest_lines: int) -> pd.Series:
    """The name of each line's speaker; those with fewer lines than `fewest_lines` are OTHERS."""
    lines = speakers.map(speakers.value_counts())
    return speakers.where(lines >= fewest_lines, OTHERS)


def context_columns(
    lines: pd.DataFrame, scenes: np.ndarray, borders: np.ndarray, context: Mapping[str, Any]
) -> pd.DataFrame:
    """The columns of the context of all `lines`, which are in file order, by their `row`.

    `scenes` and `borders` are numbers for each line: of its scene, and of the block at whose ends
    the lines around it end. `context` has the keys of the config. Each cell is a list of texts.
    `before_texts` and `after_texts` hold what the lines say and `before_names` and `after_names`
    who speaks, in the order of the script; `scene_names` the speakers of the scene in alphabetical
    order. What the context does not give has no column. For scenes that are read once,
    `scene_number` is the same number for all lines of a scene.
    """
    before, after = spans_around(borders, context["before"], context["after"])
    names = known_names(lines["speaker"], context["fewest_lines"]).to_numpy()
    texts = lines["line"].to_numpy()
    columns: dict[str, list[Any]] = {}
    if context["texts"]:
        columns |= {"before_texts": cut(texts, before), "after_texts": cut(texts, after)}
    if context["names"] != "none":
        columns["before_names"] = cut(names, before)
    if context["names"] == "around":
        columns["after_names"] = cut(names, after)
    if context["scene_names"] is not None:
        columns["scene_names"] = scene_names(scenes, names, context["scene_names"] == "all")
    if context["reading"] == "scene":
        columns["scene_number"] = blocks(scenes)[0].tolist()
    return pd.DataFrame(columns, index=lines["row"])


def context_borders(
    lines: pd.DataFrame, units: Mapping[str, list[str]], across_scenes: bool
) -> np.ndarray:
    """A number for each line: of the scene, or `across_scenes` the episode, that it is in.

    `units` are the columns of each unit (see `unit_columns`). A corpus without episodes is one.
    """
    by = units.get("episode" if across_scenes else "scene")
    return lines.groupby(by).ngroup().to_numpy() if by else np.zeros(len(lines), int)


def cut(values: np.ndarray, span: Span) -> list[list[Any]]:
    """The `values` in the span of each row."""
    return [values[start:end].tolist() for start, end in zip(*span, strict=True)]


def scene_names(scenes: np.ndarray, names: np.ndarray, own_line_counts: bool) -> list[list[str]]:
    """For each line the `names` of its scene in alphabetical order, each once.

    Without `own_line_counts` those of the scene's other lines.
    """
    found: list[list[str]] = [[]] * len(names)
    for start, end in sorted(set(zip(*blocks(scenes), strict=True))):
        speaks = Counter(names[start:end])
        everybody = sorted(speaks)
        for position in range(start, end):
            own = names[position]
            is_alone = not own_line_counts and speaks[own] == 1
            found[position] = [name for name in everybody if not (is_alone and name == own)]
    return found


def shuffle_context(rows: pd.DataFrame, columns: list[str], seed: int) -> pd.DataFrame:
    """The `rows` with the context of another row each, in a random order of the `seed`.

    Copies of one row may get each other's. A single row keeps its own.
    """
    order = np.random.default_rng(seed).permutation(len(rows))
    giver = np.empty_like(order)
    giver[order] = np.roll(order, 1)
    shuffled = rows[columns].iloc[giver].set_axis(rows.index)
    return rows.assign(**{name: shuffled[name] for name in columns})
