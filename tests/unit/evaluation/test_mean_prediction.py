import numpy as np
import pytest
from scipy.special import log_softmax

from whosaid.evaluation.class_predictions import ClassPredictions
from whosaid.evaluation.mean_prediction import mean_prediction
from whosaid.evaluation.predictions import Predictions


def of_target(log_odds, label, abstained=None):
    rows = len(label)
    abstained = np.zeros(rows, bool) if abstained is None else np.array(abstained)
    return Predictions(np.arange(rows), np.array(label), abstained, np.array(log_odds, float))


def of_classes(logits, label):
    found = log_softmax(np.array(logits, float), axis=2)
    rows = np.arange(len(label))
    return ClassPredictions(rows, np.array(label), rows < 0, found, ("a", "b", "c"))


def test_with_one_seed_it_is_the_decision_of_the_seed():
    """A probability just above 0.5 is 0.5 as a float, and the row was counted as a mistake."""
    odds = of_target([[1e-20, -1e-20, 0.0, 5.0, -5.0, 800.0]], [1, 0, 0, 1, 1, 1])
    found = mean_prediction(odds)
    assert found.predicted.tolist() == odds.decide()[0].astype(int).tolist()
    assert found.seeds_right.tolist() == found.is_right.astype(int).tolist()
    assert set(found.seeds_agree) == {1}
    classes = of_classes([np.random.default_rng(3).normal(0, 1e-12, (200, 3))], [0] * 200)
    found = mean_prediction(classes)
    assert found.predicted.tolist() == classes.decide()[0].tolist()
    assert set(found.seeds_agree) == {1}


def test_the_mean_of_the_probabilities_decides_and_not_the_majority():
    odds = np.log(np.array([[0.45, 0.9], [0.45, 0.4], [0.9, 0.6]]))
    odds -= np.log1p(-np.exp(odds))
    found = mean_prediction(of_target(odds, [1, 0]))
    assert found.probability == pytest.approx([0.6, 0.6333333])
    assert found.predicted.tolist() == [1, 1]
    assert found.confidence == pytest.approx(found.probability)
    assert found.seeds_agree.tolist() == [1, 2]
    assert found.seeds_right.tolist() == [1, 1]
    assert found.is_right.tolist() == [True, False]
    assert found.of_seeds[:, 0] == pytest.approx([0.45, 0.45, 0.9])


def test_an_abstained_row_is_not_the_targets():
    found = mean_prediction(of_target([[3.0], [3.0]], [1], abstained=[True]))
    assert found.predicted.tolist() == [0]
    assert found.seeds_agree.tolist() == [2] and found.seeds_right.tolist() == [0]


def test_of_speakers_probability_is_that_of_the_true_one():
    shares = np.array([[[0.5, 0.3, 0.2]], [[0.2, 0.3, 0.5]], [[0.4, 0.3, 0.3]]])
    found = mean_prediction(of_classes(np.log(shares), [1]))
    assert found.predicted.tolist() == [0]
    assert found.confidence == pytest.approx([1.1 / 3])
    assert found.probability == pytest.approx([0.3])
    assert found.of_seeds[:, 0] == pytest.approx([0.3, 0.3, 0.3])
    assert found.seeds_agree.tolist() == [2] and found.seeds_right.tolist() == [0]
