import numpy as np
import pytest
from scipy.special import log_softmax, softmax
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from whosaid.evaluation.class_predictions import ClassPredictions
from whosaid.evaluation.ensemble import combine, positions_of
from whosaid.evaluation.predictions import Predictions
from whosaid.evaluation.probability import sigmoid


def of_target(probabilities, rows, abstained=()):
    """Predictions by the probabilities of the target (seeds x rows)."""
    odds = np.log(np.array(probabilities)) - np.log1p(-np.array(probabilities))
    rows = np.array(rows)
    return Predictions(rows, np.zeros(len(rows), int), np.isin(rows, abstained), odds)


def of_classes(logits, rows, abstained=()):
    found, rows = log_softmax(np.array(logits, float), axis=2), np.array(rows)
    abstained = np.isin(rows, abstained)
    return ClassPredictions(rows, np.zeros(len(rows), int), abstained, found, ("a", "b", "c"))


def at(rows, *members):
    return combine(members, np.array([positions_of(np.array(rows), each) for each in members]))


def test_members_count_alike_however_many_seeds_they_have():
    one = of_target([[0.2, 0.9]], [7, 8])
    three = of_target([[0.5, 0.1], [0.6, 0.1], [0.7, 0.4]], [8, 7])
    votes = at([7, 8], one, three)
    assert sigmoid(votes.logits[:, 1]) == pytest.approx([(0.2 + 0.2) / 2, (0.9 + 0.6) / 2])
    assert votes.logits[:, 0].tolist() == [0, 0] and not votes.abstained.any()


def test_a_member_has_no_vote_where_it_abstains_or_lacks_the_row():
    full = of_target([[0.2, 0.3, 0.4]], [1, 2, 3], abstained=[3])
    part = of_target([[0.8, 0.6]], [1, 3], abstained=[1, 3])
    votes = at([1, 2, 3], full, part)
    # Row 1: the second abstains. Row 2: it has none. Row 3: both abstain.
    assert sigmoid(votes.logits[:, 1]) == pytest.approx([0.2, 0.3, 0.5])
    assert votes.abstained.tolist() == [False, False, True]


def test_a_row_that_a_member_has_twice_counts_once():
    twice = of_target([[0.2, 0.2, 0.7]], [5, 5, 4])
    assert positions_of(np.array([4, 5, 6]), twice).tolist() == [2, 0, -1]


def test_extreme_log_odds_give_finite_logits():
    rows = np.arange(2)
    sure = Predictions(rows, rows, rows < 0, np.array([[800.0, -800.0]]))
    unsure = Predictions(rows, rows, rows < 0, np.array([[0.0, 0.0]]))
    odds = at(rows, sure, unsure).logits[:, 1]
    assert sigmoid(odds) == pytest.approx([0.75, 0.25])


def test_of_several_classes_it_is_the_mean_too():
    rng = np.random.default_rng(5)
    one, two = rng.normal(size=(2, 6, 3)), rng.normal(size=(1, 6, 3))
    rows = np.arange(6)
    votes = at(rows, of_classes(one, rows), of_classes(two, rows, abstained=[2]))
    expected = (softmax(one, axis=2).mean(axis=0) + softmax(two[0], axis=1)) / 2
    expected[2] = softmax(one, axis=2).mean(axis=0)[2]
    assert softmax(votes.logits, axis=1) == pytest.approx(expected)


def test_it_is_scikit_learns_soft_voting():
    rng = np.random.default_rng(3)
    rows, x = np.arange(200), rng.normal(size=(200, 4))
    for y in (x[:, 0] + rng.normal(size=200) > 0, rng.integers(3, size=200) + (x[:, 0] > 1)):
        pair = [("regression", LogisticRegression()), ("bayes", GaussianNB())]
        voting = VotingClassifier(pair, voting="soft").fit(x, y)
        logs = [np.log(each.predict_proba(x)) for each in voting.estimators_]
        if y.dtype == bool:
            label = y.astype(int)
            members = [Predictions(rows, label, rows < 0, (o[:, 1] - o[:, 0])[None]) for o in logs]
        else:
            members = [
                ClassPredictions(rows, y, rows < 0, each[None], tuple("abcd")) for each in logs
            ]
        found = softmax(at(rows, *members).logits, axis=1)
        assert found == pytest.approx(voting.predict_proba(x))
