import numpy as np
import pytest

from whosaid.evaluation.metric_entry import confusion
from whosaid.evaluation.metrics import METRICS
from whosaid.evaluation.published_metrics import PUBLISHED_METRICS
from whosaid.training.watched_scores import score

PUBLISHED = {
    "accuracy": 0.8100456621004566,
    "f1": 0.3304721030042918,
    "precision": 0.41696750902527074,
    "recall": 0.273696682464455,
}
"""Of the counts of a published split."""


def published_rows():
    """The decisions and labels of that split."""
    counts = [462, 646, 1226, 7521]
    return np.repeat([[1, 1], [1, 0], [0, 1], [0, 0]], counts, axis=0).T


def cases():
    """Decisions and labels, those of one class and those of one row among them."""
    for rows in (1, 2, 7):
        for label in (0, 1):
            for decision in (0, 1):
                yield np.full(rows, decision), np.full(rows, label)
    rng = np.random.default_rng(8)
    mixed = np.array([1, 0, 0, 1, 0])
    for same in (np.zeros(5, int), np.ones(5, int)):
        yield same, mixed
        yield mixed, same
    yield mixed, mixed
    yield 1 - mixed, mixed
    for _ in range(40):
        yield (rng.random((2, rng.integers(1, 60))) < rng.random((2, 1))).astype(int)


def test_counts_give_what_scikit_learn_says_of_the_rows():
    for decisions, labels in cases():
        counts = confusion(decisions, labels)
        for metric in PUBLISHED_METRICS:
            expected = metric.score(labels, decisions)
            assert metric.function(counts) == pytest.approx(expected, abs=1e-12), metric.name


def test_training_watches_the_same_values():
    for decisions, labels in cases():
        counts = confusion(decisions, labels)
        expected = {metric.name: float(metric.function(counts)) for metric in PUBLISHED_METRICS}
        found = score("target", decisions, labels)
        assert found == pytest.approx(expected, abs=1e-12)
        assert {type(value) for value in found.values()} == {float}


@pytest.mark.parametrize("undefined", [np.nan, 0.0, 0.5])
def test_a_share_of_no_rows_is_what_the_caller_asks_for(undefined):
    for decisions, labels in cases():
        counts = confusion(decisions, labels)
        tp, fp, fn, _ = counts
        rows = {
            "accuracy": len(labels),
            "f1": tp + fp + fn,
            "precision": tp + fp,
            "recall": tp + fn,
        }
        for metric in PUBLISHED_METRICS:
            expected = metric.function(counts) if rows[metric.name] else undefined
            found = metric.function(counts, undefined)
            assert found == pytest.approx(expected, nan_ok=True), metric.name


def test_without_rows_accuracy_is_undefined_and_the_others_are_0():
    counts = confusion(np.zeros(0), np.zeros(0))
    found = {metric.name: float(metric.function(counts)) for metric in PUBLISHED_METRICS}
    assert np.isnan(found.pop("accuracy"))
    assert set(found.values()) == {0}


def test_published_counts_give_the_published_metrics():
    decisions, labels = published_rows()
    counts = confusion(decisions, labels)
    assert {metric.name: metric.function(counts) for metric in PUBLISHED_METRICS} == pytest.approx(
        PUBLISHED
    )
    found = score("target", decisions, labels)
    assert found == pytest.approx(PUBLISHED)
    assert {type(value) for value in found.values()} == {float}


def test_decisions_for_other_rows_are_an_error():
    with pytest.raises(ValueError):
        score("target", np.array([0, 1]), np.array([0, 1, 1]))


def test_what_training_watches_are_the_published_metrics():
    names = ["accuracy", "f1", "precision", "recall"]
    assert [metric.name for metric in PUBLISHED_METRICS] == names
    assert [name for name, metric in METRICS.items() if metric.score is not None] == names
    assert list(score("target", np.array([0, 1]), np.array([1, 1]))) == names
