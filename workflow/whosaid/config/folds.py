"""Variants with a split in folds: each fold is a variant, and the variant pools the predictions."""

from collections.abc import Iterator, Mapping
from typing import Any

from whosaid.config.ensembles import rows_of
from whosaid.config.missing_columns import Problem
from whosaid.config.model import Config
from whosaid.config.value_types import plain_word

KEPT = ("title", "threshold_beta", "calibration", "published")
"""The keys that stay those of the variant; all others are those of its folds."""


def with_folds(config: Config, variants: Mapping[str, Any]) -> dict[str, Any]:
    """The raw `variants` of a config without problems, with the folds before each that pools them.

    The folds of an ensemble combine those of its members.
    """
    found: dict[str, Any] = {}
    for name, spec in variants.items():
        checked = config.variants[name]
        if not checked.split.is_pooled:
            found[name] = spec
            continue
        names = fold_names(name, checked.split.folds)
        for number, fold in enumerate(names, start=1):
            split = {**spec["split"], "fold": number}
            title = f"{checked.title or name}, fold {number}"
            found[fold] = {**spec, "title": title, "published": None, "split": split}
            if checked.ensemble:
                members = [fold_names(each, number)[-1] for each in checked.ensemble.members]
                found[fold]["ensemble"] = {**spec["ensemble"], "members": members}
        found[name] = {
            **{key: spec[key] for key in KEPT if key in spec},
            **rows_of(spec),
            "annotate": spec.get("annotate", []),
            "classifier": "ensemble",
            "ensemble": {"members": names, "weights": "pooled"},
            "training": {"seeds": checked.seeds},
        }
    return found


def fold_names(name: str, folds: int) -> list[str]:
    """The names of the folds of the variant `name`."""
    return [f"{name}_fold_{number}" for number in range(1, folds + 1)]


def fold_problems(config: Config) -> Iterator[Problem]:
    """A problem for each variant of which no folds can be made, and for pooling by hand."""
    for name, spec in config.variants.items():
        if spec.weights == "pooled":
            fault = "'pooled' is what split.folds makes of a variant; choose another value"
            yield ("variants", name, "ensemble", "weights"), fault
        if not spec.split.is_pooled:
            continue
        if spec.search:
            yield (
                ("variants", name, "search"),
                "each fold of split.folds would choose other settings; search with one split first",
            )
        names = {other.lower(): other for other in config.variants}
        for fold in fold_names(name, spec.split.folds):
            path = ("variants", name, "split", "folds")
            if fold.lower() in names:
                other = names[fold.lower()]
                yield path, f"its fold {fold} is named as the variant {other}; rename one of them"
            try:
                plain_word(fold)
            except ValueError as error:
                yield path, f"its fold {fold!r}: {error}; rename the variant"
                break
