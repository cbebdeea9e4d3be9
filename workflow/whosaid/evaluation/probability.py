"""Probabilities from log odds, and the bins of probabilities."""

import numpy as np


def sigmoid(log_odds: np.ndarray) -> np.ndarray:
    """The probability of log odds, without overflow."""
    return np.exp(-np.logaddexp(0.0, -log_odds))


def bin_of(probability: np.ndarray, bins: int) -> np.ndarray:
    """Which of `bins` bins of equal width each probability is in; a bin holds its upper edge."""
    # The edges of scikit-learn's `calibration_curve`: the two must agree in the last bit.
    return np.searchsorted(np.linspace(0.0, 1.0, bins + 1)[1:-1], probability)
