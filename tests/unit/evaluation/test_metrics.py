import warnings

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from whosaid.evaluation.metric_entry import Metric, confusion
from whosaid.evaluation.metrics import (
    AT_THRESHOLD,
    COMPARED,
    METRICS,
    Calibration,
    Ranking,
    metrics_of_decisions,
)
from whosaid.evaluation.probability import sigmoid
from whosaid.evaluation.published_metrics import PUBLISHED_METRICS

OF_CLASSES = {
    "accuracy": sklearn_metrics.accuracy_score,
    "f1": lambda labels, decisions: sklearn_metrics.f1_score(labels, decisions, zero_division=0),
    "precision": lambda labels, decisions: sklearn_metrics.precision_score(
        labels, decisions, zero_division=0
    ),
    "recall": lambda labels, decisions: sklearn_metrics.recall_score(
        labels, decisions, zero_division=0
    ),
    "balanced_accuracy": sklearn_metrics.balanced_accuracy_score,
    "mcc": sklearn_metrics.matthews_corrcoef,
}

OF_COUNTS = {
    name: metric.function
    for name, metric in METRICS.items()
    if metric.basis == "confusion" and not name.endswith(AT_THRESHOLD)
}

OF_SCORES = {
    "roc_auc": sklearn_metrics.roc_auc_score,
    "average_precision": sklearn_metrics.average_precision_score,
    "brier": lambda labels, odds, **weights: sklearn_metrics.brier_score_loss(
        labels, sigmoid(odds), **weights
    ),
    "loss": lambda labels, odds, **weights: sklearn_metrics.log_loss(
        labels, sigmoid(odds), **weights
    ),
}


def scores(labels, odds, counts=None):
    """The metrics of the scores where each row counts once, or as `counts` say."""
    counts = np.ones(len(labels), np.uint8) if counts is None else counts
    return {name: values[0] for name, values in of_resamples(labels, odds, counts[None]).items()}


def of_resamples(labels, odds, counts):
    """The metrics of the scores on resamples, of which `counts` has a row each."""
    sums = {
        "ranking": Ranking(labels, odds).sums(counts),
        "calibration": Calibration(labels, odds).sums(counts),
    }
    return {
        name: metric.function(sums[metric.basis])
        for name, metric in METRICS.items()
        if metric.basis in sums
    }


def samples(number, rows=60):
    """Labels of both classes and log odds, from all different to nearly all tied."""
    rng = np.random.default_rng(11)
    while number:
        labels = (rng.random(rng.integers(2, rows)) < rng.uniform(0.1, 0.9)).astype(np.int8)
        if labels.min() < labels.max():
            number -= 1
            steps = rng.choice([1, 2, 8, 1000])
            yield labels, (rng.normal(0, 2, len(labels)) * steps).round() / steps + labels, rng


@pytest.mark.parametrize("name", OF_CLASSES)
def test_metrics_of_counts_are_those_of_scikit_learn(name):
    rng = np.random.default_rng(5)
    for _ in range(60):
        labels, decisions = (rng.random((2, rng.integers(1, 12))) < rng.random()).astype(int)
        if name == "balanced_accuracy" and labels.min() == labels.max():
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = OF_CLASSES[name](labels, decisions)
        assert OF_COUNTS[name](confusion(decisions, labels)) == pytest.approx(expected)


@pytest.mark.parametrize("name", OF_SCORES)
def test_metrics_of_scores_are_those_of_scikit_learn(name):
    for labels, odds, _ in samples(60):
        assert scores(labels, odds)[name] == pytest.approx(OF_SCORES[name](labels, odds))


@pytest.mark.parametrize("name", OF_SCORES)
def test_a_row_that_counts_twice_is_a_row_of_weight_two(name):
    for labels, odds, rng in samples(60):
        counts = rng.integers(0, 4, len(labels)).astype(np.uint8)
        if len(set(labels[counts > 0])) == 2:
            expected = OF_SCORES[name](labels, odds, sample_weight=counts)
            assert scores(labels, odds, counts)[name] == pytest.approx(expected)


def test_the_calibration_error_is_that_of_a_loop_over_the_bins():
    for labels, odds, _ in samples(30, rows=300):
        probability = sigmoid(odds)
        error = 0.0
        for low in range(15):
            inside = (probability > low / 15) & (probability <= (low + 1) / 15)
            if inside.any():
                distance = abs(probability[inside].mean() - labels[inside].mean())
                error += inside.mean() * distance
        assert scores(labels, odds)["expected_calibration_error"] == pytest.approx(error)


def test_probabilities_that_are_right_on_average_are_calibrated():
    labels = np.array([1, 0, 0, 0] * 25)
    error = scores(labels, np.full(100, np.log(1 / 3)))["expected_calibration_error"]
    assert error == pytest.approx(0, abs=1e-12)


def test_large_log_odds_do_not_overflow():
    found = scores(np.array([1, 0]), np.array([-2e4, 2e4]))
    assert found["loss"] == pytest.approx(2e4)
    assert found["brier"] == found["expected_calibration_error"] == 1
    assert found["roc_auc"] == 0


def test_an_undecided_model_loses_log_two():
    assert scores(np.array([1, 0, 0]), np.zeros(3))["loss"] == pytest.approx(np.log(2))


