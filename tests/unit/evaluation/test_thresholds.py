from typing import NamedTuple

import numpy as np
import pytest
from sklearn.metrics import fbeta_score

from whosaid.evaluation.metric_entry import confusion
from whosaid.evaluation.metrics import Ranking
from whosaid.evaluation.published_metrics import f1
from whosaid.evaluation.thresholds import choose_thresholds, decision_ranking, no_choice


class Choice(NamedTuple):
    value: float
    f_beta: float
    note: str | None


def choose_threshold(probability, label, abstained, counts=None, beta=1.0):
    """The threshold on the rows, each counted once or as often as `counts` say."""
    ranking = Ranking(label, np.where(abstained, -1.0, probability))
    counts = np.ones((1, len(label)), np.uint8) if counts is None else counts[None]
    found = choose_thresholds(ranking, ranking.sums(counts), beta)
    return Choice(float(found.values[0]), float(found.f_beta[0]), no_choice(ranking))


def best_f1(probability, label):
    """The largest F1 over all cuts between two different probabilities, by a loop."""
    values = np.unique(probability)
    cuts = (values[1:] + values[:-1]) / 2
    return max(float(f1(confusion(probability >= cut, label))) for cut in cuts)


def test_the_threshold_has_the_largest_f1_of_all_cuts():
    rng = np.random.default_rng(4)
    for _ in range(40):
        label = (rng.random(50) < 0.3).astype(np.int8)
        probability = np.clip(rng.normal(0.3 + 0.2 * label, 0.2), 0, 1).round(rng.integers(1, 6))
        found = choose_threshold(probability, label, np.zeros(50, bool))
        assert found.f_beta == pytest.approx(best_f1(probability, label))
        assert float(f1(confusion(probability >= found.value, label))) == pytest.approx(
            found.f_beta
        )


@pytest.mark.parametrize("beta", [0.1, 0.5, 1, 2, 10])
def test_the_threshold_has_the_largest_f_beta_by_scikit_learn(beta):
    rng = np.random.default_rng(7)
    for _ in range(20):
        label = (rng.random(60) < 0.3).astype(np.int8)
        probability = np.clip(rng.normal(0.3 + 0.2 * label, 0.2), 0, 1)
        found = choose_threshold(probability, label, np.zeros(60, bool), beta=beta)
        values = np.unique(probability)
        cuts = (values[1:] + values[:-1]) / 2
        best = max(fbeta_score(label, probability >= cut, beta=beta) for cut in cuts)
        at = fbeta_score(label, probability >= found.value, beta=beta)
        assert found.f_beta == pytest.approx(best) == pytest.approx(at)


def test_below_1_precision_counts_more_and_above_1_recall():
    # One of one found, or three with two false alarms.
    probability, label = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.1]), np.array([1, 0, 1, 0, 1, 0])
    chosen = [
        choose_threshold(probability, label, np.zeros(6, bool), beta=beta).value
        for beta in (0.25, 4)
    ]
    assert chosen == pytest.approx([0.85, 0.3])


def test_of_equally_good_thresholds_the_nearest_to_one_half_is_chosen():
    label = np.array([1, 0, 0, 0, 1, 0])
    probability = np.array([0.9, 0.8, 0.7, 0.65, 0.6, 0.1])
    # One of one found, or two with three false alarms: F1 is 2/3 or 4/7.
    none = np.zeros(6, bool)
    assert choose_threshold(probability, label, none).value == pytest.approx(0.85)
    # One of one, or two with two false alarms: both 2/3.
    found = choose_threshold(probability[[0, 1, 2, 4, 5]], label[[0, 1, 2, 4, 5]], none[:5])
    assert found.f_beta == pytest.approx(2 / 3)
    assert found.value == pytest.approx(0.35)


def test_abstained_rows_choose_no_threshold_but_count_as_missed():
    label = np.array([1, 1, 0, 0, 1])
    probability = np.array([0.9, 0.4, 0.3, 0.2, 0.25])
    abstained = np.array([False, False, False, False, True])
    found = choose_threshold(probability, label, abstained)
    assert found.value == pytest.approx(0.35)
    assert found.f_beta == pytest.approx(4 / 5)


def test_neighbouring_floats_can_be_told_apart():
    low = 0.3
    high = np.nextafter(low, 1)
    found = choose_threshold(np.array([high, low]), np.array([1, 0]), np.zeros(2, bool))
    assert found.f_beta == 1
    assert low < found.value <= high


@pytest.mark.parametrize("values", [[0.4], [0.3, 0.4], [0.5, 0.6, 0.7], [0.4, 0.6, 0.6]])
def test_the_threshold_predicts_both_classes(values):
    probability = np.repeat(values, 3)
    label = np.arange(len(probability)) % 2
    found = choose_threshold(probability, label, np.zeros(len(label), bool))
    decisions = probability >= found.value
    if len(values) > 1:
        assert found.note is None
        assert decisions.any() and not decisions.all()
    else:
        assert found == (0.5, 0, "all of its scores are equal")


@pytest.mark.parametrize(
    ("probability", "label", "expected"),
    [
        # Nothing is the target's, and one row is predicted so.
        ([0.7, 0.4, 0.2], [0, 0, 0], (0.5, 0.0, "its rows are of one class")),
        # Everything is the target's, and two of three rows are found.
        ([0.7, 0.5, 0.2], [1, 1, 1], (0.5, 0.8, "its rows are of one class")),
        # Every row is predicted as the target's, and one of two is.
        ([0.6, 0.6], [1, 0], (0.5, 2 / 3, "all of its scores are equal")),
    ],
)
def test_without_a_choice_the_threshold_is_one_half(probability, label, expected):
    found = choose_threshold(np.array(probability), np.array(label), np.zeros(len(label), bool))
    assert found == (expected[0], pytest.approx(expected[1]), expected[2])


def test_a_split_on_which_all_is_abstained_chooses_one_half():
    found = choose_threshold(np.array([0.9, 0.1]), np.array([1, 0]), np.ones(2, bool))
    assert found == (0.5, 0, "all of its scores are equal")


def test_a_resample_chooses_as_its_rows_written_out_would():
    rng = np.random.default_rng(6)
    label = (rng.random(80) < 0.3).astype(np.int8)
    probability = rng.random(80).round(2)
    none = np.zeros(80, bool)
    for _ in range(20):
        counts = rng.poisson(1, 80).astype(np.uint8)
        found = choose_threshold(probability, label, none, counts)
        rows = np.repeat(np.arange(80), counts)
        # The cuts are those of all rows, so one of them may predict every row that was drawn.
        everything = float(f1(confusion(np.ones(len(rows)), label[rows])))
        best = max(best_f1(probability[rows], label[rows]), everything)
        assert found.f_beta == pytest.approx(best)


def test_no_threshold_predicts_an_abstained_row():
    ranking = decision_ranking(np.array([1, 1]), np.array([2.0, 3.0]), np.array([False, True]))
    counts = ranking.confusion_at(np.array([0.0]), ranking.sums(np.ones((1, 2), np.uint8)))
    assert [int(each[0]) for each in counts] == [1, 0, 1, 0]
