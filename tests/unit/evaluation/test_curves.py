import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import precision_recall_curve

from whosaid.evaluation.curves import histogram, precision_at, reliability, tail_start, wilson
from whosaid.evaluation.probability import bin_of


def test_precision_is_that_of_the_rows_above_a_threshold():
    labels = np.array([1, 0, 1, 0, 0])
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    found = precision_at(np.array([0.1, 0.5, 0.51, 1.0]), labels, scores)
    assert found == pytest.approx([1, 1, 2 / 3, 2 / 3])


def test_rows_of_equal_score_are_predicted_alike():
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
    rows, positives, of_filled, mean = reliability(labels, probabilities, 2)
    # A bin holds its upper edge: 0.1, 0.5 | 0.6, 1.0 and 0.0, 0.2, 0.3 | 0.9.
    assert rows == pytest.approx([2.5, 1.5])
    assert of_filled == pytest.approx([2.5, 1.5])
    assert positives == pytest.approx([1, 1])
    assert mean == pytest.approx([1.1 / 5, 2.5 / 3])


def test_an_empty_bin_has_rows_alone():
    rows, positives, of_filled, mean = reliability(
        np.array([0, 1, 1]), np.array([[0.95, 0.85, 0.3]]), 4
    )
    assert rows.tolist() == [0, 1, 0, 2]
    assert of_filled.tolist() == [1, 2]
    assert positives == pytest.approx([1, 1])
    assert mean == pytest.approx([0.3, 0.9])


@pytest.mark.parametrize("seed", range(3))
def test_bins_are_those_of_a_loop(seed):
    rng = np.random.default_rng(seed)
    labels, probabilities = rng.integers(0, 2, 40), rng.random((3, 40)) ** 3
    rows, positives, of_filled, mean = reliability(labels, probabilities, 10)
    filled = []
    for number in range(10):
        inside = (probabilities > number / 10) & (probabilities <= (number + 1) / 10)
        assert rows[number] == pytest.approx(inside.sum() / 3)
        if inside.any():
            found = (inside & (labels == 1)).sum() / 3
            filled.append((found, inside.sum() / 3, probabilities[inside].mean()))
    assert np.transpose([positives, of_filled, mean]) == pytest.approx(np.array(filled))


@pytest.mark.parametrize("bins", [2, 10, 15])
def test_a_probability_at_an_edge_is_in_the_same_bin_for_rows_and_shares(bins):
    edges = np.linspace(0, 1, bins + 1)
    for probability in np.concatenate([edges, np.nextafter(edges, 0), np.nextafter(edges, 1)]):
        if 0 <= probability <= 1:
            rows, positives, of_filled, mean = reliability(
                np.array([1]), np.array([[probability]]), bins
            )
            assert rows.sum() == positives == of_filled == 1
            assert mean == pytest.approx([probability])
    # Just above an edge, with a row in the bin below.
    for probability in np.nextafter(edges[1:-1], 1):
        below = probability - 0.5 / bins
        rows, _, of_filled, mean = reliability(
            np.array([0, 1]), np.array([[below, probability]]), bins
        )
        assert (rows > 0).sum() == len(of_filled) == 2
        assert mean == pytest.approx([below, probability])


def test_a_bin_holds_its_upper_edge():
    assert bin_of(np.array([0.0, 0.1, 0.5, 0.51, 1.0]), 2).tolist() == [0, 0, 0, 1, 1]
    assert bin_of(np.array([[0.2, 0.21], [0.8, 0.81]]), 5).tolist() == [[0, 1], [3, 4]]


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
