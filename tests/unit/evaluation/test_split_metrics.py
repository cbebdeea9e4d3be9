import math

import numpy as np
import pytest
from experiment_files import scores

from whosaid.evaluation.bootstrap import interval
from whosaid.evaluation.metric_entry import Metric
from whosaid.evaluation.metrics import METRICS
from whosaid.evaluation.predictions import Predictions
from whosaid.evaluation.split_metrics import (
    evaluate,
    evaluate_resampled,
    find_intervals,
    trivial_metrics,
)

CUTOFFS = [0.3, 0.7]

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


def values_of(predictions, cutoffs=CUTOFFS):
    of_seeds = [scores(decisions, predictions.label) for decisions in predictions.decide()]
    return evaluate(predictions, cutoffs, of_seeds)


def test_all_values_and_intervals_of_random_predictions_are_within_the_bounds():
    rng = np.random.default_rng(14)
    for _ in range(25):
        predictions = draw(rng)
        values = values_of(predictions)
        resampled = evaluate_resampled(predictions, CUTOFFS, 40, 1)
        intervals = find_intervals(values, resampled, 0.95)
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
                assert low <= intervals[name][0] <= intervals[name][1] <= high, name


def near(value):
    """A metric of one seed, and resamples of it that reach 0.4 to either side."""
    return np.array([value]), value + np.linspace(-0.4, 0.4, 401)[None]


def interval_of(metric, value):
    values, resampled = near(value)
    return find_intervals({metric.name: values}, {metric.name: resampled}, 0.95)[metric.name]


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_an_interval_is_cut_at_the_metric_s_own_bounds(metric):
    low, high = metric.bounds
    assert interval_of(metric, low)[0] == low
    assert interval_of(metric, low)[1] == pytest.approx(low + 0.38)
    if math.isinf(high):
        high = 50.0
        assert interval_of(metric, high) == pytest.approx((high - 0.38, high + 0.38))
    else:
        assert interval_of(metric, high)[1] == high
        assert interval_of(metric, high)[0] == pytest.approx(high - 0.38)
    middle = (low + high) / 2
    assert interval_of(metric, middle) == pytest.approx((middle - 0.38, middle + 0.38))


def test_what_may_be_below_0_or_above_1_is_not_cut_there():
    assert interval_of(METRICS["mcc"], 0.0) == pytest.approx((-0.38, 0.38))
    assert interval_of(METRICS["mcc"], -0.9) == (-1, pytest.approx(-0.52))
    assert interval_of(METRICS["loss"], 1.0) == pytest.approx((0.62, 1.38))


def test_the_bounds_of_a_metric_more_are_those_of_its_entry(monkeypatch):
    monkeypatch.setitem(METRICS, BETWEEN_FIVES.name, BETWEEN_FIVES)
    assert interval_of(BETWEEN_FIVES, -3.0) == pytest.approx((-3.38, -2.62))
    assert interval_of(BETWEEN_FIVES, 4.9) == (pytest.approx(4.52), 5)


def test_only_a_metric_that_noise_inflates_has_its_interval_moved_down():
    values, resampled = np.array([0.4]), 0.45 + np.linspace(-0.2, 0.2, 401)[None]
    for name, metric in METRICS.items():
        found = find_intervals({name: values}, {name: resampled}, 0.95)[name]
        expected = interval(values, resampled, 0.95, inflated=metric.inflated_by_noise)
        assert found == pytest.approx(expected)
        assert (found[1] < 0.56) == (name == "expected_calibration_error")


def test_an_undefined_metric_has_no_interval():
    undefined = {"roc_auc": np.array([np.nan])}
    assert find_intervals(undefined, {"roc_auc": np.full((1, 5), np.nan)}, 0.95) == {
        "roc_auc": None
    }


def test_a_metric_more_reaches_values_resamples_and_trivial_classifiers(monkeypatch):
    monkeypatch.setitem(METRICS, BETWEEN_FIVES.name, BETWEEN_FIVES)
    predictions = draw(np.random.default_rng(15))
    values = values_of(predictions)
    assert values["between_fives"] == pytest.approx(10 * values["accuracy"] - 5)
    resampled = evaluate_resampled(predictions, CUTOFFS, 30, 1)
    assert resampled["between_fives"] == pytest.approx(10 * resampled["accuracy"] - 5)
    for found in trivial_metrics(predictions.label, 0.2).values():
        assert found["between_fives"] == pytest.approx(10 * found["accuracy"] - 5)


def test_trivial_classifiers_have_neither_thresholds_nor_probabilities():
    found = trivial_metrics(np.array([1, 0, 0, 0]), 0.25)
    assert list(found) == ["never", "always", "prior_random"]
    names = {name for name, metric in METRICS.items() if metric.basis != "calibration"}
    for of_kind in found.values():
        assert set(of_kind) == {name for name in names if not name.endswith("_at_threshold")}
    # Expected counts of 1 positive: 0.25 found, 0.75 false alarms.
    assert found["prior_random"]["accuracy"] == pytest.approx(0.25 * 0.25 + 0.75 * 0.75)
    assert found["prior_random"]["mcc"] == 0


def test_each_seed_is_decided_at_its_own_threshold():
    label = np.array([1, 1, 0, 0])
    odds = np.array([[2.0, -1.0, -2.0, -3.0]] * 2)
    predictions = Predictions(np.arange(4), label, np.zeros(4, bool), odds)
    values = values_of(predictions, [0.2, 0.5])
    assert values["recall_at_threshold"].tolist() == [1, 0.5]
    assert values["recall"].tolist() == [0.5, 0.5]
