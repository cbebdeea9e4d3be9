import itertools
import math

import numpy as np
import pytest
import scipy.stats

from whosaid.evaluation.bootstrap import Error, Replicates, resampled_confusion, total_error
from whosaid.evaluation.metric_entry import confusion
from whosaid.evaluation.paired_tests import (
    McNemar,
    difference_interval,
    holm,
    mcnemar,
    mcnemar_interval,
    smallest_detectable_difference,
    verdict,
)
from whosaid.evaluation.published_metrics import f1


def rights(one, other, both=3, neither=2):
    """Whether each of two models is right, with so many rows on which just one or the other is."""
    first = np.repeat([True, False, True, False], [one, other, both, neither])
    second = np.repeat([False, True, True, False], [one, other, both, neither])
    return first, second


def test_a_case_of_mcnemar_worked_by_hand():
    # Of 6 rows 1 and 5: twice (1 + 6) / 2^6.
    assert mcnemar(*rights(5, 1)) == McNemar(5, 1, 14 / 64)
    assert mcnemar(*rights(1, 5)) == McNemar(1, 5, 14 / 64)
    assert mcnemar(*rights(0, 3)) == McNemar(0, 3, 2 / 8)


@pytest.mark.parametrize(
    ("one", "other"), [(0, 1), (2, 2), (3, 9), (12, 4), (10, 25), (86, 150), (1400, 1530)]
)
def test_mcnemar_is_the_binomial_test_of_scipy(one, other):
    table = mcnemar(*rights(one, other))
    assert table.p == pytest.approx(scipy.stats.binomtest(one, one + other).pvalue)


def test_models_that_are_right_on_the_same_rows_do_not_differ():
    assert mcnemar(*rights(0, 0)).p == 1
    assert mcnemar_interval(mcnemar(*rights(0, 0)), 5, 0.95) == (0, 0)


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_the_interval_of_the_accuracy_leaves_out_0_where_mcnemar_rejects(confidence):
    rejected = 0
    for one, other in itertools.product(range(0, 60, 3), repeat=2):
        table = mcnemar(*rights(one, other))
        low, high = mcnemar_interval(table, 200, confidence)
        assert low <= (one - other) / 200 <= high
        assert (low > 0 or high < 0) == (table.p < 1 - confidence)
        rejected += table.p < 1 - confidence
    assert 0 < rejected < 400


def test_the_interval_of_the_accuracy_is_that_of_clopper_and_pearson():
    table = mcnemar(*rights(30, 18))
    exact = scipy.stats.binomtest(30, 48).proportion_ci(0.95, method="exact")
    assert mcnemar_interval(table, 500, 0.95) == pytest.approx(
        [48 * (2 * share - 1) / 500 for share in exact]
    )


@pytest.mark.parametrize("degrees", [2.0, 7.3, math.inf])
def test_the_interval_of_a_difference_leaves_out_0_where_its_test_rejects(degrees):
    error = Error(0.01, degrees)
    for difference in np.linspace(-0.06, 0.06, 61):
        low, high = difference_interval(difference, error, 0.95)
        assert (low > 0 or high < 0) == (error.p_value(difference) < 0.05)


def test_holm_of_a_case_worked_by_hand():
    # In order 0.005 * 4, 0.01 * 3, 0.03 * 2, 0.04 * 1, which may not fall below the one before.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.5]) == [1.0, 1.0]
    assert holm([0.02]) == [0.02]
    assert holm([]) == []


def test_what_is_not_a_number_does_not_count_as_a_comparison():
    adjusted = holm([0.01, math.nan, 0.02])
    assert adjusted[0] == pytest.approx(0.02) and adjusted[2] == pytest.approx(0.02)
    assert math.isnan(adjusted[1])


def test_adjusted_p_values_keep_the_order_and_only_grow():
    rng = np.random.default_rng(6)
    for _ in range(50):
        raw = rng.random(rng.integers(1, 9)) ** 3
        adjusted = np.array(holm(list(raw)))
        assert (adjusted >= raw).all() and (adjusted <= 1).all()
        assert (np.diff(adjusted[np.argsort(raw)]) >= 0).all()
        # With one comparison more none gets smaller.
        assert (np.array(holm([*raw, 0.5]))[:-1] >= adjusted).all()


def test_the_verdict_follows_p_and_the_sign():
    assert verdict(0.1, 0.01, 0.95) == "better"
    assert verdict(-0.1, 0.01, 0.95) == "worse"
    assert verdict(-0.1, 0.01, 0.995) == "cannot tell"
    assert verdict(0.1, 0.06, 0.95) == "cannot tell"
    assert verdict(math.nan, math.nan, 0.95) == "cannot tell"


@pytest.mark.parametrize("degrees", [3.0, math.inf])
def test_the_smallest_detectable_difference_is_found_in_80_of_100_cases(degrees):
    error = Error(0.02, degrees)
    truth = smallest_detectable_difference(error, 0.95)
    if degrees == math.inf:
        assert truth == pytest.approx((1.959964 + 0.841621) * 0.02, rel=1e-5)
    rng = np.random.default_rng(7)
    # Student's t: the estimated error varies where the degrees are few.
    scale = np.sqrt(rng.chisquare(degrees, 20_000) / degrees) if degrees < math.inf else 1.0
    estimates = rng.normal(truth, 0.02, 20_000) / scale
    found = (estimates > error.quantile(0.975) * 0.02).mean()
    assert found == pytest.approx(0.8, abs=0.03)


def p_values_of_equal_variants(seeds, spread, simulations=1000, rows=1000):
    """P values for the F1 of two variants of one quality; models of a seed differ by `spread`."""
    rng = np.random.default_rng(31)
    models, found = sum(seeds), []
    for _ in range(simulations):
        labels = (rng.random(rows) < 0.17).astype(np.int8)
        scores = math.sqrt(0.6) * rng.normal(size=rows) + labels
        scores = scores + math.sqrt(0.4) * rng.normal(size=(models, rows))
        decisions = scores > 1.2 + spread * rng.normal(size=(models, 1))
        values = f1(confusion(decisions, labels))
        resampled = f1(resampled_confusion(labels, decisions, np.arange(rows), 200, rng))
        halves = slice(seeds[0]), slice(seeds[0], None)
        one, other = (Replicates(values[half], resampled[half]) for half in halves)
        differences = one.resampled.mean(axis=0) - other.resampled.mean(axis=0)
        error = total_error(differences, one, other)
        found.append(error.p_value(one.values.mean() - other.values.mean()))
    return np.array(found)


def test_equal_models_are_called_different_in_5_of_100_cases():
    rejected = (p_values_of_equal_variants((1, 1), 0.0) < 0.05).mean()
    # The standard error of the share of 1000 simulations is 0.7 of 100.
    assert 0.03 <= rejected <= 0.064


def test_equal_variants_of_several_seeds_are_called_different_in_at_most_5_of_100_cases():
    found = p_values_of_equal_variants((3, 3), 0.3)
    assert 0.01 <= (found < 0.05).mean() <= 0.064


def test_mcnemar_calls_equal_models_different_in_at_most_5_of_100_cases():
    rng = np.random.default_rng(32)
    rejected = 0
    for _ in range(1000):
        shared = rng.random(800) < 0.6
        first, second = (np.where(shared, True, rng.random(800) < 0.5) for _ in range(2))
        rejected += mcnemar(first, second).p < 0.05
    assert 10 <= rejected <= 64
