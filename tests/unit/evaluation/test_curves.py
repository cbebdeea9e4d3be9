import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import precision_recall_curve

from whosaid.curves import histogram, precision_at, reliability, tail_start, wilson


def test_precision_is_that_of_the_rows_above_a_threshold():
    labels = np.array([1, 0, 1, 0, 0])
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    found = precision_at(np.array([0.1, 0.5, 0.51, 1.0]), labels, scores)
    assert found == pytest.approx([1, 1, 2 / 3, 2 / 3])


def test_rows_of_equal_score_are_answered_alike():
    labels, scores = np.array([1, 0, 0, 1]), np.full(4, 0.3)
    assert precision_at(np.array([0.1, 1.0]), labels, scores) == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("seed", range(3))
def test_precision_is_on_the_curve_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    labels = (rng.random(500) < 0.2).astype(np.int8)
    scores = np.round(rng.random(500) + 0.3 * labels, 2)
    precision, recall, _ = precision_recall_curve(labels, scores)
    recalls = np.linspace(0.01, 1, 100)
    # The last of their points that reaches a recall has the highest threshold.
    theirs = [precision[np.flatnonzero(recall >= each - 1e-9)[-1]] for each in recalls]
    assert precision_at(recalls, labels, scores) == pytest.approx(theirs)


def test_bins_count_rows_and_positives_as_means_over_the_seeds():
    labels = np.array([1, 0, 1, 0])
    probabilities = np.array([[0.1, 0.5, 0.6, 1.0], [0.0, 0.2, 0.9, 0.3]])
    rows, positives, mean = reliability(labels, probabilities, 2)
    # A bin holds its upper edge: 0.1, 0.5 | 0.6, 1.0 and 0.0, 0.2, 0.3 | 0.9.
    assert rows == pytest.approx([2.5, 1.5])
    assert positives == pytest.approx([1, 1])
    assert mean == pytest.approx([1.1 / 5, 2.5 / 3])


def test_an_empty_bin_has_no_mean_probability():
    rows, _, mean = reliability(np.array([0]), np.array([[0.95]]), 4)
    assert rows.tolist() == [0, 0, 0, 1]
    assert np.isnan(mean[:3]).all()


@pytest.mark.parametrize(("hits", "rows"), [(0, 5), (3, 7), (50, 50), (120, 999)])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_wilson_s_interval_is_that_of_scipy(hits, rows, level):
    theirs = binomtest(hits, rows).proportion_ci(level, method="wilson")
    ours = wilson(np.array([hits]), np.array([rows]), level)
    assert [end.item() for end in ours] == pytest.approx(theirs, abs=1e-9)


def test_a_histogram_has_zeros_where_no_line_was_met():
    assert histogram({"1": 5, "3": 2}).tolist() == [0, 5, 0, 2]
    assert histogram({}).tolist() == [0]


def test_a_tail_starts_where_one_line_of_a_hundred_is_left_in_every_class():
    short, long = histogram({"1": 99, "35": 1}), histogram({"1": 98, "35": 2})
    assert tail_start([short], 100) == 10
    assert tail_start([short, long], 100) == 40
    assert tail_start([histogram({"500": 9})], 100) == 100
