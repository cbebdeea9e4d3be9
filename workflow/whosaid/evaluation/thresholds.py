"""The decision threshold of a model, chosen on the validation split."""

from typing import NamedTuple

import numpy as np

from whosaid.evaluation.metrics import Ranking, RankSums
from whosaid.evaluation.probability import sigmoid

DEFAULT = 0.5
"""The threshold if the rows leave no choice; it predicts the class with the larger logit."""


class Thresholds(NamedTuple):
    """Thresholds (resamples), and the F-beta of each on the resample that it was chosen on."""

    values: np.ndarray
    f_beta: np.ndarray


def decision_ranking(label: np.ndarray, log_odds: np.ndarray, abstained: np.ndarray) -> Ranking:
    """The rows in the order in which a falling threshold predicts them as the target's.

    An abstained row comes last, below every probability: no threshold predicts it.
    """
    return Ranking(label, np.where(abstained, -1.0, sigmoid(log_odds)))


def choose_thresholds(ranking: Ranking, sums: RankSums, beta: float = 1.0) -> Thresholds:
    """The thresholds with the largest F-beta on each resample of the validation rows.

    F-beta (van Rijsbergen, Information Retrieval, 1979) is the harmonic mean of precision and
    recall in which recall weighs `beta` squared as much as precision; with 1 it is F1.
    Candidates are the midpoints between neighbouring probabilities, so both classes are predicted.
    Among equally good ones the nearest to 0.5 is chosen, which departs least from what the model
    was trained for.
    """
    scores = ranking.scores[ranking.scores >= 0]
    upper, lower = scores[:-1], scores[1:]
    middle = (upper + lower) / 2
    # Two neighbouring floats have no float between them: take the upper one.
    candidates = np.where(middle > lower, middle, upper)
    if no_choice(ranking):
        candidates = np.array([DEFAULT])
        counts = ranking.confusion_at(np.full(len(sums.rows), DEFAULT), sums)
        hits, predicted = counts[0][:, None], (counts[0] + counts[1])[:, None]
    else:
        hits, predicted = (each[:, : len(candidates)] for each in (sums.found, sums.predicted))
    weight = beta**2
    # Where the denominator is below 1 there is no hit either, and F-beta is 0.
    denominator = np.maximum(predicted + weight * sums.positives[:, None], 1)
    f_beta = (1 + weight) * hits / denominator
    nearest = np.argsort(np.abs(candidates - DEFAULT), kind="stable")
    best = nearest[f_beta.take(nearest, axis=1).argmax(axis=1)]
    return Thresholds(candidates[best], f_beta[np.arange(len(best)), best])


def no_choice(ranking: Ranking) -> str | None:
    """Why the validation rows leave no choice of a threshold; None if they do."""
    if ranking.labels.min() == ranking.labels.max():
        return "its rows are of one class"
    return "all of its scores are equal" if (ranking.scores >= 0).sum() < 2 else None
