"""The decision threshold of a model, chosen on the validation split."""

from typing import NamedTuple

import numpy as np
from sklearn.metrics import confusion_matrix_at_thresholds

from whosaid.evaluation.metric_entry import Confusion, confusion
from whosaid.evaluation.published_metrics import f1

DEFAULT = 0.5
"""The threshold if the rows leave no choice; it predicts the class with the larger logit."""


class Threshold(NamedTuple):
    """A threshold, its F1 on the rows it was chosen on, and why there was no choice, if so."""

    value: float
    f1: float
    note: str | None = None


def choose_threshold(
    probability: np.ndarray, label: np.ndarray, abstained: np.ndarray
) -> Threshold:
    """The threshold on the target's `probability` with the largest F1 on these rows.

    Candidates are the midpoints between neighbouring probabilities, so both classes are predicted.
    Among equally good ones the nearest to 0.5 is chosen, which departs least from what the model
    was trained for. An `abstained` row is never predicted as the target's.
    """
    positives, scores = int(label.sum()), probability[~abstained]
    if positives in (0, len(label)):
        return _no_choice(probability, label, abstained, "its rows are of one class")
    if not len(scores) or scores.min() == scores.max():
        return _no_choice(probability, label, abstained, "all of its scores are equal")
    # `values` falls. At the last one every row is predicted as the target's.
    _, alarms, _, hits, values = confusion_matrix_at_thresholds(label[~abstained], scores)
    upper, lower = values[:-1], values[1:]
    middle = (upper + lower) / 2
    # Two neighbouring floats have no float between them: take the upper one.
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
