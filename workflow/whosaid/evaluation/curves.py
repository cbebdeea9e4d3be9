"""Precision-recall and calibration curves, histograms, and Wilson's interval of a share."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import norm
from sklearn.calibration import calibration_curve
from sklearn.metrics import precision_recall_curve

from whosaid.evaluation.probability import bin_of


def precision_at(recalls: np.ndarray, labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Precision at the highest threshold on `scores` that reaches each of the `recalls`.

    `labels` are 0 or 1, at least one of them 1. Rows of equal score get the same prediction.
    """
    precision, recall, _ = precision_recall_curve(labels, scores)
    # From the highest threshold down. 3 of 10 reach a recall of 0.3, even if rounding makes 0.3 the
    # larger number.
    reached = np.searchsorted(recall[::-1], recalls - 1e-9)
    return precision[::-1][reached]


def reliability(
    labels: np.ndarray, probabilities: np.ndarray, bins: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A calibration curve of `bins` bins of equal width; `probabilities` are seeds x rows.

    `labels` are rows, or seeds x rows where they depend on the model.

    Returns the rows of every bin and, for the bins with rows only, the positives, the rows and the
    mean probability. Rows and positives are means over the seeds.
    """
    seeds, pooled = len(probabilities), probabilities.ravel()
    rows = np.bincount(bin_of(pooled, bins), minlength=bins) / seeds
    of_seeds = np.broadcast_to(labels, probabilities.shape).ravel()
    share, mean = calibration_curve(of_seeds, pooled, n_bins=bins)
    filled = rows[rows > 0]
    return rows, share * filled, filled, mean


def wilson(hits: np.ndarray, rows: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's score interval at `level` of the shares `hits / rows`; all `rows` must be above 0.

    Unlike scipy's version it takes counts that are not whole numbers: means over seeds.
    """
    z = float(norm.ppf((1 + level) / 2))
    centre = (hits + z**2 / 2) / (rows + z**2)
    half = z / (rows + z**2) * np.sqrt(hits * (rows - hits) / rows + z**2 / 4)
    return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)


def histogram(counts: Mapping[str, int]) -> np.ndarray:
    """How many lines have 0, 1, 2 ... words; `counts` maps the numbers that occur to lines."""
    lines = np.zeros(1 + max(map(int, counts), default=0))
    for words, number in counts.items():
        lines[int(words)] = number
    return lines


def tail_start(histograms: Sequence[np.ndarray], largest: int) -> int:
    """The first multiple of ten with at most 1 % of each histogram from it on, or `largest`."""
    for start in range(10, largest, 10):
        if all(lines[start:].sum() <= 0.01 * lines.sum() for lines in histograms):
            return start
    return largest
