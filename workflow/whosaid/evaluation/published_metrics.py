"""The four published metrics, which training reports: accuracy, F1, precision and recall.

Training imports this module. A metric that training does not report belongs in `metrics`, where an
edit retrains nothing. The definitions are scikit-learn's, with 0 where F1, precision or recall
would divide by 0. The vectorised functions compute the same from counts; a test compares the two.
"""

import numpy as np
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from whosaid.evaluation.metric_entry import Confusion, Metric, Share, ratio

CORRECT = Share(lambda counts: (counts[0] + counts[3], sum(counts)))
# F1 is 2 s / (1 + s) of this share s, the Jaccard index.
JACCARD = Share(lambda counts: (counts[0], sum(counts[:3])), lambda share: 2 * share / (1 + share))
PRECISION = Share(lambda counts: (counts[0], counts[0] + counts[1]))
RECALL = Share(lambda counts: (counts[0], counts[0] + counts[2]))


def accuracy(counts: Confusion) -> np.ndarray:
    """Share of rows whose class was predicted correctly; NaN without rows."""
    return ratio(*CORRECT.rows(counts), np.nan)


def f1(counts: Confusion) -> np.ndarray:
    """Harmonic mean of precision and recall; 0 where there is no true positive."""
    tp, fp, fn, _ = counts
    return ratio(2 * tp, 2 * tp + fp + fn, 0.0)


def precision(counts: Confusion) -> np.ndarray:
    """Share of true positives among the predicted positives; 0 where none was predicted."""
    return ratio(*PRECISION.rows(counts), 0.0)


def recall(counts: Confusion) -> np.ndarray:
    """Share of the positives that were predicted; 0 where there are none."""
    return ratio(*RECALL.rows(counts), 0.0)


PUBLISHED_METRICS = tuple(
    Metric(
        name=name,
        title=title,
        basis="confusion",
        function=function,
        bounds=(0.0, 1.0),
        higher_is_better=True,
        score=score,
        share=share,
    )
    for name, title, function, score, share in (
        ("accuracy", "accuracy", accuracy, accuracy_score, CORRECT),
        ("f1", "F1", f1, lambda true, given: f1_score(true, given, zero_division=0), JACCARD),
        (
            "precision",
            "precision",
            precision,
            lambda true, given: precision_score(true, given, zero_division=0),
            PRECISION,
        ),
        (
            "recall",
            "recall",
            recall,
            lambda true, given: recall_score(true, given, zero_division=0),
            RECALL,
        ),
    )
)
"""In the order of the tables."""
