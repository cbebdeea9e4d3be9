"""Variants with a search: each trial is a variant, and the search the best of them on valid."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from whosaid.config.missing_columns import Problem, mapping
from whosaid.config.model import Config
from whosaid.config.recipe_section import Variant
from whosaid.config.search_section import Search

KEPT = ("title", "search", "threshold_beta", "calibration", "published")
"""The keys that stay those of the variant; all others are those of its trials."""

IGNORED = {"linear": {"encoder", "max_length", "training"}, "encoder": {"linear"}, "ensemble": ()}
"""The keys that change nothing, by the classifier of a variant."""


def with_trials(variants: Mapping[str, Any]) -> dict[str, Any]:
    """The raw `variants`, with the trials before each that has a search.

    The variant itself becomes an ensemble of which the best member counts. A faulty section stays
    as it is, for the check of the config to refuse.
    """
    found: dict[str, Any] = {}
    for name, spec in variants.items():
        trials = _trials(name, spec)
        if trials.keys() & variants.keys():
            trials = {}  # `ensemble_problems` says that there is such a variant
        found |= trials
        found[name] = _best_of(spec, list(trials)) if trials else spec
    return found


def _trials(name: str, spec: Any) -> dict[str, Any]:
    raw = mapping(spec).get("search")
    if raw is None or mapping(spec).get("classifier") == "ensemble":
        return {}
    try:
        search = Search.model_validate(raw)
    except ValidationError:
        return {}
    recipe = {key: value for key, value in spec.items() if key not in ("search", "published")}
    title = spec.get("title") or name
    tried = zip(trial_names(name, search), search.combinations(), strict=True)
    trials = {}
    for number, (trial, settings) in enumerate(tried, start=1):
        values = ", ".join(f"{key.rpartition('.')[2]} {value}" for key, value in settings.items())
        told = f"{title}: {values}" if search.show_trials else f"{title}, trial {number}"
        trials[trial] = {**_changed(recipe, settings), "title": told}
    return trials


def trial_names(name: str, search: Search) -> list[str]:
    """The names of the trials of the variant `name`, in the order of their settings."""
    return [f"{name}_{number}" for number in range(1, search.tried + 1)]


def search_problems(config: Config) -> Iterator[Problem]:
    """A problem for each search of which two trials are the same recipe."""
    for name, spec in config.variants.items():
        recipes: dict[str, int] = {}
        for number, trial in enumerate(config.members_of(name) if spec.search else (), start=1):
            if trial not in config.variants:
                continue  # `ensemble_problems` says so
            other = recipes.setdefault(_recipe_of(config.variants[trial]), number)
            if other != number:
                yield (
                    ("variants", name, "search", "settings"),
                    f"trials {other} and {number} are one recipe; every value must be another one, "
                    f"of a key that changes what is learned ({', '.join(KEPT)} do not)",
                )
                break


def _recipe_of(trial: Variant) -> str:
    """All of a trial that changes what is learned, as one text."""
    return trial.model_dump_json(exclude={*KEPT, *IGNORED[trial.classifier]})


def as_written(
    path: tuple[str, ...], written: Mapping[str, Any], variants: Mapping[str, Any]
) -> tuple[str, ...]:
    """The `path` of a key as the user wrote it; `variants` are those `written` and the trials.

    What a trial has comes from the settings of its search, or else from the variant itself.
    """
    if path[:1] != ("variants",) or len(path) < 2 or path[1] in written:
        return path
    for name, spec in variants.items():
        search = mapping(spec).get("search")
        if search and path[1] in mapping(spec.get("ensemble")).get("members", ()):
            for key in search["settings"]:
                levels = tuple(key.split("."))
                if path[2:][: len(levels)] == levels:
                    return "variants", name, "search", "settings", key
            return "variants", name, *path[2:]
    return path


def _changed(recipe: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe with each of the settings, whose keys have dots between the levels."""
    changed = dict(recipe)
    for key, value in settings.items():
        first, _, rest = key.partition(".")
        inner = mapping(changed.get(first))
        changed[first] = _changed(inner, {rest: value}) if rest else value
    return changed


def _best_of(spec: Mapping[str, Any], trials: list[str]) -> dict[str, Any]:
    kept = {key: spec[key] for key in KEPT if key in spec}
    ensemble = {"members": trials, "weights": "best"}
    return {**kept, "classifier": "ensemble", "ensemble": ensemble}
