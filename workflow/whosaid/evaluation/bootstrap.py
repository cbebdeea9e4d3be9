"""The bootstrap over rows, and intervals from it and from the spread over the seeds.

Drawing rows with replacement shows how a metric would vary on other rows of the same kind (Efron
and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13). Rows of one line (an
oversampled line stands twice) are drawn together. All models see the same draws.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student_t

from whosaid.evaluation.metric import Confusion

CELLS = 2_500_000
"""Numbers per block of resamples: what bounds the memory."""

ROUNDING = 1e-12
"""A smaller standard error is none: the mean of equal floats may differ from them."""


def resampled_counts(
    lines: np.ndarray, resamples: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """Blocks (resamples x rows) that say how often each row is drawn, `resamples` in all.

    `lines` (rows) names the line of each row; as many lines are drawn as there are.
    """
    names, line_of_row = np.unique(lines, return_inverse=True)
    distinct = len(names) == len(lines)
    block = max(1, CELLS // max(1, len(lines)))
    for start in range(0, resamples, block):
        counts = np.empty((min(block, resamples - start), len(names)), np.uint8)
        for draw in counts:
            draw[:] = np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names))
        yield counts if distinct else counts[:, line_of_row]


def resampled_confusion(
    labels: np.ndarray,
    decisions: np.ndarray,
    lines: np.ndarray,
    resamples: int,
    rng: np.random.Generator,
) -> Confusion:
    """Counts (models x resamples) of the `decisions` (models x rows) on resampled rows.

    Only sums over the rows count, so lines that add the same are one cell, and how often each
    cell is drawn is multinomial: no row is touched.
    """
    names, line_of_row = np.unique(lines, return_inverse=True)
    decisions, labels = np.asarray(decisions, bool), np.asarray(labels, bool)
    columns = np.vstack([np.ones_like(labels), labels, decisions, decisions & labels])
    order = np.argsort(line_of_row, kind="stable")
    starts = np.searchsorted(line_of_row[order], np.arange(len(names)))
    of_line = np.add.reduceat(columns[:, order], starts, axis=1, dtype=np.int64)
    # As np.unique over an axis does, but that takes twenty times as long.
    of_line = of_line[:, np.lexsort(of_line)]
    first = np.append(True, (of_line[:, 1:] != of_line[:, :-1]).any(axis=0))
    cells, members = of_line[:, first].T, np.diff(np.append(np.flatnonzero(first), len(names)))
    block = max(1, CELLS // len(cells))
    sizes = [min(block, resamples - start) for start in range(0, resamples, block)]
    share = members / len(names)
    sums = np.vstack([rng.multinomial(len(names), share, size) @ cells for size in sizes]).T
    rows, positives = sums[0], sums[1]
    predicted, hits = np.split(sums[2:], 2)
    return Confusion(hits, predicted - hits, positives - hits, rows - positives - predicted + hits)


class Error(NamedTuple):
    """How far an estimate may be off: its standard error and degrees of freedom."""

    standard_error: float
    degrees: float

    def quantile(self, probability: float) -> float:
        """The quantile of Student's distribution, normal where the degrees are infinite."""
        return float(student_t.ppf(probability, self.degrees))

    def p_value(self, estimate: float) -> float:
        """The probability of an estimate at least as far from 0, if 0 is the truth.

        The standard error must be positive.
        """
        return float(2 * student_t.sf(abs(estimate) / self.standard_error, self.degrees))


class Replicates(NamedTuple):
    """A metric of the models of one variant: `values` (seeds), `resampled` (seeds x resamples)."""

    values: np.ndarray
    resampled: np.ndarray


def total_error(estimates: np.ndarray, *variants: Replicates) -> Error:
    """The error of a variant's mean over its seeds, or of the difference of two such means.

    `estimates` is that mean or difference on resampled rows. Its variance covers the choice of
    rows. The spread over the seeds of the `variants` is added, less the part of it that the choice
    of rows explains and that is counted already. A variant of one seed adds nothing. Degrees of
    freedom are Satterthwaite's (An approximate distribution of estimates of variance components,
    Biometrics Bulletin, 1946); those of the rows are infinite.
    """
    spread = by_rows = uncertainty = 0.0
    for values, resampled in variants:
        seeds = len(values)
        if seeds > 1:
            apart = np.var(resampled - values[:, None], axis=0, ddof=1)
            apart = apart[~np.isnan(apart)]
            by_rows += apart.mean() / seeds if len(apart) else 0.0
            spread += values.var(ddof=1) / seeds
            uncertainty += (values.var(ddof=1) / seeds) ** 2 / (seeds - 1)
    variance = float(np.var(estimates)) + max(0.0, spread - by_rows)
    if variance < ROUNDING**2:
        return Error(0.0, math.inf)
    degrees = variance**2 / uncertainty if uncertainty > 0 else math.inf
    return Error(math.sqrt(variance), float(degrees))


def interval(
    values: np.ndarray,
    resampled: np.ndarray,
    confidence: float,
    bounds: tuple[float, float] = (-math.inf, math.inf),
    inflated: bool = False,
) -> tuple[float, float]:
    """The interval of a metric's mean over seeds; NaN where the metric is undefined.

    `values` has one value per seed, `resampled` (seeds x resamples) its values on resampled rows.
    The interval holds the percentiles of the resampled means, shifted by their bias; with several
    seeds both arms are widened to the total error. It is cut at the metric's `bounds`.

    Noise makes an `inflated` metric larger, since it sums distances. Its value is too large, and
    its interval lies lower. Let b be the bias of the value and r that of the resampled mean beyond
    the value. Then r <= b <= r / (sqrt(2) - 1): the right side is reached where all distance is
    noise, since E|z1 + z2| = sqrt(2) E|z1| for independent normal z1, z2. The upper end is moved
    down by r, the lower end by r / (sqrt(2) - 1).
    """
    value, means = values.mean(), resampled.mean(axis=0)
    means = means[~np.isnan(means)]
    if np.isnan(value) or not len(means):
        return math.nan, math.nan
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail]) - means.mean()
    rows_error = float(means.std())
    error = total_error(means, Replicates(values, resampled))
    reach = error.quantile(1 - tail) * error.standard_error
    if rows_error > 0:
        widening = reach / (float(norm.ppf(1 - tail)) * rows_error)
        low, high = low * widening, high * widening
    else:
        low, high = -reach, reach
    if inflated:
        excess = max(0.0, means.mean() - value)
        low, high = -high - excess / (math.sqrt(2) - 1), -low - excess
    return tuple(float(np.clip(value + arm, *bounds)) for arm in (low, high))
