"""Tests of the difference of two variants on the same rows, and Holm's correction of p values."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import binomtest

from whosaid.evaluation.bootstrap import Error

POWER = 0.8
"""The probability with which a test detects the smallest detectable difference."""


class McNemar(NamedTuple):
    """How many rows only one of two models predicts rightly, and the p value of the test."""

    only_first_right: int
    only_second_right: int
    p: float


def mcnemar(first_right: np.ndarray, second_right: np.ndarray) -> McNemar:
    """McNemar's exact test of two models, from the rows that each predicts rightly (two masks).

    If two models are equally good, each is right on half of the rows on which only one is right,
    apart from chance (Note on the sampling error of the difference between correlated proportions
    or percentages, Psychometrika, 1947). The p value is two-sided.
    """
    one = int((first_right & ~second_right).sum())
    other = int((second_right & ~first_right).sum())
    return McNemar(one, other, float(binomtest(one, one + other).pvalue) if one + other else 1.0)


def mcnemar_interval(table: McNemar, rows: int, confidence: float) -> tuple[float, float]:
    """The interval of the difference in accuracy; it excludes 0 exactly where the test rejects.

    It is the interval of Clopper and Pearson (Biometrika, 1934) for the first model's share of the
    rows on which only one model is right, converted to a difference over all rows.
    """
    one, other = table.only_first_right, table.only_second_right
    if one + other == 0:
        return 0.0, 0.0
    shares = binomtest(one, one + other).proportion_ci(confidence, method="exact")
    return tuple((one + other) * (2 * float(share) - 1) / rows for share in shares)


def difference_interval(difference: float, error: Error, confidence: float) -> tuple[float, float]:
    """The interval of a difference; it excludes 0 exactly where `error.p_value` rejects."""
    reach = error.quantile((1 + confidence) / 2) * error.standard_error
    return difference - reach, difference + reach


def smallest_detectable_difference(error: Error, confidence: float) -> float:
    """The true difference that a two-sided test at this level detects in 80 of 100 cases.

    Bloom, Minimum detectable effects, Evaluation Review, 1995.
    """
    multiple = error.quantile((1 + confidence) / 2) + error.quantile(POWER)
    return multiple * error.standard_error


def holm(p_values: Sequence[float]) -> list[float]:
    """P values adjusted for the number of tests; NaN stays NaN and does not count.

    Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of
    Statistics, 1979.
    """
    adjusted = [math.nan] * len(p_values)
    order = sorted((p, i) for i, p in enumerate(p_values) if not math.isnan(p))
    largest = 0.0
    for rank, (p, i) in enumerate(order):
        largest = max(largest, min(1.0, p * (len(order) - rank)))
        adjusted[i] = largest
    return adjusted


def verdict(difference: float, p_value: float, confidence: float) -> str:
    """`better` or `worse` where the test rejects at 1 - `confidence`, else `cannot tell`."""
    if not p_value < 1 - confidence:
        return "cannot tell"
    return "better" if difference > 0 else "worse"
