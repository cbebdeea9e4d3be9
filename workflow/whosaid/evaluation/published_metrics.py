"""The four published metrics, which training reports: accuracy, F1, precision and recall.

Training imports this module. A metric that training does not report belongs in `metrics`, where an
edit retrains nothing. The definitions are scikit-learn's, with 0 where F1, precision or recall
would divide by 0. The vectorised functions compute the same from counts; a test compares the two.
"""

from functools import partial

import numpy as np
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from whosaid.evaluation.metric_entry import Confusion, Metric, ratio


def accuracy(counts: Confusion, undefined: float = np.nan) -> np.ndarray:
    """Share of rows whose class was predicted correctly; `undefined` without rows."""
    tp, fp, fn, tn = counts
    return ratio(tp + tn, tp + fp + fn + tn, undefined)


def f1(counts: Confusion, undefined: float = 0.0) -> np.ndarray:
    """Harmonic mean of precision and recall; `undefined` without positives and predicted ones."""
    tp, fp, fn, _ = counts
    return ratio(2 * tp, 2 * tp + fp + fn, undefined)


def precision(counts: Confusion, undefined: float = 0.0) -> np.ndarray:
    """Share of true positives among the predicted positives; `undefined` if there are none."""
    tp, fp, _, _ = counts
    return ratio(tp, tp + fp, undefined)


def recall(counts: Confusion, undefined: float = 0.0) -> np.ndarray:
    """Share of the positives that were predicted; `undefined` if there are none."""
    tp, _, fn, _ = counts
    return ratio(tp, tp + fn, undefined)


PUBLISHED_METRICS = tuple(
    Metric.watched(title, function, score, basis="confusion")
    for title, function, score in (
        ("accuracy", accuracy, accuracy_score),
        ("F1", f1, partial(f1_score, zero_division=0)),
        ("precision", precision, partial(precision_score, zero_division=0)),
        ("recall", recall, partial(recall_score, zero_division=0)),
    )
)
"""In the order of the tables."""
