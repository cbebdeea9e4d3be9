import math

import numpy as np
import pytest
from experiment_files import scores

from whosaid.errors import StageError
from whosaid.evaluation.metric_entry import Metric
from whosaid.evaluation.metrics import METRICS
from whosaid.evaluation.predictions import Predictions
from whosaid.evaluation.published_metrics import PUBLISHED_METRICS
from whosaid.evaluation.resampling import Resamples, evaluate, once
from whosaid.evaluation.split_metrics import check_scores, find_intervals, standard_error
from whosaid.evaluation.target_description import remarks, trivial_metrics

WITH_INTERVAL = {name: metric for name, metric in METRICS.items() if metric.has_interval}
ONE_IN_FIVE = np.array([1, 0, 0, 0, 0])
MANY = 10**6  # units, so many that Student's t is as good as normal

BETWEEN_FIVES = Metric(
    name="between_fives",
    title="between fives",
    basis="confusion",
    function=lambda counts: 10 * METRICS["accuracy"].function(counts) - 5,
    bounds=(-5.0, 5.0),
    higher_is_better=True,
)


def draw(rng, rows=80):
    """Random predictions of two seeds, from all different to nearly all tied."""
    label = (rng.random(rows) < rng.uniform(0.1, 0.9)).astype(np.int8)
    label[:2] = 0, 1
    steps = rng.choice([1, 2, 1000])
    odds = (rng.normal(0, rng.choice([0.5, 3, 30]), (2, rows)) * steps).round() / steps
    return Predictions(np.arange(rows), label, rng.random(rows) < 0.1, odds + rng.choice([-1, 1]))


def values_of(test, valid):
    found = evaluate(test, valid, [once(test, valid)], list(METRICS))
    return {name: each[:, 0] for name, each in found.metrics.items()}


def resampled_of(test, valid, number):
    of_test, of_valid = test.row, valid.row + 1000
    blocks = Resamples([of_test, of_valid], number, 1).blocks(of_test, of_valid)
    return evaluate(test, valid, blocks, list(METRICS)).metrics


def test_all_values_and_intervals_of_random_predictions_are_within_the_bounds():
    rng = np.random.default_rng(14)
    for _ in range(25):
        test, valid = draw(rng), draw(rng, 50)
        values, resampled = values_of(test, valid), resampled_of(test, valid, 40)
        intervals = find_intervals(values, resampled, int(test.label.sum()), 0.95, METRICS)
        assert list(values) == list(intervals) == list(METRICS)
        assert set(resampled) == set(METRICS)
        for name, metric in METRICS.items():
            low, high = metric.bounds
            assert values[name].shape == (2,) and resampled[name].shape == (2, 40)
            for found in (values[name], resampled[name]):
                defined = found[~np.isnan(found)]
                # Of sums of floats the last bit is open.
                assert (low - 1e-12 <= defined).all() and (defined <= high + 1e-12).all(), name
            if intervals[name] is not None:
                start, end = intervals[name]
                assert low <= start <= end <= high, name
                assert start - 1e-12 <= values[name].mean() <= end + 1e-12, name


def near(value):
    """A metric of one seed, and resamples of it that reach 0.4 to either side."""
    return np.array([value]), value + np.linspace(-0.4, 0.4, 401)[None]


def interval_of(metric, value):
    values, resampled = near(value)
    found = find_intervals({metric.name: values}, {metric.name: resampled}, MANY, 0.95, METRICS)
    return found[metric.name]


@pytest.mark.parametrize("metric", WITH_INTERVAL.values(), ids=WITH_INTERVAL)
def test_an_interval_is_cut_at_the_metric_s_own_bounds(metric):
    low, high = metric.bounds
    assert interval_of(metric, low)[0] == low
    assert interval_of(metric, low)[1] == pytest.approx(low + 0.38, abs=1e-4)
    if math.isinf(high):
        high = 50.0
        assert interval_of(metric, high) == pytest.approx((high - 0.38, high + 0.38), abs=1e-4)
    else:
        assert interval_of(metric, high)[1] == high
        assert interval_of(metric, high)[0] == pytest.approx(high - 0.38, abs=1e-4)
    middle = (low + high) / 2
    assert interval_of(metric, middle) == pytest.approx((middle - 0.38, middle + 0.38), abs=1e-4)


def test_what_may_be_below_0_or_above_1_is_not_cut_there():
    assert interval_of(METRICS["mcc"], 0.0) == pytest.approx((-0.38, 0.38), abs=1e-4)
    assert interval_of(METRICS["mcc"], -0.9) == (-1, pytest.approx(-0.52, abs=1e-4))
    assert interval_of(METRICS["loss"], 1.0) == pytest.approx((0.62, 1.38), abs=1e-4)


def test_the_bounds_of_a_metric_more_are_those_of_its_entry(monkeypatch):
    monkeypatch.setitem(METRICS, BETWEEN_FIVES.name, BETWEEN_FIVES)
    assert interval_of(BETWEEN_FIVES, -3.0) == pytest.approx((-3.38, -2.62), abs=1e-4)
    assert interval_of(BETWEEN_FIVES, 4.9) == (pytest.approx(4.52, abs=1e-4), 5)


def test_only_a_metric_that_noise_inflates_has_no_interval():
    without = {name for name, metric in METRICS.items() if interval_of(metric, 0.5) is None}
    assert without == {"expected_calibration_error"}


