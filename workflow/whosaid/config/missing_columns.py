"""Finds the keys that ask for a column, an episode or a scene that the corpus does not have."""

from collections.abc import Iterator, Mapping
from typing import Any

from whosaid.config.column_names import COMPUTED_FEATURES, PUBLISHED_COLUMNS

Problem = tuple[tuple[str, ...], str]
"""The path of a key, and what is wrong there."""

GROUPS = ("episode", "scene")
"""What lines can be grouped by, by the name of the column that has to be known."""


def mapping(value: Any) -> Mapping[Any, Any]:
    """The value if it is a mapping, else an empty one; the model says what is wrong with it."""
    return value if isinstance(value, Mapping) else {}


def known_columns(corpus: Mapping[str, Any]) -> set[str]:
    """The columns that a recipe can use, besides the line itself; `corpus` is the raw section."""
    if corpus.get("columns") is None:
        return {*PUBLISHED_COLUMNS}
    columns = mapping(corpus["columns"])
    known = {name for name in ("season", *GROUPS) if columns.get(name) is not None}
    # A name that YAML reads as a number is refused by the model.
    known |= {name for name in mapping(columns.get("extra")) if isinstance(name, str)}
    return known if corpus.get("scenes") is None else known | {"scene"}


def missing_columns(
    raw: Mapping[str, Any], variants: Mapping[str, Any], defaults: Mapping[str, Any]
) -> Iterator[Problem]:
    """A problem for each key that asks for what the corpus lacks, which says what to map.

    `raw` is the config as the user wrote it, `variants` hold the `defaults` already.
    """
    corpus = mapping(raw.get("corpus"))
    known = known_columns(corpus)
    asked: list[tuple[tuple[str, ...], Any, set[str]]] = []
    recipes = {("defaults",): defaults}
    recipes |= {("variants", str(name)): spec for name, spec in variants.items()}
    for place, recipe in recipes.items():
        recipe = mapping(recipe)
        features = mapping(recipe.get("linear")).get("features")
        group = mapping(recipe.get("split")).get("group_by")
        context = recipe.get("context")
        by_scene = isinstance(context, Mapping) and (
            context.get("scene_names") or not context.get("across_scenes")
        )
        asked += [
            ((*place, "annotate"), recipe.get("annotate"), known),
            ((*place, "linear", "features"), features, known | {*COMPUTED_FEATURES}),
            ((*place, "context"), ["scene"] if by_scene else None, known),
            ((*place, "split", "group_by"), [group] if group in GROUPS else None, known),
        ]
    unit = mapping(raw.get("statistics")).get("unit")
    asked.append((("statistics", "unit"), [unit] if unit in GROUPS else None, known))
    limits = mapping(mapping(raw.get("audit")).get("limits"))
    for group in GROUPS:
        path = ("audit", "limits", f"shared_{group}s")
        asked.append((path, None if limits.get(path[-1]) is None else [group], known))
    for path, names, allowed in asked:
        for name in names if isinstance(names, list | tuple) else ():
            if isinstance(name, str) and name not in allowed:
                remedy = _advice(name, corpus, allowed)
                if path[0] == "variants":
                    remedy += "; a variant set to null is left out"
                yield path, f"{name!r}: {remedy}"


def _advice(name: str, corpus: Mapping[str, Any], allowed: set[str]) -> str:
    has = f"the corpus has only {', '.join(map(repr, sorted(allowed))) or 'speakers and lines'}"
    if corpus.get("columns") is None or name in ("row", "speaker", "line"):
        return f"no such column to use; {has}"
    if name == "scene":
        remedy = "map corpus.columns.scene, or say by corpus.scenes how scenes are found,"
    elif name in ("season", "episode"):
        remedy = f"map corpus.columns.{name}"
    else:
        remedy = f"map it under corpus.columns.extra, as `{name}: its header`,"
    return f"no such column; {remedy} or leave it out; {has}"
