"""Every metric, one entry each in METRICS, which all tables, figures and files read.

A new metric needs an entry here and a function of one of three kinds of sums: confusion counts,
sums over ranks, sums over probabilities. An undefined metric is NaN. The sums are computed from a
matrix (resamples x rows) that says how often each row counts, so one implementation serves a split
(one row of ones) and all its resamples.
"""

import math
from typing import NamedTuple

import numpy as np

from whosaid.evaluation.metric_entry import Confusion, Metric, confusion_of, ratio
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
    """Rows down to each rank, the largest score first (resamples x ranks), and totals (resamples).

    `found` are the positives down to a rank, `predicted` all rows down to it.
    """

    found: np.ndarray
    predicted: np.ndarray
    positives: np.ndarray
    rows: np.ndarray


def roc_auc(sums: RankSums) -> np.ndarray:
    """Area under the ROC curve; NaN where a class has no row."""
    found, alarms = (
        np.pad(each, ((0, 0), (1, 0))) for each in (sums.found, sums.predicted - sums.found)
    )
    pairs = sums.positives * (sums.rows - sums.positives)
    return ratio(np.trapezoid(found, alarms, axis=1), pairs, np.nan)


def average_precision(sums: RankSums) -> np.ndarray:
    """The sum, over all scores as thresholds, of the step in recall times the precision there.

    As in scikit-learn. NaN where no row is positive.
    """
    hits = np.diff(sums.found, axis=1, prepend=0)
    # Only rows that were drawn are predicted; before the first of them there is no hit either.
    precision = sums.found / np.maximum(sums.predicted, 1)
    return ratio(np.einsum("ij,ij->i", hits, precision), sums.positives, np.nan)


class Ranking:
    """Rows in the order of their scores, the largest first. Rows of equal score share a rank."""

    def __init__(self, labels: np.ndarray, scores: np.ndarray):
        """`labels` (0 or 1) and `scores` of the rows."""
        self.order = np.argsort(-scores, kind="stable")
        self.labels, ordered = labels[self.order].astype(np.uint8), scores[self.order]
        self.last = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True)[: len(ordered)])
        self.scores = ordered[self.last]

    def sums(self, counts: np.ndarray) -> RankSums:
        """The sums where row i counts `counts[:, i]` times."""
        ordered = counts[:, self.order]
        predicted = ordered.cumsum(axis=1, dtype=np.int32)
        found = (ordered * self.labels).cumsum(axis=1, dtype=np.int32)
        if len(self.last) < len(self.order):
            predicted, found = predicted[:, self.last], found[:, self.last]
        return RankSums(found, predicted, _total(found), _total(predicted))

    def confusion_at(self, thresholds: np.ndarray, sums: RankSums) -> Confusion:
        """The counts if the rows whose score reaches `thresholds` (resamples) are predicted."""
        ranks = np.searchsorted(-self.scores, -thresholds, side="right")
        hits, predicted = (
            np.where(ranks > 0, np.take_along_axis(down_to, ranks[:, None] - 1, axis=1)[:, 0], 0)
            for down_to in (sums.found, sums.predicted)
        )
        return confusion_of(hits, predicted, sums.positives, sums.rows)


def _total(cumulated: np.ndarray) -> np.ndarray:
    return cumulated[:, -1].astype(np.int64)


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
            has_interval=False,
            **ERROR,
        ),
        Metric(name="loss", title="loss", function=loss, bounds=(0.0, math.inf), **ERROR),
        *(metric.at_threshold() for metric in PUBLISHED_METRICS),
    )
}
"""Every metric by its name, in the order of the files."""

AT_THRESHOLD = "_at_threshold"
"""The ending of the names of metrics at the chosen threshold."""

PRIMARY = "average_precision"
"""The metric that verdicts are about: it needs no threshold."""

COMPARED = (PRIMARY, "f1", "f1_at_threshold", "accuracy")
"""The metrics on which variants are compared with the reference."""


def metrics_of_decisions(by_argmax: Confusion, at_threshold: Confusion) -> dict[str, np.ndarray]:
    """The metrics with basis `confusion`, from the counts of the two kinds of decisions."""
    return {
        name: metric.function(at_threshold if name.endswith(AT_THRESHOLD) else by_argmax)
        for name, metric in METRICS.items()
        if metric.basis == "confusion"
    }
