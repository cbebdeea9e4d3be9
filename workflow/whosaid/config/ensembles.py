"""Ensembles: the rows that they take from their members, and what a config may not ask of them."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from whosaid.config.missing_columns import Problem, mapping
from whosaid.config.model import Config
from whosaid.config.recipe_section import Training
from whosaid.config.searches import trial_names

ALL_ROWS = {"resample": None, "annotate": [], "min_words": None, "min_words_scope": "corpus"}
ALL_ROWS |= {"context": None}
"""What an ensemble leaves out of its members' recipes: what they do to train, or to the text."""

OF_TRAINING = ("linear", "max_length", "training")
"""What an ensemble has no use for; the best of several members takes their seeds."""


def with_rows_of_members(variants: Mapping[str, Any]) -> dict[str, Any]:
    """The raw `variants`, each ensemble with the held-out rows of its first member.

    `ensemble_problems` makes sure that the other members hold out the same.
    """
    taken = {name: _taken(spec, variants) for name, spec in variants.items()}
    return {
        name: {**spec, **taken[name]} if taken[name] else spec for name, spec in variants.items()
    }


def _taken(spec: Any, variants: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that an ensemble takes from its first member; none for any other variant."""
    members = mapping(mapping(spec).get("ensemble")).get("members")
    if not _is_ensemble(spec) or not isinstance(members, list | tuple) or not members:
        return {}
    first = variants.get(members[0]) if isinstance(members[0], str) else None
    if mapping(first).get("search"):
        others = {name: spec for name, spec in variants.items() if name != members[0]}
        first = {**first, **_taken(first, others)}
    elif not isinstance(first, Mapping) or _is_ensemble(first):
        return {}
    taken = rows_of(first)
    if spec["ensemble"].get("weights") == "best":
        seeds = mapping(first.get("training")).get("seeds", Training().seeds)
        if isinstance(seeds, list | tuple):  # anything else is refused where it stands
            is_linear = first.get("classifier") == "linear"
            taken["training"] = {"seeds": [*seeds][:1] if is_linear else [*seeds]}
    return taken


def rows_of(first: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of the variant `first` that decide which rows it predicts, without its texts."""
    split = first.get("split", {})
    if mapping(split).get("train_share"):
        split = {**split, "train_share": None}  # a matter of what the member learns from
    rows = {"deduplicate": first.get("deduplicate"), "split": split}
    rows |= {key: first[key] for key in ("encoder",) if key in first}
    if first.get("min_words_scope") != "train":
        rows["min_words"] = first.get("min_words")
    return ALL_ROWS | rows


def _is_ensemble(spec: Any) -> bool:
    return mapping(spec).get("classifier") == "ensemble"


def ensemble_problems(
    config: Config, written: Mapping[str, Any], merged: Mapping[str, Any]
) -> Iterator[Problem]:
    """A problem for each key that makes no ensemble.

    `written` are the variants as the user wrote them, `merged` the same with the defaults.
    """
    for name, spec in config.variants.items():
        if spec.search and config.members_of(name) != (*trial_names(name, spec.search),):
            problem = (
                "an ensemble is not trained, so there are no settings to try; put it into a member"
                if spec.classifier == "ensemble"
                else f"its trials are called {name}_1, {name}_2 and so on, and there is a variant "
                "of such a name; rename one of them"
            )
            yield ("variants", name, "search"), problem
        elif (spec.classifier == "ensemble") != (spec.ensemble is not None):
            yield (
                ("variants", name, "classifier"),
                f"{spec.classifier} {'with' if spec.ensemble else 'without'} ensemble.members; an "
                "ensemble has classifier: ensemble and a list of ensemble.members, any other "
                "variant has neither",
            )
        elif spec.ensemble is not None:
            if problem := _problem_of_members(config, name):
                keys = ("search", "settings") if spec.search else ("ensemble", "members")
                yield ("variants", name, *keys), problem
                continue
            own = mapping(written.get(name)) if not spec.search else {}
            taken = _taken(merged[name], merged)
            for key in OF_TRAINING:
                has_own = getattr(spec, key) != getattr(config.defaults, key)
                if key in own and key not in taken and has_own:
                    yield ("variants", name, key), "an ensemble trains no model; leave it out"
            if problem := _problem_of_neighbours(config, name):
                yield ("variants", name, "ensemble", "neighbours"), problem
            for key, value in taken.items():
                if key in own and merged[name][key] != value:
                    yield (
                        ("variants", name, key),
                        "an ensemble has the rows and the predictions of its members; leave it out",
                    )


def _problem_of_members(config: Config, name: str) -> str | None:
    """What is wrong with the members of the ensemble `name`; None if they will do."""
    members = config.members_of(name)
    others = [n for n, each in config.variants.items() if each.search or not each.ensemble]
    for member in members:
        if member == name:
            return f"{member!r} is this ensemble itself; choose from {', '.join(others)}"
        if member not in config.variants:
            close = difflib.get_close_matches(member, others, n=1)
            hint = f"did you mean {close[0]}? " if close else ""
            return f"{member!r} is not in variants; {hint}choose from {', '.join(others)}"
        if member not in others:
            return f"{member!r} is an ensemble too; name its members instead"
    spec = config.variants[name]
    for member in members:
        if spec.weights == "best" and config.variants[member].seeds != spec.seeds:
            return (
                f"{members[0]} and {member} have other seeds, {', '.join(map(str, spec.seeds))} "
                f"and {', '.join(map(str, config.variants[member].seeds))}; the best of them is "
                "judged seed by seed"
            )
    first, *rest = members
    expected = _held_out_by(config, first)
    for member in rest:
        for key, value in _held_out_by(config, member).items():
            if value != expected[key]:
                return (
                    f"{first} and {member} hold out other rows: {key} is {expected[key]} and "
                    f"{value}; members need the same deduplicate and split, and the same min_words "
                    "where min_words_scope is corpus"
                )
    reads_more = spec.ensemble is not None and spec.ensemble.neighbours
    if not rest and len(config.variants[first].seeds) == 1 and not reads_more:
        return (
            f"{first} alone, with one seed, is one model and no ensemble; name another member, "
            f"more training.seeds of {first}, or ensemble.neighbours"
        )
    return None


def _problem_of_neighbours(config: Config, name: str) -> str | None:
    """Why the neighbours of a line may not be read; None if they are not, or may be."""
    ensemble = config.variants[name].ensemble
    if ensemble is None or not ensemble.neighbours or config.neighbours_by(name):
        return None
    return (
        f"{', '.join(ensemble.members)}: each knows who speaks around a line, so what it predicts "
        "for the next line tells who says this one; add a member that reads no names, or set "
        "neighbours: 0"
    )


def _held_out_by(config: Config, variant: str) -> dict[str, Any]:
    """The keys that decide which rows a variant holds out, and their values."""
    spec = config.variants[variant]
    split = spec.split.model_dump(mode="json", exclude={"train_share"})  # a matter of train
    fractions = split.pop("fractions")
    if spec.split.folds is not None:
        fractions = {}  # folds follow from their number
    drops = spec.min_words is not None and spec.min_words_scope == "corpus"
    return {
        "deduplicate": spec.deduplicate or "null",
        **{f"split.{key}": "null" if value is None else value for key, value in split.items()},
        **{f"split.fractions.{key}": value for key, value in fractions.items()},
        "min_words": spec.min_words if drops else "null",
    }
