"""Every metric, one entry each in METRICS, which all tables, figures and files read.

A new metric needs an entry here and a function of one of three kinds of sums: confusion counts,
sums over ranks, sums over probabilities. An undefined metric is NaN. The sums are computed from a
matrix (resamples x rows) that says how often each row counts, so one implementation serves a split
(one row of ones) and all its resamples.
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from whosaid.evaluation.metric_entry import Confusion, Metric, ratio
from whosaid.evaluation.probability import bin_of, sigmoid
from whosaid.evaluation.published_metrics import PUBLISHED_METRICS

BINS = 15
"""Number of bins of the calibration error, as in Guo et al. 2017; they have equal width."""


def balanced_accuracy(counts: Confusion) -> np.ndarray:
    """Mean of the two classes' recalls; NaN where a class has no row."""
    tp, fp, fn, tn = counts
    return (ratio(tp, tp + fn, np.nan) + ratio(tn, tn + fp, np.nan)) / 2


def mcc(counts: Confusion) -> np.ndarray:
    """Matthews' correlation coefficient; 0 where the predictions or the classes do not vary."""
    tp, fp, fn, tn = (np.asarray(count, np.float64) for count in counts)
    margins = np.sqrt((tp + fp) * (tp + fn)) * np.sqrt((tn + fp) * (tn + fn))
    return ratio(tp * tn - fp * fn, margins, 0.0)


class RankSums(NamedTuple):
    """Sums over the ranks that hold a positive (resamples x ranks), and totals (resamples).

    `hits` are the positives of a rank, `found` the positives down to it, `predicted` the rows down
    to it, `above` the negatives above it plus half of its own negatives.
    """

    hits: np.ndarray
    found: np.ndarray
    predicted: np.ndarray
    above: np.ndarray
    positives: np.ndarray
    rows: np.ndarray


def roc_auc(sums: RankSums) -> np.ndarray:
    """Area under the ROC curve; NaN where a class has no row."""
    pairs = sums.positives * (sums.rows - sums.positives)
    return 1 - ratio((sums.hits * sums.above).sum(axis=1), pairs, np.nan)


def average_precision(sums: RankSums) -> np.ndarray:
    """The sum, over all scores as thresholds, of the step in recall times the precision there.

    As in scikit-learn. NaN where no row is positive.
    """
    precision = ratio(sums.found, sums.predicted, 0.0)
    return ratio((sums.hits * precision).sum(axis=1), sums.positives, np.nan)


class Ranking:
    """Rows ordered by their score, for the metrics that depend on the order only."""

    basis = "ranking"

    def __init__(self, labels: np.ndarray, scores: np.ndarray):
        """Order the rows by `scores`; `labels` are 0 or 1. Rows of equal score share a rank."""
        order = np.argsort(-scores, kind="stable")
        hit, ordered = labels[order].astype(bool), scores[order]
        first = np.append(True, ordered[1:] != ordered[:-1])[: len(order)]
        rank = first.cumsum() - 1
        ends = np.append(np.flatnonzero(first)[1:], len(order))
        # Only ranks that hold a positive contribute to these metrics, so only they are kept.
        kept, self.first_hits = np.unique(rank[hit], return_index=True)
        self.ends = ends[kept]
        last = self.ends[-1] if len(kept) else 0
        self.order, hit, rank = order[:last], hit[:last], rank[:last]
        self.hits = np.flatnonzero(hit)
        self.tied = np.flatnonzero(~hit & np.isin(rank, kept))
        tied_ranks, self.first_tied = np.unique(rank[self.tied], return_index=True)
        self.tied_with = np.searchsorted(kept, tied_ranks)

    def sums(self, counts: np.ndarray) -> RankSums:
        """The sums where row i counts `counts[:, i]` times."""
        rows = counts.sum(axis=1, dtype=np.int64)
        counts = counts[:, self.order]
        hits = _run_sums(counts[:, self.hits], self.first_hits)
        found = hits.cumsum(axis=1)
        # The ROC curve is a straight line across a tie, so negatives of the same rank count half.
        predicted = _run_sums(counts, np.append(0, self.ends)[:-1]).cumsum(axis=1)
        above = (predicted - found).astype(np.float64)
        above[:, self.tied_with] -= _run_sums(counts[:, self.tied], self.first_tied) / 2
        return RankSums(hits, found, predicted, above, hits.sum(axis=1), rows)


class CalibrationSums(NamedTuple):
    """Sums over the rows of each resample.

    `excess` (resamples x bins) is the sum of probability minus label in each bin of the
    probability. `squared_error` and `cross_entropy` (in nats) are sums over all rows.
    """

    excess: np.ndarray
    squared_error: np.ndarray
    cross_entropy: np.ndarray
    rows: np.ndarray


