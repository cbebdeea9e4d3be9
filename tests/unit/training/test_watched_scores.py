"""Training watches the published metrics by the one definition of them."""

import socket

import evaluate
import numpy as np
import pytest
import transformers

from whosaid.evaluation.published_metrics import PUBLISHED_METRICS
from whosaid.training.watched_scores import combined_metrics, compute_metrics, score

NAMES = ["accuracy", "f1", "precision", "recall"]


def test_metrics_are_those_of_the_larger_logit():
    logits = np.array([[2.0, 1.0], [0.0, 1.0], [-1.0, -0.5], [3.0, 3.1]])
    prediction = transformers.EvalPrediction(logits, np.array([0, 1, 0, 1]))
    assert compute_metrics("target", prediction) == pytest.approx(
        {"accuracy": 3 / 4, "precision": 2 / 3, "recall": 1, "f1": 4 / 5}
    )


def test_average_precision_is_there_where_it_is_the_goal():
    logits = np.array([[2.0, 1.0], [0.0, 1.0], [-1.0, -0.5], [3.0, 3.1]])
    prediction = transformers.EvalPrediction(logits, np.array([0, 1, 1, 0]))
    assert "average_precision" not in compute_metrics("target", prediction, "f1")
    # By log odds: 1 (right), 0.5 (right), 0.1, -1.
    assert compute_metrics("target", prediction, "average_precision")["average_precision"] == 1
    prediction = transformers.EvalPrediction(logits, np.array([0, 0, 1, 0]))
    assert compute_metrics("target", prediction, "average_precision")["average_precision"] == 1 / 2


def test_scores_are_those_of_scikit_learn():
    random = np.random.default_rng(1)
    decisions, labels = random.integers(0, 2, (2, 200))
    found = score("target", decisions, labels)
    assert list(found) == NAMES == [metric.name for metric in PUBLISHED_METRICS]
    assert found == {metric.name: metric.score(labels, decisions) for metric in PUBLISHED_METRICS}
    assert all(type(value) is float for value in found.values())


def test_truth_values_are_scored_as_classes():
    decisions, labels = np.array([True, False, True, True]), np.array([1, 0, 0, 1], np.int8)
    assert score("target", decisions, labels) == score(
        "target", decisions.astype(int), labels.astype(int)
    )


def test_one_scoring_leaves_nothing_to_the_next():
    assert score("target", np.array([1, 0]), np.array([1, 0]))["accuracy"] == 1
    assert score("target", np.array([0, 1, 1]), np.array([1, 0, 0]))["accuracy"] == 0


def test_where_nothing_is_predicted_the_metrics_are_zero_without_a_warning():
    found = score("target", np.zeros(3), np.array([0, 1, 0]))
    assert found == {"accuracy": pytest.approx(2 / 3), "f1": 0, "precision": 0, "recall": 0}


def test_the_metrics_are_evaluates_and_come_from_no_hub(monkeypatch):
    def connect(*arguments):
        raise AssertionError("no network is asked")

    monkeypatch.setattr(socket.socket, "connect", connect)
    combined_metrics.cache_clear()
    combined = combined_metrics("target")
    assert isinstance(combined, evaluate.CombinedEvaluations)
    assert combined.compute(predictions=[1, 0], references=[1, 1])["recall"] == 0.5
