"""Converts log odds to probabilities, and sorts probabilities into bins."""

import numpy as np


def sigmoid(log_odds: np.ndarray) -> np.ndarray:
    """The probabilities that belong to log odds, without overflow."""
    return np.exp(-np.logaddexp(0.0, -log_odds))


def bin_of(probability: np.ndarray, bins: int) -> np.ndarray:
    """Which of `bins` bins of equal width each probability is in; the upper edge is included."""
    # The same edges as in scikit-learn's `calibration_curve`: they must agree to the last bit.
    return np.searchsorted(np.linspace(0.0, 1.0, bins + 1)[1:-1], probability)