def test_equal_scores_order_nothing():
    found = scores(np.array([1, 0, 0, 1, 0]), np.zeros(5))
    assert found["roc_auc"] == 0.5
    assert found["average_precision"] == pytest.approx(0.4)


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_leaves_what_compares_the_two_undefined(label):
    labels = np.full(4, label)
    found = scores(labels, np.arange(4.0))
    assert np.isnan(found["roc_auc"])
    assert np.isnan(found["average_precision"]) == (label == 0)
    counts = confusion(labels, labels)
    assert np.isnan(OF_COUNTS["balanced_accuracy"](counts))
    assert OF_COUNTS["accuracy"](counts) == 1
    assert OF_COUNTS["f1"](counts) == OF_COUNTS["recall"](counts) == label


def test_without_rows_only_what_is_0_by_convention_is_defined():
    counts = confusion(np.zeros(0), np.zeros(0))
    found = {name: float(metric(counts)) for name, metric in OF_COUNTS.items()}
    undefined = {name for name, value in found.items() if np.isnan(value)}
    assert undefined == {"accuracy", "balanced_accuracy"}


def test_counts_of_any_shape_give_metrics_of_that_shape():
    labels = np.array([1, 0, 1, 0, 0])
    decisions = np.random.default_rng(2).integers(0, 2, (3, 4, 5))
    for metric in OF_COUNTS.values():
        found = metric(confusion(decisions, labels))
        assert found.shape == (3, 4)
        assert found[2, 1] == metric(confusion(decisions[2, 1], labels))


def test_decisions_to_other_rows_are_an_error():
    with pytest.raises(ValueError, match="2 decisions for 3 labels"):
        confusion([0, 1], [0, 1, 1])


def test_every_metric_has_an_independent_counterpart_here():
    own = {"expected_calibration_error"}  # the loop above
    at_threshold = {name for name in METRICS if name.endswith(AT_THRESHOLD)}
    assert set(METRICS) == set(OF_CLASSES) | set(OF_SCORES) | own | at_threshold
    assert set(COMPARED) <= set(METRICS)
    assert all(name == metric.name for name, metric in METRICS.items())
    assert len({metric.title for metric in METRICS.values()}) == len(METRICS)


def test_metrics_at_the_threshold_are_the_published_ones_of_other_decisions():
    labels = np.array([1, 1, 0, 0, 0])
    by_argmax = confusion([1, 0, 1, 1, 0], labels)
    at_threshold = confusion([1, 1, 1, 0, 0], labels)
    found = metrics_of_decisions(by_argmax, at_threshold)
    assert {name for name in found if name.endswith(AT_THRESHOLD)} == {
        f"{metric.name}_at_threshold" for metric in PUBLISHED_METRICS
    }
    for metric in PUBLISHED_METRICS:
        assert found[metric.name] == metric.function(by_argmax)
        assert found[f"{metric.name}_at_threshold"] == metric.function(at_threshold)
        assert METRICS[f"{metric.name}_at_threshold"].title == f"{metric.title} at threshold"
    assert found["mcc"] == METRICS["mcc"].function(by_argmax)


def test_another_metric_at_the_threshold_takes_the_counts_at_the_threshold(monkeypatch):
    metric = METRICS["mcc"].at_threshold()
    monkeypatch.setitem(METRICS, metric.name, metric)
    labels = np.array([1, 1, 0, 0])
    right, wrong = confusion(labels, labels), confusion(1 - labels, labels)
    found = metrics_of_decisions(right, wrong)
    assert (found["mcc"], found["mcc_at_threshold"]) == (1, -1)


def test_every_metric_stays_within_its_bounds_on_every_resample():
    for labels, odds, rng in samples(60):
        counts = rng.integers(0, 3, (20, len(labels))).astype(np.uint8)
        decisions = rng.random((20, len(labels))) < rng.random()
        found = of_resamples(labels, odds, counts)
        found |= metrics_of_decisions(confusion(odds > 0, labels), confusion(decisions, labels))
        assert set(found) == set(METRICS)
        for name, values in found.items():
            low, high = METRICS[name].bounds
            defined = values[~np.isnan(values)]
            # Of sums of floats the last bit is open.
            assert ((defined >= low - 1e-12) & (defined <= high + 1e-12)).all(), name


@pytest.mark.parametrize("name", METRICS)
def test_the_bounds_are_reached_by_the_best_and_by_the_worst_predictions(name):
    labels = np.array([1, 1, 0, 0, 0])
    sure = np.where(labels == 1, 800.0, -800.0)
    found = {}
    for kind, odds in (("right", sure), ("wrong", -sure)):
        counts = confusion(odds > 0, labels)
        found[kind] = (metrics_of_decisions(counts, counts) | scores(labels, odds))[name]
    low, high = METRICS[name].bounds
    best, worst = (high, low) if METRICS[name].higher_is_better else (low, high)
    assert found["right"] == pytest.approx(best)
    if name == "loss":
        assert found["wrong"] == pytest.approx(800)
    elif name != "average_precision":  # which is above 0 wherever there is a positive
        assert found["wrong"] == pytest.approx(worst)


@pytest.mark.parametrize("bounds", [(1.0, 1.0), (1.0, 0.0), (np.nan, 1.0), (0.0, np.nan)])
def test_bounds_that_are_no_interval_are_an_error(bounds):
    with pytest.raises(ValueError, match="metric odd: bounds"):
        Metric(
            name="odd",
            title="odd",
            basis="confusion",
            function=len,
            bounds=bounds,
            higher_is_better=True,
        )
