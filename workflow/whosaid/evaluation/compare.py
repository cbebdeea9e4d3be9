"""Compares variants with the reference, on the test rows that both hold out."""

import math
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from whosaid.config.warning_codes import warning
from whosaid.corpus.units import UNITS, units_of
from whosaid.evaluation.class_predictions import ClassPredictions
from whosaid.evaluation.intervals import Replicates, Uncertainty, uncertainty
from whosaid.evaluation.predictions import Predictions
from whosaid.evaluation.questions import Question
from whosaid.evaluation.resampling import Resamples, once

FEWEST_UNITS = 15
"""With fewer units that hold a row of the target's, or of a class, there is no verdict."""


class Side(NamedTuple):
    """One of two compared variants: its predictions on test and valid, and split unit.

    `is_one_model` is true if another seed would give another model, and there is only one. Its
    thresholds are those with the largest F-beta, of this beta.
    """

    test: Predictions | ClassPredictions
    valid: Predictions | ClassPredictions
    unit: str
    is_one_model: bool
    threshold_beta: float = 1.0


class Comparison(NamedTuple):
    """Two variants on their shared rows: the metrics of each, and the number of units."""

    variant: dict[str, Replicates]
    reference: dict[str, Replicates]
    label: np.ndarray
    unit: str
    units: int

    def difference(self, name: str) -> float:
        """The difference of the two means over the seeds."""
        return float(self.variant[name].values.mean() - self.reference[name].values.mean())

    def error(self, name: str) -> Uncertainty:
        """The error of the difference."""
        sides = self.variant[name], self.reference[name]
        drawn = sides[0].resampled.mean(axis=0) - sides[1].resampled.mean(axis=0)
        return uncertainty(drawn[~np.isnan(drawn)], self.units, *sides)


def compare(
    question: Question,
    variants: Mapping[str, Side],
    reference: Side,
    units: pd.DataFrame,
    resamples: int,
    seed: int,
) -> Iterator[tuple[str, Comparison | None]]:
    """Each of the `variants` and the reference on the rows that both hold out; None without any.

    `units` has the number of each unit by row. The larger of the two splits' units is resampled.
    """
    sides = [*variants.values(), reference]
    rows = np.concatenate([split.row for side in sides for split in (side.test, side.valid)])
    draws = {
        unit: Resamples([units_of(units, unit, rows)], resamples, seed)
        for unit in {side.unit for side in sides}
    }
    # Where all variants hold out the same rows the reference is evaluated once.
    known: dict[tuple[str, bytes], dict[str, Replicates]] = {}
    for name, side in variants.items():
        _, of_one, of_other = np.intersect1d(side.test.row, reference.test.row, return_indices=True)
        if not len(of_one):
            yield name, None
            continue
        unit = max(side.unit, reference.unit, key=UNITS.index)
        key = unit, of_other.tobytes()
        if key not in known:
            known[key] = _evaluate(question, reference, of_other, units, unit, draws[unit])
        shared = side.test.take(of_one)
        count = question.count_units(units_of(units, unit, shared.row), shared.label)
        found = _evaluate(question, side, of_one, units, unit, draws[unit])
        yield name, Comparison(found, known[key], shared.label, unit, count)


def _evaluate(
    question: Question,
    side: Side,
    rows: np.ndarray,
    units: pd.DataFrame,
    unit: str,
    draws: Resamples,
) -> dict[str, Replicates]:
    """The compared metrics of one side on these test rows, by position."""
    splits = side.test.take(rows), side.valid
    blocks = draws.blocks(*(units_of(units, unit, split.row) for split in splits))
    evaluate = partial(
        question.evaluate, names=question.compared, threshold_beta=side.threshold_beta
    )
    values = evaluate(*splits, [once(*splits)]).metrics
    resampled = evaluate(*splits, blocks).metrics
    return {name: Replicates(values[name][:, 0], resampled[name]) for name in question.compared}


