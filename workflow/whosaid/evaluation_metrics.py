"""Metrics of an evaluation beside those that training watches: counts, ranks, probabilities.

Undefined is not a number here. Rank metrics and means take how often each row counts, as a matrix
(resamples x rows), so that one implementation serves a split (one row of ones) and all its
resamples.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from whosaid.metrics import WATCHED, Confusion, ratio

BINS = 15
"""Equal bins of the calibration error, as in Guo et al. 2017."""


def balanced_accuracy(counts: Confusion) -> np.ndarray:
    """Mean of the two classes' recalls; not a number where a class has no row."""
    tp, fp, fn, tn = counts
    return (ratio(tp, tp + fn, np.nan) + ratio(tn, tn + fp, np.nan)) / 2


def mcc(counts: Confusion) -> np.ndarray:
    """Matthews' correlation of answers and classes; 0 where one of them does not vary."""
    tp, fp, fn, tn = (np.asarray(count, np.float64) for count in counts)
    margins = np.sqrt((tp + fp) * (tp + fn)) * np.sqrt((tn + fp) * (tn + fn))
    return ratio(tp * tn - fp * fn, margins, 0.0)


COUNT_METRICS = {**WATCHED, "balanced_accuracy": balanced_accuracy, "mcc": mcc}
"""Metrics of the counts of one decision per row."""


def halves(counts: Confusion) -> tuple[Confusion, Confusion]:
    """The counts of the first and of the second half of the models, their first axis."""
    pairs = (np.split(each, 2) for each in counts)
    first, second = (Confusion(*each) for each in zip(*pairs, strict=True))
    return first, second


class Ranking:
    """Rows ordered by their score, for the metrics of an order."""

    def __init__(self, labels: np.ndarray, scores: np.ndarray):
        """Order the rows by `scores`; `labels` are 0 or 1. Rows of equal score share a rank."""
        order = np.argsort(-scores, kind="stable")
        hit, ordered = labels[order].astype(bool), scores[order]
        first = np.append(True, ordered[1:] != ordered[:-1])[: len(order)]
        rank = first.cumsum() - 1
        ends = np.append(np.flatnonzero(first)[1:], len(order))
        # Only ranks that hold a positive add to either metric, so only they are kept.
        kept, self.first_hits = np.unique(rank[hit], return_index=True)
        self.ends = ends[kept]
        last = self.ends[-1] if len(kept) else 0
        self.order, hit, rank = order[:last], hit[:last], rank[:last]
        self.hits = np.flatnonzero(hit)
        self.tied = np.flatnonzero(~hit & np.isin(rank, kept))
        tied_ranks, self.first_tied = np.unique(rank[self.tied], return_index=True)
        self.tied_with = np.searchsorted(kept, tied_ranks)

    def metrics(self, counts: np.ndarray) -> dict[str, np.ndarray]:
        """Area under the ROC curve and average precision, where row i counts `counts[:, i]` times.

        Average precision is the sum over the scores, from the highest, of the step in recall times
        the precision there, as in scikit-learn. Not a number where a class has no row.
        """
        rows = counts.sum(axis=1, dtype=np.int64)
        counts = counts[:, self.order]
        hits = _run_sums(counts[:, self.hits], self.first_hits)
        positives = hits.sum(axis=1)
        found = hits.cumsum(axis=1)
        # Rows from the top to the end of each kept rank, and the negatives among them; those of
        # the rank itself count half, as the ROC curve is a straight line across a tie.
        answered = _run_sums(counts, np.append(0, self.ends)[:-1]).cumsum(axis=1)
        above = (answered - found).astype(np.float64)
        above[:, self.tied_with] -= _run_sums(counts[:, self.tied], self.first_tied) / 2
        precision = ratio(found, answered, 0.0)
        inversions, pairs = (hits * above).sum(axis=1), positives * (rows - positives)
        return {
            "roc_auc": 1 - ratio(inversions, pairs, np.nan),
            "average_precision": ratio((hits * precision).sum(axis=1), positives, np.nan),
        }


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

    def metrics(self, counts: np.ndarray) -> dict[str, np.ndarray]:
        """Calibration error, Brier score and loss, where row i counts `counts[:, i]` times.

        The expected calibration error is that of Naeini et al. 2015 for two classes: over the bins
        of the target's probability the mean distance, weighted by rows, of the mean probability
        and the share of the target. The Brier score is the mean squared error of the probability;
        the loss is the mean cross-entropy in nats.
        """
        sums = counts.astype(np.float64) @ self.terms
        rows = counts.sum(axis=1, dtype=np.int64)
        error = np.abs(sums[:, :BINS]).sum(axis=1)
        totals = {
            "brier": sums[:, BINS],
            "expected_calibration_error": error,
            "loss": sums[:, BINS + 1],
        }
        return {name: ratio(total, rows, np.nan) for name, total in totals.items()}


def sigmoid(log_odds: np.ndarray) -> np.ndarray:
    """The probability of log odds, without overflow."""
    return np.exp(-np.logaddexp(0.0, -log_odds))


def bin_of(probability: np.ndarray, bins: int) -> np.ndarray:
    """Which of `bins` bins of equal width each probability is in; a bin holds its upper edge."""
    return np.clip(np.ceil(probability * bins).astype(int) - 1, 0, bins - 1)


def _run_sums(counts: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Sums (resamples x runs) over the runs of columns that begin at `starts`."""
    if not len(starts):
        return np.zeros((len(counts), 0), np.int64)
    return np.add.reduceat(counts, starts, axis=1, dtype=np.int64)


def scored_metrics(
    models: Sequence[Sequence[Ranking | Calibration]], blocks: Iterable[np.ndarray]
) -> dict[str, np.ndarray]:
    """The metrics (models x resamples) of each of the `models` on the same blocks of counts."""
    found: dict[str, list[list[np.ndarray]]] = {}
    for counts in blocks:
        for number, model in enumerate(models):
            for part in model:
                for name, values in part.metrics(counts).items():
                    of_models = found.setdefault(name, [[] for _ in models])
                    of_models[number].append(values)
    return {
        name: np.array([np.concatenate(values) for values in of_models])
        for name, of_models in found.items()
    }
