"""The description of a metric, and the confusion counts that most metrics are computed from.

Class 1, the target speaker, is the positive class throughout.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np


class Confusion(NamedTuple):
    """How many rows of each class were predicted as each class: four arrays of one shape."""

    true_positives: np.ndarray
    false_positives: np.ndarray
    false_negatives: np.ndarray
    true_negatives: np.ndarray


def confusion_of(
    hits: np.ndarray, predicted: np.ndarray, positives: np.ndarray, rows: np.ndarray
) -> Confusion:
    """The four counts from the `hits` (true positives) and the totals of three kinds of rows."""
    return Confusion(hits, predicted - hits, positives - hits, rows - positives - predicted + hits)


def confusion(decisions: np.ndarray, labels: np.ndarray) -> Confusion:
    """Counts over the last axis of `decisions` (... x rows) against `labels` (rows), both 0 or 1.

    Raises ValueError if the two differ in their number of rows.
    """
    decisions, labels = np.asarray(decisions, bool), np.asarray(labels, bool)
    if decisions.shape[-1] != labels.shape[-1]:
        raise ValueError(f"{decisions.shape[-1]} decisions for {labels.shape[-1]} labels")
    hits = (decisions & labels).sum(axis=-1)
    return confusion_of(hits, decisions.sum(axis=-1), labels.sum(axis=-1), labels.shape[-1])


def ratio(numerator: np.ndarray, denominator: np.ndarray, undefined: float) -> np.ndarray:
    """`numerator / denominator`, and `undefined` where the denominator is 0."""
    numerator, denominator = np.broadcast_arrays(
        np.asarray(numerator, np.float64), np.asarray(denominator, np.float64)
    )
    result = np.full(numerator.shape, undefined)
    return np.divide(numerator, denominator, out=result, where=denominator != 0)


@dataclass(frozen=True, kw_only=True)
class Metric:
    """All that tables, figures, intervals and files need to know about a metric.

    `name` is its key in JSON files, `title` its heading. `function` computes it from sums over the
    rows, for any number of resamples at once. `basis` says which sums: the confusion counts, the
    sums of a `Ranking`, of a `Calibration`, or `ClassSums`. `score` is only given for the metrics
    that training reports; it takes the true and the predicted classes (two vectors). `has_interval`
    is false for a metric that noise makes larger: resampling adds noise, so it would mislead.
    """

    name: str
    title: str
    basis: Literal["confusion", "ranking", "calibration", "classes"]
    function: Callable[[Any], np.ndarray]
    bounds: tuple[float, float]
    higher_is_better: bool
    score: Callable[[np.ndarray, np.ndarray], float] | None = None
    has_interval: bool = True

    def __post_init__(self) -> None:
        low, high = self.bounds
        if math.isnan(low) or not low < high:
            raise ValueError(f"metric {self.name}: bounds {self.bounds} are no interval")

    @classmethod
    def watched(
        cls,
        title: str,
        function: Callable[[Any], np.ndarray],
        score: Callable[[np.ndarray, np.ndarray], float],
        basis: Literal["confusion", "classes"],
    ) -> "Metric":
        """A share that training reports, the more the better; its name is that of the function."""
        return cls(
            name=function.__name__,
            title=title,
            basis=basis,
            function=function,
            bounds=(0.0, 1.0),
            higher_is_better=True,
            score=score,
        )

    def at_threshold(self) -> "Metric":
        """The same metric, for decisions at the threshold that was chosen on valid."""
        return replace(
            self,
            name=f"{self.name}_at_threshold",
            title=f"{self.title} at threshold",
            score=None,
        )