def describe(
    question: Question,
    found: Comparison,
    sides: tuple[Side, Side],
    tests: int,
    confidence: float,
) -> dict:
    """The differences of a comparison, with intervals at the common level of all `tests`.

    All intervals of the tested metrics hold at once with probability `confidence`: each has the
    level of Bonferroni's correction. On these there is a test too, at the same level, so verdict
    and interval agree.
    """
    level = (1 - confidence) / tests
    metrics: dict[str, dict[str, Any]] = {}
    for name in question.compared:
        difference, error = found.difference(name), found.error(name)
        spread = error.standard_error > 0 and not math.isnan(difference)
        # Two models that agree on every resample are equal; any other difference may be chance.
        alike = 0.0 if difference == 0 else math.nan
        reach = error.reach(level / 2) if spread else alike
        metrics[name] = {
            "variant": float(found.variant[name].values.mean()),
            "reference": float(found.reference[name].values.mean()),
            "difference": difference,
            "interval": (difference - reach, difference + reach),
            "smallest_detectable_difference": error.detectable(level) if spread else math.nan,
        }
    for name in question.tested:
        tested, error = metrics[name], found.error(name)
        p = 1.0 if tested["difference"] == 0 else math.nan
        if error.standard_error > 0:
            p = error.p_value(tested["difference"])
        tested |= {
            "p": p,
            "p_corrected": p if math.isnan(p) else min(1.0, p * tests),
            "verdict": verdict(tested["difference"], p * tests, found.units, confidence),
        }
    positives = {"positives": int(found.label.sum())} if question.name == "target" else {}
    return {
        "rows": len(found.label),
        **positives,
        "unit": found.unit,
        "units": found.units,
        "about": "one model" if any(side.is_one_model for side in sides) else "recipe",
        "notes": list(remarks(question, found, sides, metrics)),
        "metrics": metrics,
    }


def verdict(difference: float, p: float, units: int, confidence: float) -> str:
    """`better`, `worse`, `cannot tell`, or `too few` if there are too few units for a test."""
    if units < FEWEST_UNITS:
        return "too few"
    if not p < 1 - confidence:
        return "cannot tell"
    return "better" if difference > 0 else "worse"


def remarks(
    question: Question, found: Comparison, sides: tuple[Side, Side], metrics: Mapping[str, Any]
) -> Iterator[str]:
    """A sentence for each limit to what the differences can say."""
    names = ("the variant", "the reference")
    single = [name for name, side in zip(names, sides, strict=True) if side.is_one_model]
    if single:
        verb = "have" if len(single) > 1 else "has"
        yield warning(
            "W201",
            f"{' and '.join(single).capitalize()} {verb} one seed: the verdict is about these "
            "models and does not cover what another seed would change.",
        )
    if question.name == "target" and not found.label.any():
        undefined = "F1 is 0 and average precision is undefined"
        yield warning("W202", f"No shared row is the target's: {undefined}.")
    elif found.units < FEWEST_UNITS:
        whose = "the target's" if question.name == "target" else "the rarest class"
        yield warning(
            "W203",
            f"Only {found.units} {found.unit}s hold a shared row of {whose}: a verdict needs "
            f"{FEWEST_UNITS}.",
        )
    alike = [
        name
        for name, each in metrics.items()
        if math.isnan(each["interval"][0]) and not math.isnan(each["difference"])
    ]
    if alike:
        yield warning(
            "W204", f"The resamples are all alike: there is no interval of {', '.join(alike)}."
        )


def incomparable(question: Question) -> dict[str, Any]:
    """The result for a variant that shares no test row with the reference."""
    keys = ("variant", "reference", "difference", "interval", "smallest_detectable_difference")
    untested = {"p": math.nan, "p_corrected": math.nan, "verdict": "too few"}
    metrics: dict[str, dict[str, Any]] = {
        name: dict.fromkeys(keys, math.nan) | (untested if name in question.tested else {})
        for name in question.compared
    }
    return {
        "rows": 0,
        **({"positives": 0} if question.name == "target" else {}),
        "unit": None,
        "units": 0,
        "about": None,
        "notes": [warning("W205", "No row is in the test split of both variants.")],
        "metrics": metrics,
    }
