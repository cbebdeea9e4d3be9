"""The probability from which a row is answered with the target, chosen on the validation split."""

from typing import NamedTuple

import numpy as np

from whosaid.metrics import Confusion, f1

DEFAULT = 0.5
"""The threshold where the rows leave no choice: that of the larger logit."""


class Threshold(NamedTuple):
    """A chosen threshold, its F1 on the rows that chose it, and why there was no choice, if so."""

    value: float
    f1: float
    note: str | None = None


def choose_threshold(probability: np.ndarray, label: np.ndarray, refused: np.ndarray) -> Threshold:
    """The threshold of the target's `probability` with the largest F1 on these rows.

    Tried are the midpoints between neighbouring probabilities, so that both answers occur. Of
    equally good ones the nearest to 0.5 is taken: it departs least from what the model was trained
    for. A `refused` row is never answered with the target.
    """
    positives, judged = int(label.sum()), np.flatnonzero(~refused)
    order = judged[np.argsort(-probability[judged], kind="stable")]
    ordered, hit = probability[order], label[order].astype(bool)
    cuts = np.flatnonzero(ordered[1:] < ordered[:-1])
    if positives in (0, len(label)):
        note = "its rows are of one class"
    elif not len(cuts):
        note = "all of its scores are equal"
    else:
        note = None
    if note is not None:
        answered = int((ordered >= DEFAULT).sum())
        hits = int((hit & (ordered >= DEFAULT)).sum())
        score = _f1(np.array(hits), np.array(answered), positives)
        return Threshold(DEFAULT, float(score), note)
    upper, lower = ordered[cuts], ordered[cuts + 1]
    middle = (upper + lower) / 2
    # Between two neighbouring floats there is none.
    candidates = np.where(middle > lower, middle, upper)
    scores = _f1(hit.cumsum()[cuts], cuts + 1, positives)
    best = np.flatnonzero(scores == scores.max())
    chosen = best[np.argmin(np.abs(candidates[best] - DEFAULT))]
    return Threshold(float(candidates[chosen]), float(scores[chosen]))


def _f1(hits: np.ndarray, answered: np.ndarray, positives: int) -> np.ndarray:
    unused = np.zeros_like(hits)
    return f1(Confusion(hits, answered - hits, positives - hits, unused))
