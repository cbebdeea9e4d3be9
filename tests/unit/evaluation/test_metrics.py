import warnings

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from whosaid.evaluation_metrics import (
    COUNT_METRICS,
    Calibration,
    Ranking,
    scored_metrics,
    sigmoid,
)
from whosaid.metrics import WATCHED, classification_metrics, confusion

OF_CLASSES = {
    "accuracy": sklearn_metrics.accuracy_score,
    "f1": lambda labels, answers: sklearn_metrics.f1_score(labels, answers, zero_division=0),
    "precision": lambda labels, answers: sklearn_metrics.precision_score(
        labels, answers, zero_division=0
    ),
    "recall": lambda labels, answers: sklearn_metrics.recall_score(
        labels, answers, zero_division=0
    ),
    "balanced_accuracy": sklearn_metrics.balanced_accuracy_score,
    "mcc": sklearn_metrics.matthews_corrcoef,
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
    model = [Ranking(labels, odds), Calibration(labels, odds)]
    return {key: value[0, 0] for key, value in scored_metrics([model], [counts[None]]).items()}


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
        labels, answers = (rng.random((2, rng.integers(1, 12))) < rng.random()).astype(int)
        if name == "balanced_accuracy" and labels.min() == labels.max():
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = OF_CLASSES[name](labels, answers)
        assert COUNT_METRICS[name](confusion(answers, labels)) == pytest.approx(expected)


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
    assert np.isnan(COUNT_METRICS["balanced_accuracy"](counts))
    assert COUNT_METRICS["accuracy"](counts) == 1
    assert COUNT_METRICS["f1"](counts) == COUNT_METRICS["recall"](counts) == label


def test_without_rows_only_what_is_0_by_convention_is_defined():
    counts = confusion(np.zeros(0), np.zeros(0))
    found = {name: float(metric(counts)) for name, metric in COUNT_METRICS.items()}
    undefined = {name for name, value in found.items() if np.isnan(value)}
    assert undefined == {"accuracy", "balanced_accuracy"}


def test_published_counts_give_the_published_metrics():
    counts = np.repeat([[1, 1], [1, 0], [0, 1], [0, 0]], [462, 646, 1226, 7521], axis=0)
    metrics = classification_metrics(predictions=counts[:, 0], references=counts[:, 1])
    assert metrics == pytest.approx(
        {
            "accuracy": 0.8100456621004566,
            "f1": 0.3304721030042918,
            "precision": 0.41696750902527074,
            "recall": 0.273696682464455,
        }
    )
    assert {type(value) for value in metrics.values()} == {float}


def test_counts_of_any_shape_give_metrics_of_that_shape():
    labels = np.array([1, 0, 1, 0, 0])
    answers = np.random.default_rng(2).integers(0, 2, (3, 4, 5))
    for metric in COUNT_METRICS.values():
        found = metric(confusion(answers, labels))
        assert found.shape == (3, 4)
        assert found[2, 1] == metric(confusion(answers[2, 1], labels))


def test_answers_to_other_rows_are_an_error():
    with pytest.raises(ValueError, match="2 decisions for 3 labels"):
        classification_metrics([0, 1], [0, 1, 1])


def test_what_training_watches_are_the_published_metrics():
    assert list(WATCHED) == ["accuracy", "f1", "precision", "recall"]
