"""What the pictures plot of answers and lines: curves and intervals, without their drawing."""

from collections.abc import Mapping, Sequence
from statistics import NormalDist

import numpy as np

from whosaid.evaluation_metrics import bin_of


def precision_at(recalls: np.ndarray, labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Precision at the highest threshold on `scores` that reaches each of the `recalls`.

    `labels` are 0 and 1, at least one of them 1; rows of equal score are answered alike.
    """
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.diff(scores[order], append=-np.inf))
    hits = np.cumsum(labels[order], dtype=np.int64)[ends]
    # A recall of 0.3 is reached by 3 of 10, though 0.3 times 10 may be a bit more than 3.
    reached = np.searchsorted(hits, recalls * hits[-1] - 1e-9)
    return hits[reached] / (ends[reached] + 1)


def reliability(
    labels: np.ndarray, probabilities: np.ndarray, bins: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, positives and mean probability of each of `bins` bins of equal width.

    `probabilities` are seeds x rows. Rows and positives are means over the seeds; the mean
    probability of an empty bin is not a number.
    """
    places = bin_of(probabilities, bins).ravel()
    seeds = len(probabilities)
    rows = np.bincount(places, minlength=bins)
    positives = np.bincount(places, np.tile(labels, seeds), minlength=bins)
    total = np.bincount(places, probabilities.ravel(), minlength=bins)
    mean = np.divide(total, rows, out=np.full(bins, np.nan), where=rows > 0)
    return rows / seeds, positives / seeds, mean


def wilson(hits: np.ndarray, rows: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's score interval at `level` of the shares `hits / rows`, whose `rows` are above 0."""
    z = NormalDist().inv_cdf((1 + level) / 2)
    centre = (hits + z**2 / 2) / (rows + z**2)
    half = z / (rows + z**2) * np.sqrt(hits * (rows - hits) / rows + z**2 / 4)
    return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)


def histogram(counts: Mapping[str, int]) -> np.ndarray:
    """How many lines have 0, 1, 2 ... words, from a mapping that says it for the numbers met."""
    lines = np.zeros(1 + max(map(int, counts), default=0))
    for words, number in counts.items():
        lines[int(words)] = number
    return lines


def tail_start(histograms: Sequence[np.ndarray], largest: int) -> int:
    """The multiple of ten from which on stands at most 1 % of each, but at most `largest`."""
    for start in range(10, largest, 10):
        if all(lines[start:].sum() <= 0.01 * lines.sum() for lines in histograms):
            return start
    return largest