def expected_calibration_error(sums: CalibrationSums) -> np.ndarray:
    """The mean over bins of |mean probability - share of the target|, weighted by their rows.

    Defined by Naeini et al. 2015; here for two classes, with bins of the target's probability.
    """
    return ratio(np.abs(sums.excess).sum(axis=1), sums.rows, np.nan)


def brier(sums: CalibrationSums) -> np.ndarray:
    """Mean squared error of the probability."""
    return ratio(sums.squared_error, sums.rows, np.nan)


def loss(sums: CalibrationSums) -> np.ndarray:
    """Mean cross-entropy in nats."""
    return ratio(sums.cross_entropy, sums.rows, np.nan)


class Calibration:
    """The probabilities of the rows, for the metrics that are means over them."""

    basis = "calibration"

    def __init__(self, labels: np.ndarray, log_odds: np.ndarray):
        """`log_odds` of class 1 and the `labels`, 0 or 1, of the rows."""
        probability = sigmoid(log_odds)
        excess = probability - labels
        self.terms = np.zeros((len(labels), BINS + 2))
        self.terms[np.arange(len(labels)), bin_of(probability, BINS)] = excess
        self.terms[:, BINS] = excess**2
        self.terms[:, BINS + 1] = np.logaddexp(0.0, np.where(labels == 1, -log_odds, log_odds))

    def sums(self, counts: np.ndarray) -> CalibrationSums:
        """The sums where row i counts `counts[:, i]` times."""
        sums = counts.astype(np.float64) @ self.terms
        rows = counts.sum(axis=1, dtype=np.int64)
        return CalibrationSums(sums[:, :BINS], sums[:, BINS], sums[:, BINS + 1], rows)


def _run_sums(counts: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Sums (resamples x runs) over the runs of columns that begin at `starts`."""
    if not len(starts):
        return np.zeros((len(counts), 0), np.int64)
    return np.add.reduceat(counts, starts, axis=1, dtype=np.int64)


UNIT = {"bounds": (0.0, 1.0), "higher_is_better": True}
ERROR = {"higher_is_better": False, "basis": "calibration"}

METRICS = {
    metric.name: metric
    for metric in (
        *PUBLISHED_METRICS,
        Metric(
            name="balanced_accuracy",
            title="balanced accuracy",
            basis="confusion",
            function=balanced_accuracy,
            **UNIT,
        ),
        Metric(
            name="mcc",
            title="MCC",
            basis="confusion",
            function=mcc,
            bounds=(-1.0, 1.0),
            higher_is_better=True,
        ),
        Metric(name="roc_auc", title="ROC AUC", basis="ranking", function=roc_auc, **UNIT),
        Metric(
            name="average_precision",
            title="average precision",
            basis="ranking",
            function=average_precision,
            **UNIT,
        ),
        Metric(name="brier", title="Brier score", function=brier, bounds=(0.0, 1.0), **ERROR),
        Metric(
            name="expected_calibration_error",
            title="calibration error",
            function=expected_calibration_error,
            bounds=(0.0, 1.0),
            inflated_by_noise=True,
            **ERROR,
        ),
        Metric(name="loss", title="loss", function=loss, bounds=(0.0, math.inf), **ERROR),
        *(metric.at_threshold() for metric in PUBLISHED_METRICS),
    )
}
"""Every metric by its name, in the order of the files."""

AT_THRESHOLD = "_at_threshold"
"""The ending of the names of metrics at the chosen threshold."""

COMPARED = ("f1", "f1_at_threshold", "accuracy", "average_precision")
"""The metrics on which variants are compared with the reference."""


def metrics_of_decisions(by_argmax: Confusion, at_threshold: Confusion) -> dict[str, np.ndarray]:
    """The metrics with basis `confusion`, from the counts of the two kinds of decisions."""
    return {
        name: metric.function(at_threshold if name.endswith(AT_THRESHOLD) else by_argmax)
        for name, metric in METRICS.items()
        if metric.basis == "confusion"
    }


def metrics_of_scores(
    models: Sequence[Sequence[Ranking | Calibration]], blocks: Iterable[np.ndarray]
) -> dict[str, np.ndarray]:
    """The other metrics (models x resamples) of each of the `models` on the same blocks of counts.

    A model is given as its `Ranking`, its `Calibration` or both.
    """
    found: dict[str, list[list[np.ndarray]]] = {}
    for counts in blocks:
        for number, model in enumerate(models):
            for part in model:
                sums = part.sums(counts)
                for metric in METRICS.values():
                    if metric.basis == part.basis:
                        of_models = found.setdefault(metric.name, [[] for _ in models])
                        of_models[number].append(metric.function(sums))
    return {
        name: np.array([np.concatenate(values) for values in of_models])
        for name, of_models in found.items()
    }


def halves(counts: Confusion) -> tuple[Confusion, Confusion]:
    """The counts of the first and the second half of the models (the first axis)."""
    pairs = (np.split(each, 2) for each in counts)
    first, second = (Confusion(*each) for each in zip(*pairs, strict=True))
    return first, second
