"""The metrics that training reports where each speaker is a class: accuracy and macro averages.

Training imports this module. A metric that training does not report belongs in `class_metrics`,
where an edit retrains nothing. The definitions are scikit-learn's, with 0 where F1, precision or
recall would divide by 0. The vectorised functions compute the same from sums; a test compares the
two.
"""

from functools import partial
from typing import NamedTuple

import numpy as np
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from whosaid.evaluation.metric_entry import Metric, ratio


class ClassSums(NamedTuple):
    """Sums over the rows of each resample.

    `hits`, `predicted` and `rows` (resamples x classes) are the rows of a class that are predicted
    as it, all rows that are predicted as it, and all its rows. `in_top` counts the rows whose class
    is among the three most probable. `excess` (resamples x bins) is the sum of probability minus
    hit of the most probable class, by bins of that probability. `squared_error` and `cross_entropy`
    (in nats) are sums over all rows.
    """

    hits: np.ndarray
    predicted: np.ndarray
    rows: np.ndarray
    in_top: np.ndarray
    squared_error: np.ndarray
    cross_entropy: np.ndarray
    excess: np.ndarray


def accuracy(sums: ClassSums) -> np.ndarray:
    """Share of rows whose class was predicted; NaN without rows."""
    return ratio(sums.hits.sum(axis=-1), sums.rows.sum(axis=-1), np.nan)


def f1_of_classes(sums: ClassSums) -> np.ndarray:
    """F1 of each class; 0 for one that has no row and is never predicted."""
    return ratio(2 * sums.hits, sums.predicted + sums.rows, 0.0)


def precision_of_classes(sums: ClassSums) -> np.ndarray:
    """The share of the rows predicted as a class that are of it; 0 if it is never predicted."""
    return ratio(sums.hits, sums.predicted, 0.0)


def recall_of_classes(sums: ClassSums) -> np.ndarray:
    """The share of a class's rows that are predicted as it; 0 without rows."""
    return ratio(sums.hits, sums.rows, 0.0)


def macro_f1(sums: ClassSums) -> np.ndarray:
    """Mean F1 of the classes that have rows."""
    return _mean_of_classes(f1_of_classes(sums), sums)


def macro_precision(sums: ClassSums) -> np.ndarray:
    """Mean precision of the classes that have rows."""
    return _mean_of_classes(precision_of_classes(sums), sums)


def macro_recall(sums: ClassSums) -> np.ndarray:
    """Mean recall of the classes that have rows."""
    return _mean_of_classes(recall_of_classes(sums), sums)


def _mean_of_classes(values: np.ndarray, sums: ClassSums) -> np.ndarray:
    has_rows = sums.rows > 0
    return ratio((values * has_rows).sum(axis=-1), has_rows.sum(axis=-1), np.nan)


MACRO = {"average": "macro", "zero_division": 0}

MACRO_METRICS = tuple(
    Metric.watched(title, function, score, basis="classes")
    for title, function, score in (
        ("accuracy", accuracy, accuracy_score),
        ("macro F1", macro_f1, partial(f1_score, **MACRO)),
        ("macro precision", macro_precision, partial(precision_score, **MACRO)),
        ("macro recall", macro_recall, partial(recall_score, **MACRO)),
    )
)
"""In the order of the tables."""
