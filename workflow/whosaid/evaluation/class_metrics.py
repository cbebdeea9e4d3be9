"""Every metric for the question which speaker says a line, one entry each in CLASS_METRICS.

All are computed from sums over the rows, so one matrix product gives them on any number of
resamples.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import numpy as np

from whosaid.evaluation.class_predictions import ClassPredictions
from whosaid.evaluation.macro_metrics import (
    MACRO_METRICS,
    ClassSums,
    f1_of_classes,
    precision_of_classes,
    recall_of_classes,
)
from whosaid.evaluation.metric_entry import Metric, ratio
from whosaid.evaluation.metrics import BINS
from whosaid.evaluation.probability import bin_of
from whosaid.evaluation.resampling import Counts, Evaluated
from whosaid.evaluation.temperature import calibrated

TOP = 3
"""How many of the most probable classes count for `top_3_accuracy`."""

OF_CLASSES = {
    "precision": precision_of_classes,
    "recall": recall_of_classes,
    "f1": f1_of_classes,
}
"""The metrics of each class."""


def top_3_accuracy(sums: ClassSums) -> np.ndarray:
    """Share of rows whose class is among the three most probable ones; NaN without rows."""
    return ratio(sums.in_top, sums.rows.sum(axis=-1), np.nan)


def mcc(sums: ClassSums) -> np.ndarray:
    """Matthews' correlation for several classes; 0 where predictions or classes do not vary.

    Gorodkin, Comparing two K-category assignments by a K-category correlation coefficient, 2004.
    """
    rows = sums.rows.sum(axis=-1, dtype=np.float64)
    predicted, actual = (np.asarray(each, np.float64) for each in (sums.predicted, sums.rows))
    covariance = sums.hits.sum(axis=-1) * rows - (predicted * actual).sum(axis=-1)
    spreads = [np.maximum(rows**2 - (each**2).sum(axis=-1), 0) for each in (predicted, actual)]
    return ratio(covariance, np.sqrt(spreads[0]) * np.sqrt(spreads[1]), 0.0)


def brier(sums: ClassSums) -> np.ndarray:
    """The squared errors of all classes' probabilities, summed, as a mean over rows (0 to 2)."""
    return ratio(sums.squared_error, sums.rows.sum(axis=-1), np.nan)


def expected_calibration_error(sums: ClassSums) -> np.ndarray:
    """The mean over bins of |probability - share of hits| of the most probable class.

    Guo et al., On calibration of modern neural networks, 2017.
    """
    return ratio(np.abs(sums.excess).sum(axis=-1), sums.rows.sum(axis=-1), np.nan)


def loss(sums: ClassSums) -> np.ndarray:
    """Mean cross-entropy in nats."""
    return ratio(sums.cross_entropy, sums.rows.sum(axis=-1), np.nan)


CLASS_METRICS = {
    metric.name: metric
    for metric in (
        *MACRO_METRICS,
        *(
            Metric(
                name=name,
                title=title,
                basis="classes",
                function=function,
                bounds=bounds,
                higher_is_better=better,
                has_interval=has_interval,
            )
            for name, title, function, bounds, better, has_interval in (
                ("top_3_accuracy", "among the best three", top_3_accuracy, (0.0, 1.0), True, True),
                ("mcc", "MCC", mcc, (-1.0, 1.0), True, True),
                ("brier", "Brier score", brier, (0.0, 2.0), False, True),
                (
                    "expected_calibration_error",
                    "calibration error",
                    expected_calibration_error,
                    (0.0, 1.0),
                    False,
                    False,
                ),
                ("loss", "loss", loss, (0.0, math.inf), False, True),
            )
        ),
    )
}
"""Every metric by its name, in the order of the files."""


class ClassTerms:
    """What each row adds to the sums of one model."""

    def __init__(self, label: np.ndarray, log_probabilities: np.ndarray):
        """`label` (0, 1, 2 ...) of the rows, and their `log_probabilities` (rows x classes)."""
        number, classes = log_probabilities.shape
        rows, probabilities = np.arange(number), np.exp(log_probabilities)
        decided = log_probabilities.argmax(axis=1)
        is_hit, is_class = decided == label, np.eye(classes)[label]
        # A class of equal probability counts as less probable, as argmax decides for two of them.
        order = np.argsort(-log_probabilities, axis=1, kind="stable")
        confidence = probabilities[rows, decided]
        excess = np.zeros((number, BINS))
        excess[rows, bin_of(confidence, BINS)] = confidence - is_hit
        self.classes = classes
        self.terms = np.column_stack(
            [
                is_class * is_hit[:, None],
                np.eye(classes)[decided],
                is_class,
                (order[:, :TOP] == label[:, None]).any(axis=1),
                ((probabilities - is_class) ** 2).sum(axis=1),
                -log_probabilities[rows, label],
                excess,
            ]
        )

    def sums(self, counts: np.ndarray) -> ClassSums:
        """The sums where row i counts `counts[:, i]` times (resamples x rows)."""
        k = self.classes
        found = np.split(
            counts.astype(np.float64) @ self.terms,
            [k, 2 * k, 3 * k, 3 * k + 1, 3 * k + 2, 3 * k + 3],
            axis=1,
        )
        flat = (each[:, 0] for each in found[3:6])
        return ClassSums(*found[:3], *flat, found[6])


def class_entries(names: Sequence[str]) -> dict[str, Metric]:
    """The metrics of predictions with classes of these `names`, those of each class last.

    The latter are called as in `f1_of_dwight`. With three classes or fewer the true one is always
    among the three most probable, so there is no such accuracy.
    """
    entries = {
        name: entry
        for name, entry in CLASS_METRICS.items()
        if name != "top_3_accuracy" or len(names) > TOP
    }
    for place, of in enumerate(names):
        for title, function in OF_CLASSES.items():
            entries[f"{title}_of_{of}"] = Metric(
                name=f"{title}_of_{of}",
                title=f"{title} of {of}",
                basis="classes",
                function=partial(_of_class, function, place),
                bounds=(0.0, 1.0),
                higher_is_better=True,
            )
    return entries


def _of_class(function: Callable, place: int, sums: ClassSums) -> np.ndarray:
    return function(sums)[..., place]


def evaluate_classes(
    test: ClassPredictions,
    valid: ClassPredictions,
    blocks: Iterable[Counts],
    names: Sequence[str],
    threshold_beta: float = 1.0,
    temperatures: np.ndarray | None = None,
) -> Evaluated:
    """The metrics called `names` of a variant on `test`; nothing is chosen on `valid`.

    As `resampling.evaluate` does for the other question, which alone has a threshold.
    """
    if temperatures is not None:
        test = calibrated(test, temperatures)
    models = [ClassTerms(test.label, each) for each in test.log_probabilities]
    functions = [class_entries(test.names)[name].function for name in names]
    parts = [
        [
            [function(sums) for function in functions]
            for sums in (each.sums(counts) for each in models)
        ]
        for counts, _ in blocks
    ]
    values = np.concatenate(parts, axis=2)  # seeds x names x resamples
    return Evaluated(dict(zip(names, np.moveaxis(values, 1, 0), strict=True)), None, None)
