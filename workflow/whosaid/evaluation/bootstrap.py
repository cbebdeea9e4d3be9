"""The bootstrap over rows, and confidence intervals from it and the spread over the seeds.

Drawing rows with replacement shows how a metric would vary on other rows of the same kind (Efron
and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13). Rows of the same line (an
oversampled line has several) are drawn together. All models get the same draws.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student_t

from whosaid.evaluation.metric_entry import Confusion

CELLS = 2_500_000
"""The most numbers in a block of resamples; this limits the memory."""

ROUNDING = 1e-12
"""A smaller standard error counts as 0: the mean of equal floats may differ from them."""


def resampled_counts(
    lines: np.ndarray, resamples: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """How often each row is drawn in each of `resamples`, as blocks (resamples x rows).

    `lines` (rows) is the line of each row. A resample draws as many lines as there are.
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

    The counts are sums over rows, so all lines that add the same to every sum form one cell. How
    often each cell is drawn is multinomial, so single rows need not be drawn.
    """
    names, line_of_row = np.unique(lines, return_inverse=True)
    decisions, labels = np.asarray(decisions, bool), np.asarray(labels, bool)
    columns = np.vstack([np.ones_like(labels), labels, decisions, decisions & labels])
    order = np.argsort(line_of_row, kind="stable")
    starts = np.searchsorted(line_of_row[order], np.arange(len(names)))
    of_line = np.add.reduceat(columns[:, order], starts, axis=1, dtype=np.int64)
    # The same as np.unique over an axis, which takes twenty times as long.
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
    """The standard error of an estimate and its degrees of freedom."""

    standard_error: float
    degrees: float

    def quantile(self, probability: float) -> float:
        """The quantile of Student's t distribution, which is normal for infinite `degrees`."""
        return float(student_t.ppf(probability, self.degrees))

    def p_value(self, estimate: float) -> float:
        """The probability of an estimate at least as far from 0, if the true value is 0.

        The standard error must be positive.
        """
        return float(2 * student_t.sf(abs(estimate) / self.standard_error, self.degrees))


class Replicates(NamedTuple):
    """A metric of the models of one variant: `values` (seeds), `resampled` (seeds x resamples)."""

    values: np.ndarray
    resampled: np.ndarray


def total_error(estimates: np.ndarray, *variants: Replicates) -> Error:
    """The error of a variant's mean over its seeds, or of the difference of two such means.

    `estimates` is that mean or difference on resampled rows; its variance covers the choice of
    rows. The variance over the seeds of each of the `variants` is added, less the part that the
    choice of rows explains, since that is already included. A variant with one seed adds nothing.
    The degrees of freedom are Satterthwaite's (An approximate distribution of estimates of variance
    components, Biometrics Bulletin, 1946), with infinite degrees for the rows.
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

    `values` has one value per seed, `resampled` (seeds x resamples) the values on resampled rows.
    The ends are percentiles of the resampled means, shifted so that these have the mean of
    `values`. With several seeds both arms are widened to the total error. The interval is cut at
    the metric's `bounds`.

    An `inflated` metric sums distances, so noise makes it larger: its value is too large, and its
    interval has to be lower. Let b be the bias of the value, and let r be how much the resampled
    mean exceeds the value. Then r <= b <= r / (sqrt(2) - 1). The right side is reached if all
    distance is noise, since E|z1 + z2| = sqrt(2) E|z1| for independent normal z1 and z2. So the
    upper end is moved down by r and the lower end by r / (sqrt(2) - 1). Before that, the two arms
    are swapped, as in the basic bootstrap.
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
