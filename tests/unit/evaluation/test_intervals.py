import math

import numpy as np
import pytest
import scipy.stats
from statsmodels.stats.multitest import multipletests

from whosaid.evaluation.intervals import Replicates, Uncertainty, interval, uncertainty


def unmoved(values):
    """Models whose metric is the same on all rows."""
    values = np.array(values)
    return Replicates(values, np.repeat(values[:, None], 50, axis=1))


def test_seeds_alone_give_students_interval():
    metric = unmoved([0.31, 0.35, 0.36])
    error = metric.values.std(ddof=1) / math.sqrt(3)
    theirs = scipy.stats.t.interval(0.95, 2, metric.values.mean(), error)
    assert interval(metric, 100, 0.95) == pytest.approx(theirs)


def test_without_a_second_seed_the_error_is_that_of_the_units():
    estimates = np.array([-0.02, 0.02] * 25)
    error = uncertainty(estimates, 21, unmoved([0.3]), unmoved([0.4]))
    assert error.standard_error == pytest.approx(0.02)
    assert error.reach(0.025) == pytest.approx(0.02 * scipy.stats.t.ppf(0.975, 20))
    assert error.p_value(-0.03) == pytest.approx(2 * scipy.stats.t.sf(1.5, 20), rel=1e-6)


def test_the_p_value_is_the_level_whose_interval_ends_at_0():
    error = Uncertainty(np.array([4e-4, 1e-4]), np.array([30, 2]))
    for estimate in (0.001, 0.03, 0.06, 0.2):
        assert error.reach(error.p_value(estimate) / 2) == pytest.approx(estimate)


def test_each_part_of_the_error_has_its_own_degrees_of_freedom():
    one, other = (Uncertainty(np.array([v]), np.array([d])) for v, d in ((4e-4, 30), (1e-4, 2)))
    both = Uncertainty(np.array([4e-4, 1e-4]), np.array([30, 2]))
    assert both.reach(0.025) == pytest.approx(math.hypot(one.reach(0.025), other.reach(0.025)))


def test_the_correction_of_the_number_of_tests_is_that_of_statsmodels():
    p_values = [0.001, 0.013, 0.04, 0.9]
    theirs = multipletests(p_values, 0.05, "bonferroni")
    assert [min(1, p * 4) for p in p_values] == pytest.approx(theirs[1])
    error = Uncertainty(np.array([1e-4]), np.array([40]))
    for p, rejected in zip(p_values, theirs[0], strict=True):
        estimate = error.reach(p / 2)
        assert (estimate > error.reach(0.05 / 4 / 2)) == rejected


def test_the_smallest_detectable_difference_is_detected_in_80_of_100_cases():
    error = Uncertainty(np.array([1e-4]), np.array([1000]))
    rng = np.random.default_rng(1)
    drawn = error.detectable(0.0125) + 0.01 * rng.standard_normal(20_000)
    assert (np.abs(drawn) > error.reach(0.0125 / 2)).mean() == pytest.approx(0.8, abs=0.01)


def test_what_other_rows_explain_of_the_spread_is_counted_once():
    """Models that differ only by the rows on which they happen to err."""
    rng = np.random.default_rng(12)
    ratios = []
    for _ in range(300):
        own = rng.normal(0, 0.02, (4, 400))
        values = rng.normal(0.3, 0.02, 4)
        resampled = values[:, None] + own
        error = uncertainty(resampled.mean(axis=0), 400, Replicates(values, resampled))
        ratios.append(error.standard_error / 0.01)
    # Counted twice it would be sqrt(2) times the true error of the mean, 0.02 / sqrt(4).
    assert min(ratios) > 0.85
    assert np.mean(ratios) < 1.2


def test_seeds_widen_an_interval_and_more_seeds_less():
    resampled = np.random.default_rng(3).normal(0, 0.02, 4000)
    lengths = []
    for values in ([0.3], [0.3, 0.3], [0.29, 0.31], [0.29, 0.31] * 3, [0.27, 0.33] * 3):
        values = np.array(values)
        low, high = interval(Replicates(values, values[:, None] + resampled), 500, 0.95)
        lengths.append(high - low)
    one, alike, two, six, six_apart = lengths
    assert one == pytest.approx(alike)
    assert alike < six < two
    assert six < six_apart


def test_a_higher_confidence_is_a_longer_interval_within_the_bounds():
    metric = Replicates(np.array([0.9]), np.random.default_rng(3).normal(0.9, 0.05, (1, 4000)))
    ends = [interval(metric, 100, level, (0, 1)) for level in (0.8, 0.95, 0.999)]
    assert ends[0][0] > ends[1][0] > ends[2][0]
    assert ends[0][1] < ends[1][1] <= ends[2][1] == 1


def test_fewer_units_are_a_longer_interval():
    metric = Replicates(np.array([0.5]), np.random.default_rng(3).normal(0.5, 0.05, (1, 4000)))
    lengths = [np.ptp(interval(metric, units, 0.95)) for units in (5, 15, 200)]
    assert lengths == sorted(lengths, reverse=True)


def test_an_undefined_metric_has_no_interval():
    assert interval(Replicates(np.array([np.nan]), np.full((1, 10), np.nan)), 9, 0.95) is None
    # A resample without a positive says nothing; the others do.
    resampled = np.array([[0.2, np.nan, 0.4, np.nan, 0.3]])
    low, high = interval(Replicates(np.array([0.3]), resampled), 1000, 0.9)
    assert 0.15 <= low < 0.3 < high <= 0.45


def test_rows_that_are_all_alike_have_no_interval():
    assert interval(Replicates(np.array([1.0]), np.ones((1, 100))), 50, 0.95, (0, 1)) is None
