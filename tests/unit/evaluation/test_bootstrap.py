import math

import numpy as np
import pytest
import scipy.stats

from whosaid.evaluation.bootstrap import (
    Replicates,
    interval,
    resampled_confusion,
    resampled_counts,
    total_error,
)
from whosaid.evaluation.metric_entry import confusion
from whosaid.evaluation.metrics import METRICS, Calibration, Ranking, metrics_of_scores
from whosaid.evaluation.published_metrics import accuracy, f1

SHARE = 0.17
"""Of the target among the simulated rows, as in the published data."""

SEPARATION = 1.0
THRESHOLD = 1.2


def draw_rows(rng, rows):
    """Labels, and scores that are normal in each class."""
    labels = (rng.random(rows) < SHARE).astype(np.int8)
    return labels, rng.normal(size=rows) + SEPARATION * labels


def log_odds(scores):
    """A little overconfident: the true log odds times 1.2."""
    return 1.2 * (SEPARATION * scores - SEPARATION**2 / 2 + math.log(SHARE / (1 - SHARE)))


def true_rates(threshold):
    """Shares of all rows that are true and false positives at a threshold, in closed form."""
    normal = scipy.stats.norm
    return SHARE * normal.sf(threshold - SEPARATION), (1 - SHARE) * normal.sf(threshold)


def true_f1(threshold):
    hits, alarms = true_rates(threshold)
    return 2 * hits / (hits + alarms + SHARE)


def covers(ends, truth):
    return ends[0] <= truth <= ends[1]


def decisions_of(rows, seed=0):
    rng = np.random.default_rng(seed)
    labels, scores = draw_rows(rng, rows)
    return labels, scores > THRESHOLD, rng


def test_as_many_rows_are_drawn_as_there_are():
    blocks = resampled_counts(np.arange(2000), 3000, np.random.default_rng(1))
    counts = np.vstack(list(blocks))
    assert counts.shape == (3000, 2000)
    assert (counts.sum(axis=1) == 2000).all()
    # Each row's count is binomial with mean and variance 1.
    assert counts.mean(axis=0).std() == pytest.approx(1 / math.sqrt(3000), rel=0.1)
    assert counts.var() == pytest.approx(1, rel=0.01)


def test_rows_of_one_line_are_drawn_together():
    lines = np.array([7, 3, 7, 5, 3, 7])
    (counts,) = resampled_counts(lines, 500, np.random.default_rng(1))
    assert (counts[:, 0] == counts[:, 2]).all() and (counts[:, 0] == counts[:, 5]).all()
    assert (counts[:, 1] == counts[:, 4]).all()
    assert (counts[:, [0, 1, 3]].sum(axis=1) == 3).all()


def test_the_counts_of_resamples_add_up_and_models_share_them():
    labels, decisions, rng = decisions_of(300)
    both = np.vstack([decisions, decisions, ~decisions])
    counts = resampled_confusion(labels, both, np.arange(300), 200, rng)
    assert {array.shape for array in counts} == {(3, 200)}
    assert (sum(counts) == 300).all()
    for hits, alarms, misses, rejected in [counts]:
        assert (hits[0] == hits[1]).all()
        assert (hits[0] == misses[2]).all() and (alarms[0] == rejected[2]).all()
        assert ((hits + misses)[0] == (hits + misses)[2]).all()


def test_lines_that_stand_twice_are_no_more_certain():
    labels, decisions, _ = decisions_of(400)
    twice = np.repeat(np.arange(400), 2)
    found = []
    for rows, lines in [(np.arange(400), np.arange(400)), (twice, twice), (twice, np.arange(800))]:
        rng = np.random.default_rng(4)
        counts = resampled_confusion(labels[rows], decisions[None, rows], lines, 20_000, rng)
        found.append(f1(counts)[0].std())
    once, together, apart = found
    assert together == pytest.approx(once, rel=0.03)
    assert apart == pytest.approx(once / math.sqrt(2), rel=0.03)


def test_the_interval_is_that_of_scipy():
    labels, decisions, rng = decisions_of(500)

    def statistic(index, axis=-1):
        hits = (labels & decisions)[index.astype(int)].sum(axis=axis)
        sizes = (labels + decisions)[index.astype(int)].sum(axis=axis)
        return 2 * hits / sizes

    theirs = scipy.stats.bootstrap(
        (np.arange(500),), statistic, n_resamples=20_000, method="percentile", rng=rng
    )
    counts = resampled_confusion(labels, decisions[None], np.arange(500), 20_000, rng)
    value = f1(confusion(decisions[None], labels))
    ours = interval(value, f1(counts), 0.95)
    assert f1(counts).std() == pytest.approx(theirs.standard_error, rel=0.03)
    # A twentieth of the interval's length is what the resampling leaves open.
    tolerance = (ours[1] - ours[0]) / 20
    assert ours == pytest.approx(tuple(theirs.confidence_interval), abs=tolerance)


