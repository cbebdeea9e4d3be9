"""How many lines of each class a recipe starts with, cuts and deals out, as Markdown tables."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from whosaid.reporting.formats import COUNT, UNDEFINED, rendered
from whosaid.reporting.markdown import escaped, table
from whosaid.split_names import HELD_OUT, SPLITS

SAMPLE_LINES = 3
SAMPLE_SEED = 0
PARTS = {"before_split": "before the split"} | {name: name for name in SPLITS}
"""The places of `split_counts.json` that count the classes, and their titles."""


class Recipe(NamedTuple):
    """The title of a variant, and its `split_counts.json`."""

    title: str
    counts: Mapping[str, Any]


def recipe_steps(recipes: Sequence[Recipe]) -> str:
    """What each step of a recipe leaves.

    The cutoff may cut the short lines of all splits, or those of train: on the others the variant
    abstains.
    """
    steps = ("lines", "of_top_speakers", "of_deduplicate", "of_min_words")
    rows = [
        [
            escaped(title),
            *(format(counts[step], COUNT) for step in steps),
            cut_by_cutoff(counts),
            *(format(counts[name]["rows"], COUNT) for name in SPLITS),
        ]
        for title, counts in recipes
    ]
    headers = ["recipe", "lines", "of the top speakers", "without doubles", "after the cutoff"]
    return table(rows, [*headers, "cut by the cutoff", *SPLITS])


def cut_by_cutoff(counts: Mapping[str, Any]) -> str:
    """The share of the lines that the cutoff takes away, of all splits or of train."""
    before, after = counts["of_deduplicate"], counts["of_min_words"]
    if of_train := counts["abstained_in_train"]["rows"]:
        # train itself may have been cut down to a share, or re-sampled
        whole = after - sum(counts[name]["rows"] for name in HELD_OUT)
        return f"{rendered(of_train / whole, 'percent')} of train"
    return rendered((before - after) / before, "percent") if after < before else ""


def class_counts(recipes: Sequence[Recipe]) -> str:
    """A table for each set of recipes with equal counts: a row per class, a column per part."""
    alike: dict[str, list[Recipe]] = {}
    for title, found in recipes:
        of_parts = {part: found[part]["of_labels"] for part in PARTS}
        alike.setdefault(json.dumps(of_parts), []).append(Recipe(title, found))
    tables = []
    for equal in alike.values():
        found = equal[0].counts
        numbers = [found[part]["of_labels"] for part in PARTS]
        classes = zip(found["labels"], *numbers, strict=True)
        rows = [[escaped(name), *map(with_share, of, map(sum, numbers))] for name, *of in classes]
        rows.append(["largest to smallest", *map(ratio, numbers)])
        tables += [
            escaped(", ".join(recipe.title for recipe in equal)) + ":",
            table(rows, ["class", *PARTS.values()]),
        ]
    return "\n\n".join(tables)


def with_share(number: int, of: int) -> str:
    """A number of lines and its share."""
    return f"{number:,} ({rendered(number / of, 'percent')})" if of else "0"


def ratio(numbers: Sequence[int]) -> str:
    """The largest number to the smallest, as in `4.7 : 1`; a dash if a class has no line."""
    return f"{max(numbers) / min(numbers):.3g} : 1" if min(numbers) else UNDEFINED


def sample_lines(rows: pd.DataFrame, labels: Sequence[str]) -> str:
    """A few texts of each class, drawn with a fixed seed from `rows` with `text` and `label`."""
    parts = []
    for number, name in enumerate(labels):
        texts = rows.loc[rows["label"] == number, "text"].drop_duplicates()
        drawn = texts.sample(min(SAMPLE_LINES, len(texts)), random_state=SAMPLE_SEED)
        parts.append("\n".join([f"{escaped(name)}:", "", *(f"- {escaped(t)}" for t in drawn)]))
    return "\n\n".join(parts)
