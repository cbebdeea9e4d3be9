"""What the mean over the seeds predicts for each row, and how far the seeds agree."""

from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from whosaid.evaluation.class_predictions import ClassPredictions, read_class_predictions
from whosaid.evaluation.predictions import Predictions, read_predictions
from whosaid.evaluation.probability import sigmoid

READERS = {"target": read_predictions, "speakers": read_class_predictions}
"""How predictions are read, for each question. `QUESTIONS` would draw in all metrics."""


class MeanPrediction(NamedTuple):
    """One value per row of a split; `of_seeds` is seeds x rows.

    `predicted` is the class with the largest probability, as a mean over the seeds, and
    `confidence` that probability. `probability` is that of the target, or where each speaker is a
    class that of the true label; `of_seeds` is the same of each seed. `seeds_right` counts the
    seeds that predict the true label, `seeds_agree` those that predict `predicted`.
    """

    row: np.ndarray
    label: np.ndarray
    abstained: np.ndarray
    predicted: np.ndarray
    confidence: np.ndarray
    probability: np.ndarray
    of_seeds: np.ndarray
    seeds_right: np.ndarray
    seeds_agree: np.ndarray

    @property
    def is_right(self) -> np.ndarray:
        """Whether the true label is predicted."""
        return self.predicted == self.label


def mean_prediction(predictions: Predictions | ClassPredictions) -> MeanPrediction:
    """The mean prediction for either question; with one seed it is the decision of that seed.

    An abstained row is predicted as the metrics count it.
    """
    decided, label = predictions.decide(), predictions.label
    if isinstance(predictions, Predictions):
        of_seeds = sigmoid(predictions.log_odds)
        # The mean of p - (1 - p). Unlike the mean of p it keeps the sign of log odds near 0.
        margin = np.tanh(predictions.log_odds / 2).mean(axis=0)
        predicted = (margin > 0) & ~predictions.abstained
        probability = of_seeds.mean(axis=0)
        confidence = np.where(predicted, probability, 1 - probability)
    else:
        seeds, rows = len(decided), np.arange(len(label))
        of_seeds = np.exp(predictions.log_probabilities[:, rows, label])
        mean = logsumexp(predictions.log_probabilities, axis=0) - np.log(seeds)
        predicted = mean.argmax(axis=1)
        probability, confidence = np.exp(mean[rows, label]), np.exp(mean[rows, predicted])
    return MeanPrediction(
        row=predictions.row,
        label=label,
        abstained=predictions.abstained,
        predicted=predicted.astype(np.int64),
        confidence=confidence,
        probability=probability,
        of_seeds=of_seeds,
        seeds_right=(decided == label).sum(axis=0),
        seeds_agree=(decided == predicted).sum(axis=0),
    )
