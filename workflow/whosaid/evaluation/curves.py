"""Curves and intervals of predictions, for the figures that draw them."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import norm
from sklearn.calibration import calibration_curve
from sklearn.metrics import precision_recall_curve

from whosaid.evaluation.probability import bin_of


def precision_at(recalls: np.ndarray, labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Precision at the highest threshold on `scores` that reaches each of the `recalls`.

    `labels` are 0 and 1, at least one of them 1; rows of equal score are predicted alike.
    """
    precision, recall, _ = precision_recall_curve(labels, scores)
    # From the highest threshold down. A recall of 0.3 is reached by 3 of 10, though 0.3 times 10
    # may be a bit more than 3.
    reached = np.searchsorted(recall[::-1], recalls - 1e-9)
    return precision[::-1][reached]


def reliability(
    labels: np.ndarray, probabilities: np.ndarray, bins: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Of each of `bins` bins of equal width its rows; of those with rows positives, rows, mean.

    `probabilities` are seeds x rows. Rows and positives are means over the seeds.
    """
    seeds, pooled = len(probabilities), probabilities.ravel()
    rows = np.bincount(bin_of(pooled, bins), minlength=bins) / seeds
    share, mean = calibration_curve(np.tile(labels, seeds), pooled, n_bins=bins)
    filled = rows[rows > 0]
    return rows, share * filled, filled, mean


def wilson(hits: np.ndarray, rows: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's score interval at `level` of the shares `hits / rows`, whose `rows` are above 0.

    Not scipy's: counts are means over seeds here and need not be whole numbers.
    """
    z = float(norm.ppf((1 + level) / 2))
    centre = (hits + z**2 / 2) / (rows + z**2)
    half = z / (rows + z**2) * np.sqrt(hits * (rows - hits) / rows + z**2 / 4)
    return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)


def histogram(counts: Mapping[str, int]) -> np.ndarray:
    """How many lines have 0, 1, 2 ... words, from a mapping with the numbers that occur."""
    lines = np.zeros(1 + max(map(int, counts), default=0))
    for words, number in counts.items():
        lines[int(words)] = number
    return lines


def tail_start(histograms: Sequence[np.ndarray], largest: int) -> int:
    """The multiple of ten beyond which each histogram has at most 1 %, but at most `largest`."""
    for start in range(10, largest, 10):
        if all(lines[start:].sum() <= 0.01 * lines.sum() for lines in histograms):
            return start
    return largest
