"""The probability from which a row is predicted as the target's, chosen on the validation split."""

from typing import NamedTuple

import numpy as np
from sklearn.metrics import confusion_matrix_at_thresholds

from whosaid.evaluation.metric import Confusion, confusion
from whosaid.evaluation.published_metrics import f1

DEFAULT = 0.5
"""The threshold where the rows leave no choice: that of the larger logit."""


class Threshold(NamedTuple):
    """A chosen threshold, its F1 on the rows that chose it, and why there was no choice, if so."""

    value: float
    f1: float
    note: str | None = None


def choose_threshold(
    probability: np.ndarray, label: np.ndarray, abstained: np.ndarray
) -> Threshold:
    """The threshold of the target's `probability` with the largest F1 on these rows.

    Candidates are the midpoints between neighbouring probabilities, so that both classes are
    predicted. Of equally good ones the nearest to 0.5 is taken: it departs least from what the
    model was trained for. A row with `abstained` is never predicted as the target's.
    """
    positives, scores = int(label.sum()), probability[~abstained]
    if positives in (0, len(label)):
        return _no_choice(probability, label, abstained, "its rows are of one class")
    if not len(scores) or scores.min() == scores.max():
        return _no_choice(probability, label, abstained, "all of its scores are equal")
    # Thresholds fall. At the last one every row is predicted as the target's.
    _, alarms, _, hits, values = confusion_matrix_at_thresholds(label[~abstained], scores)
    upper, lower = values[:-1], values[1:]
    middle = (upper + lower) / 2
    # Between two neighbouring floats there is none.
    candidates = np.where(middle > lower, middle, upper)
    counts = Confusion(hits, alarms, positives - hits, np.zeros_like(hits))
    of_candidates = f1(counts)[:-1]
    best = np.flatnonzero(of_candidates == of_candidates.max())
    chosen = best[np.argmin(np.abs(candidates[best] - DEFAULT))]
    return Threshold(float(candidates[chosen]), float(of_candidates[chosen]))


def _no_choice(
    probability: np.ndarray, label: np.ndarray, abstained: np.ndarray, note: str
) -> Threshold:
    decisions = (probability >= DEFAULT) & ~abstained
    return Threshold(DEFAULT, float(f1(confusion(decisions, label))), note)