def test_the_resampled_average_precision_is_that_of_scipy():
    rng = np.random.default_rng(8)
    labels, scores = draw_rows(rng, 200)
    model = [Ranking(labels, scores)]

    def statistic(index):
        rows = index.astype(int)
        once = [np.ones((1, len(rows)), np.uint8)]
        return metrics_of_scores([[Ranking(labels[rows], scores[rows])]], once)[
            "average_precision"
        ][0, 0]

    theirs = scipy.stats.bootstrap(
        (np.arange(200),), statistic, n_resamples=3000, vectorized=False, rng=rng, method="basic"
    ).bootstrap_distribution
    ours = metrics_of_scores([model], resampled_counts(np.arange(200), 3000, rng))
    quantiles = [0.025, 0.25, 0.5, 0.75, 0.975]
    assert np.quantile(ours["average_precision"][0], quantiles) == pytest.approx(
        np.quantile(theirs, quantiles), abs=theirs.std() / 5
    )


def test_the_error_of_the_accuracy_has_its_closed_form():
    labels, decisions, rng = decisions_of(1000)
    counts = resampled_confusion(labels, decisions[None], np.arange(1000), 20_000, rng)
    share = (decisions == labels).mean()
    assert accuracy(counts).std() == pytest.approx(math.sqrt(share * (1 - share) / 1000), rel=0.03)


def unmoved(values):
    """Models whose metric is the same on all rows."""
    values = np.array(values)
    return Replicates(values, np.repeat(values[:, None], 50, axis=1))


def test_seeds_alone_give_students_interval():
    values, resampled = unmoved([0.31, 0.35, 0.36])
    error = values.std(ddof=1) / math.sqrt(3)
    theirs = scipy.stats.t.interval(0.95, 2, values.mean(), error)
    assert interval(values, resampled, 0.95) == pytest.approx(theirs)


def test_the_seeds_of_two_variants_give_welchs_test():
    one, other = unmoved([0.31, 0.35, 0.36, 0.33]), unmoved([0.38, 0.37, 0.45])
    difference = one.values.mean() - other.values.mean()
    error = total_error(np.full(50, difference), one, other)
    theirs = scipy.stats.ttest_ind(one.values, other.values, equal_var=False)
    assert error.degrees == pytest.approx(theirs.df)
    assert error.p_value(difference) == pytest.approx(theirs.pvalue)


def test_without_a_second_seed_the_error_is_that_of_the_rows_and_normal():
    estimates = np.array([-0.02, 0.02] * 25)
    error = total_error(estimates, unmoved([0.3]), unmoved([0.4]))
    assert error == (pytest.approx(0.02), math.inf)
    assert error.quantile(0.975) == pytest.approx(scipy.stats.norm.ppf(0.975))
    assert error.p_value(-0.03) == pytest.approx(2 * scipy.stats.norm.sf(1.5))


def test_what_other_rows_explain_of_the_spread_is_counted_once():
    """Models that differ only by the rows on which they happen to err."""
    rng = np.random.default_rng(12)
    ratios = []
    for _ in range(300):
        own = rng.normal(0, 0.02, (4, 400))
        values = rng.normal(0.3, 0.02, 4)
        resampled = values[:, None] + own
        error = total_error(resampled.mean(axis=0), Replicates(values, resampled))
        ratios.append(error.standard_error / 0.01)
    # Counted twice it would be sqrt(2) times the true error of the mean, 0.02 / sqrt(4).
    assert min(ratios) > 0.85
    assert np.mean(ratios) < 1.2


def test_seeds_widen_an_interval_and_more_seeds_less():
    resampled = np.random.default_rng(3).normal(0, 0.02, 4000)
    lengths = []
    for values in ([0.3], [0.3, 0.3], [0.29, 0.31], [0.29, 0.31] * 3, [0.27, 0.33] * 3):
        values = np.array(values)
        low, high = interval(values, values[:, None] + resampled, 0.95)
        lengths.append(high - low)
    one, alike, two, six, six_apart = lengths
    assert one == pytest.approx(alike)
    assert alike < six < two
    assert six < six_apart