def test_an_undefined_metric_has_neither_interval_nor_standard_error():
    values, resampled = np.array([np.nan]), np.full((1, 5), np.nan)
    found = find_intervals({"roc_auc": values}, {"roc_auc": resampled}, 0, 0.95, METRICS)
    assert found == {"roc_auc": None}
    assert math.isnan(standard_error(values, resampled, 0))


def test_rows_that_are_all_alike_have_no_interval():
    values, resampled = np.array([1.0, 1.0]), np.ones((2, 50))
    assert find_intervals({"f1": values}, {"f1": resampled}, 30, 0.95, METRICS) == {"f1": None}
    assert standard_error(values, resampled, 30) == 0


@pytest.mark.parametrize("other", [0.2, 0.9])
def test_the_interval_holds_the_value_if_hardly_any_resample_differs(other):
    resampled = np.full((1, 300), 0.5)
    resampled[0, :5] = other
    found = find_intervals({"f1": np.array([0.5])}, {"f1": resampled}, 30, 0.95, METRICS)
    assert found["f1"][0] < 0.5 < found["f1"][1]


def test_the_standard_error_is_that_of_rows_and_seeds_together():
    rows = np.random.default_rng(3).normal(0, 0.03, 4000)
    of_seeds = np.array([0.4, 0.5, 0.6])
    found = standard_error(of_seeds, of_seeds[:, None] + rows, 100)
    assert found == pytest.approx(math.hypot(0.03, 0.1 / math.sqrt(3)), rel=0.02)
    assert standard_error(of_seeds[:1], 0.4 + rows[None], 100) == pytest.approx(0.03, rel=0.04)


def test_a_resample_without_a_row_changes_no_other_resample():
    rng = np.random.default_rng(5)
    test, valid = draw(rng), draw(rng, 30)
    blocks = [*Resamples([test.row, valid.row + 1000], 60, 1).blocks(test.row, valid.row + 1000)]
    # Valid counts once: only the rows of test are missing.
    nothing = np.zeros_like(blocks[0][0][:1]), once(test, valid)[1]
    name = "accuracy_at_threshold"
    found = evaluate(test, valid, [nothing, *blocks], [name]).metrics[name]
    kept = evaluate(test, valid, blocks, [name]).metrics[name]
    assert np.isnan(found[:, 0]).all()
    # A resample more hardly changes how uneven the metric is over the thresholds.
    np.testing.assert_allclose(found[:, 1:], kept, atol=0.005)


def test_a_metric_more_reaches_values_resamples_and_trivial_classifiers(monkeypatch):
    monkeypatch.setitem(METRICS, BETWEEN_FIVES.name, BETWEEN_FIVES)
    rng = np.random.default_rng(15)
    test, valid = draw(rng), draw(rng)
    for found in (values_of(test, valid), resampled_of(test, valid, 30)):
        assert found["between_fives"] == pytest.approx(10 * found["accuracy"] - 5)
    for found in trivial_metrics(test.label, ONE_IN_FIVE).values():
        assert found["between_fives"] == pytest.approx(10 * found["accuracy"] - 5)


def test_trivial_classifiers_have_neither_thresholds_nor_probabilities():
    found = trivial_metrics(np.array([1, 0, 0, 0]), np.array([0, 1, 0, 0]))
    assert list(found) == ["never", "always", "prior_random"]
    names = {name for name, metric in METRICS.items() if metric.basis != "calibration"}
    for of_kind in found.values():
        assert set(of_kind) == {name for name in names if not name.endswith("_at_threshold")}
    # Expected counts of 1 positive: 0.25 found, 0.75 false alarms.
    assert found["prior_random"]["accuracy"] == pytest.approx(0.25 * 0.25 + 0.75 * 0.75)
    assert found["prior_random"]["mcc"] == 0


def test_each_seed_is_decided_at_its_own_threshold():
    label, judged = np.array([1, 1, 0, 0]), np.zeros(4, bool)
    test = Predictions(np.arange(4), label, judged, np.array([[2.0, -1.0, -2.0, -3.0]] * 2))
    # The best thresholds on valid are 0.19 and 0.46; the second row of test has 0.27.
    on_valid = np.array([[2.0, -1.0, -2.0, -3.0], [3.0, 2.0, -3.0, -4.0]])
    values = values_of(test, Predictions(np.arange(4), label, judged, on_valid))
    assert values["recall_at_threshold"].tolist() == [1, 0.5]
    assert values["recall"].tolist() == [0.5, 0.5]


def test_scores_are_compared_with_the_metrics_of_each_seed():
    test = draw(np.random.default_rng(17))
    values = values_of(test, test)
    of_seeds = [scores(decisions, test.label) for decisions in test.decide()]
    check_scores(values, of_seeds, PUBLISHED_METRICS)
    with pytest.raises(StageError, match=r"^accuracy is .* predict again"):
        check_scores(values, of_seeds[::-1], PUBLISHED_METRICS)


def test_a_single_row_of_the_target_s_is_remarked():
    """F1 was 0.000 [0.000, 0.000] for one row, without a word."""
    rows = Predictions(
        np.arange(3), np.array([0, 1, 0]), np.zeros(3, bool), np.array([[1, 2, 3.0]])
    )
    assert [*remarks(rows, rows, [1], {})] == [
        "W105: One row is the target's: precision, recall and F1 are about this row alone.",
        "W107: Seed 1 predicts the same for every row: the target.",
    ]
