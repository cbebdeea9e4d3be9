"""Temperature scaling: one number per model that makes its probabilities more or less sure.

Guo et al., On calibration of modern neural networks, 2017. All logits of a model are divided by
its temperature, so the order of rows and of classes stays the same: no decision changes, only how
sure a model says it is. scikit-learn's `CalibratedClassifierCV(method="temperature")` does the same
with a classifier that it wraps; here there are stored predictions alone.
"""

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax, logit

from whosaid.evaluation.class_predictions import ClassPredictions
from whosaid.evaluation.predictions import Predictions

Either = TypeVar("Either", Predictions, ClassPredictions)

RANGE = (0.05, 20.0)
"""The smallest and the largest temperature; a model without a mistake on valid has the smallest."""


def fit_temperatures(valid: Predictions | ClassPredictions) -> np.ndarray:
    """The temperature of each seed (seeds) with the smallest log loss on all rows of `valid`."""
    return np.array([_fit(loss) for loss in _losses(valid)])


def _fit(loss: Callable[[float], float]) -> float:
    found = minimize_scalar(
        lambda logarithm: loss(np.exp(logarithm)),
        bounds=np.log(RANGE),
        method="bounded",
        options={"xatol": 1e-6},
    )
    return float(np.exp(found.x))


def _losses(valid: Predictions | ClassPredictions) -> list[Callable[[float], float]]:
    """For each seed the mean log loss as a function of the temperature."""
    if isinstance(valid, Predictions):
        wrong = np.where(valid.label == 1, -1, 1) * valid.log_odds
        return [lambda t, each=each: float(np.logaddexp(0.0, each / t).mean()) for each in wrong]
    rows = np.arange(len(valid.label))
    return [
        lambda t, each=each: float(-log_softmax(each / t, axis=1)[rows, valid.label].mean())
        for each in valid.log_probabilities
    ]


def calibrated(predictions: Either, temperatures: np.ndarray) -> Either:
    """The predictions with the logits of each seed divided by its temperature."""
    if isinstance(predictions, Predictions):
        return predictions._replace(log_odds=predictions.log_odds / temperatures[:, None])
    scaled = predictions.log_probabilities / temperatures[:, None, None]
    return predictions._replace(log_probabilities=log_softmax(scaled, axis=2))


def calibrated_threshold(threshold: np.ndarray, temperature: np.ndarray) -> np.ndarray:
    """The threshold on calibrated probabilities that decides as `threshold` does on the model's."""
    return expit(logit(threshold) / temperature)


def model_threshold(threshold: float, temperature: float) -> float:
    """The threshold on the model's own probabilities: the inverse of `calibrated_threshold`."""
    return float(expit(logit(threshold) * temperature))
