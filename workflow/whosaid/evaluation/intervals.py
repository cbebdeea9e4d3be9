"""Intervals, tests and smallest detectable differences, from resamples and the spread over seeds.

An estimate (a mean over seeds, or the difference of two) errs for independent reasons: other rows
could have been held out, and other seeds trained. Each reason has a variance with few degrees of
freedom, so each is multiplied by its own quantile of Student's t before they are added (Howe,
Approximate confidence limits on the mean of X + Y, Journal of the American Statistical Association,
1974). With a single seed its part is 0: the interval is about this one model.
"""

import math
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm
from scipy.stats import t as student_t

POWER = 0.8
"""The probability with which a test detects the smallest detectable difference."""

ROUNDING = 1e-12
"""A smaller standard error counts as 0: the mean of equal floats may differ from them."""

SMALLEST_P = 1e-12
"""P values are not computed below this."""


class Replicates(NamedTuple):
    """A metric of the models of one variant: `values` (seeds), `resampled` (seeds x resamples)."""

    values: np.ndarray
    resampled: np.ndarray


class Uncertainty(NamedTuple):
    """The independent parts of an estimate's variance, with their degrees of freedom."""

    variances: np.ndarray
    degrees: np.ndarray

    @property
    def standard_error(self) -> float:
        """The square root of the whole variance."""
        return float(np.sqrt(self.variances.sum()))

    def reach(self, tail: float) -> float:
        """How far an interval reaches to either side if each tail has the probability `tail`."""
        quantiles = student_t.isf(tail, self.degrees)
        return float(np.sqrt((quantiles**2 * self.variances).sum()))

    def p_value(self, estimate: float) -> float:
        """The level of the test whose interval just reaches from `estimate` to 0.

        The standard error must be positive.
        """
        if self.reach(SMALLEST_P / 2) <= abs(estimate):
            return SMALLEST_P
        return float(brentq(lambda p: self.reach(p / 2) - abs(estimate), SMALLEST_P, 1.0))

    def detectable(self, level: float) -> float:
        """The true difference that a two-sided test at `level` detects in 80 of 100 cases.

        Bloom, Minimum detectable effects, Evaluation Review, 1995.
        """
        return self.reach(level / 2) + self.reach(1 - POWER)


NO_ERROR = Uncertainty(np.zeros(1), np.array([math.inf]))


def uncertainty(estimates: np.ndarray, units: int, *variants: Replicates) -> Uncertainty:
    """The error of a mean over seeds, or of a difference of two, on `units` with a positive row.

    `estimates` is that mean or difference on resampled rows; its variance covers the choice of
    rows. The variance over the seeds of each of the `variants` is added, less the part that the
    choice of rows explains, which is already included. Without any estimate it is 0.
    """
    if not len(estimates):
        return NO_ERROR
    variances, degrees = [float(np.var(estimates))], [max(1, units - 1)]
    for values, resampled in variants:
        seeds = len(values)
        if seeds > 1:
            by_rows = np.nanmean(np.var(resampled - values[:, None], axis=0, ddof=1))
            variances.append(max(0.0, values.var(ddof=1) - by_rows) / seeds)
            degrees.append(seeds - 1)
    found = Uncertainty(np.array(variances), np.array(degrees))
    if found.standard_error < ROUNDING:
        return NO_ERROR
    return found


def interval(
    metric: Replicates, units: int, confidence: float, bounds: tuple[float, float] | None = None
) -> tuple[float, float] | None:
    """The interval of a metric's mean over seeds; None where the metric is undefined.

    The ends are percentiles of the resampled means, shifted so that these have the mean of the
    values. Both arms are widened to the whole error. The interval is cut at the metric's `bounds`.
    It is None too if all resamples give the same: rows that are all alike say nothing about others.
    """
    value, means = metric.values.mean(), metric.resampled.mean(axis=0)
    means = means[~np.isnan(means)]
    if np.isnan(value) or not len(means):
        return None
    error = uncertainty(means, units, metric)
    if error.standard_error == 0:
        return None
    tail = (1 - confidence) / 2
    reach, by_rows = error.reach(tail), float(means.std())
    arms = np.array([-reach, reach])
    if by_rows > ROUNDING:
        percentiles = np.quantile(means, [tail, 1 - tail]) - means.mean()
        # Where few resamples differ from the rest, both may be on one side: the arms stay equal.
        if percentiles[0] < 0 < percentiles[1]:
            arms = percentiles * reach / (norm.isf(tail) * by_rows)
    low, high = np.clip(value + arms, *(bounds or (-math.inf, math.inf)))
    return float(low), float(high)