def test_a_higher_confidence_is_a_longer_interval_within_the_bounds():
    resampled = np.random.default_rng(3).normal(0.9, 0.05, (1, 4000))
    ends = [interval(np.array([0.9]), resampled, level, (0, 1)) for level in (0.8, 0.95, 0.999)]
    assert ends[0][0] > ends[1][0] > ends[2][0]
    assert ends[0][1] < ends[1][1] <= ends[2][1] == 1


def test_an_undefined_metric_has_no_interval():
    assert np.isnan(interval(np.array([np.nan]), np.full((1, 10), np.nan), 0.95)).all()
    # A resample without a positive says nothing; the others do.
    resampled = np.array([[0.2, np.nan, 0.4, np.nan, 0.3]])
    low, high = interval(np.array([0.3]), resampled, 0.9)
    assert 0.2 <= low < 0.3 < high <= 0.4


def test_rows_that_are_all_alike_have_an_interval_of_no_length():
    assert interval(np.array([1.0]), np.ones((1, 100)), 0.95, (0, 1)) == (1.0, 1.0)


# Of 1000 intervals at 95 % between 930 and 970 must hold the truth.


@pytest.mark.parametrize(("metric", "rows"), [("f1", 1000), ("f1", 2500), ("accuracy", 1000)])
def test_intervals_of_counts_cover_the_truth(metric, rows):
    rng = np.random.default_rng(21)
    hits, alarms = true_rates(THRESHOLD)
    truth = {"f1": true_f1(THRESHOLD), "accuracy": 1 - SHARE + hits - alarms}[metric]
    compute = {"f1": f1, "accuracy": accuracy}[metric]
    covered = 0
    for _ in range(1000):
        labels, scores = draw_rows(rng, rows)
        decisions = scores[None] > THRESHOLD
        counts = resampled_confusion(labels, decisions, np.arange(rows), 1000, rng)
        covered += covers(
            interval(compute(confusion(decisions, labels)), compute(counts), 0.95), truth
        )
    assert 930 <= covered <= 970


@pytest.mark.slow
def test_intervals_of_scores_cover_the_truth():
    rng = np.random.default_rng(22)
    labels, scores = draw_rows(rng, 2_000_000)
    model = [Ranking(labels, scores), Calibration(labels, log_odds(scores))]
    once = [np.ones((1, len(labels)), np.uint8)]
    truths = {name: value[0, 0] for name, value in metrics_of_scores([model], once).items()}
    assert truths["roc_auc"] == pytest.approx(scipy.stats.norm.cdf(SEPARATION / 2**0.5), abs=2e-3)
    covered, rows = dict.fromkeys(truths, 0), 800
    for _ in range(1000):
        labels, scores = draw_rows(rng, rows)
        model = [Ranking(labels, scores), Calibration(labels, log_odds(scores))]
        values = metrics_of_scores([model], [np.ones((1, rows), np.uint8)])
        resampled = metrics_of_scores([model], resampled_counts(np.arange(rows), 300, rng))
        for name, truth in truths.items():
            metric = METRICS[name]
            ends = interval(
                values[name][:, 0],
                resampled[name],
                0.95,
                metric.bounds,
                inflated=metric.inflated_by_noise,
            )
            covered[name] += covers(ends, truth)
    assert all(930 <= number <= 970 for number in covered.values()), covered


@pytest.mark.parametrize(("seeds", "spread"), [(3, 0.15), (5, 0.4)])
def test_intervals_of_several_seeds_cover_the_mean_of_all_seeds(seeds, spread):
    """Models of one variant share what is hard in a row and differ in their thresholds."""
    rng = np.random.default_rng(23)
    truth = true_f1(THRESHOLD + spread * rng.normal(size=200_000)).mean()
    covered = rows_alone = 0
    for _ in range(1000):
        labels, shared = draw_rows(rng, 1000)
        own = rng.normal(size=(seeds, 1000)) + SEPARATION * labels
        mixed = SEPARATION * labels + math.sqrt(0.8) * (shared - SEPARATION * labels)
        scores = mixed + math.sqrt(0.2) * (own - SEPARATION * labels)
        decisions = scores > THRESHOLD + spread * rng.normal(size=(seeds, 1))
        values = f1(confusion(decisions, labels))
        resampled = f1(resampled_confusion(labels, decisions, np.arange(1000), 300, rng))
        covered += covers(interval(values, resampled, 0.95), truth)
        mean = np.full(1, values.mean())
        rows_alone += covers(interval(mean, resampled.mean(axis=0)[None], 0.95), truth)
    assert 930 <= covered <= 970
    assert rows_alone < covered - 10
