"""The metrics of a variant on one split: values, intervals, trivial classifiers and notes."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from whosaid.errors import StageError
from whosaid.evaluation.intervals import Replicates, interval, uncertainty
from whosaid.evaluation.metric_entry import Confusion, confusion
from whosaid.evaluation.metrics import (
    AT_THRESHOLD,
    METRICS,
    Ranking,
    metrics_of_decisions,
)
from whosaid.evaluation.predictions import Predictions
from whosaid.evaluation.published_metrics import PUBLISHED_METRICS

ROLES = {
    "train": "Learned from. These figures say what the model remembers, not how it will do on new "
    "lines.",
    "test": "Held out. It is watched while an encoder is trained, and decides nothing.",
    "valid": "Held out from learning. It chooses the decision threshold, so figures at the "
    "threshold are slightly optimistic here.",
}

Metrics = dict[str, np.ndarray]


def check_scores(values: Metrics, scores: Sequence[Mapping[str, float]]) -> None:
    """Compare the published metrics in `values` (seeds) with those of the stage that predicted.

    `scores` has a mapping per seed. Raises StageError if they differ.
    """
    for metric in PUBLISHED_METRICS:
        defined = np.array([each[metric.name] for each in scores], float)
        if not np.allclose(defined, values[metric.name], rtol=0, atol=1e-9, equal_nan=True):
            raise StageError(
                f"{metric.name} is {defined.tolist()} where it was predicted and "
                f"{values[metric.name].tolist()} from the predictions' counts; predict again"
            )


def trivial_metrics(label: np.ndarray, share_in_train: float) -> dict[str, dict[str, float]]:
    """The metrics of three trivial classifiers, which predict the target never, always, at random.

    The random one predicts it as often as it occurs in train (`share_in_train`); its metrics are
    those of the expected counts. These are not whole numbers, so results are rounded, or an exact 0
    would not be 0. None of the three ranks the rows.
    """
    positives, rows = int(label.sum()), len(label)
    order = Ranking(label, np.zeros(rows)).sums(np.ones((1, rows), np.uint8))
    shares = {"never": 0.0, "always": 1.0, "prior_random": share_in_train}
    result = {}
    for name, share in shares.items():
        hits, alarms = share * positives, share * (rows - positives)
        counts = Confusion(hits, alarms, positives - hits, rows - positives - alarms)
        result[name] = {
            key: float(values.round(12))
            for key, values in metrics_of_decisions(counts, counts).items()
            if not key.endswith(AT_THRESHOLD)
        }
        result[name] |= {
            metric.name: float(metric.function(order)[0])
            for metric in METRICS.values()
            if metric.basis == "ranking"
        }
    return result


def describe_split(
    predictions: Predictions, seeds: Sequence[int], values: Metrics, thresholds: Sequence[float]
) -> dict[str, Any]:
    """The counts of a split, and the `values` of its metrics: means, spread, and per seed."""
    label, abstained = predictions.label, predictions.abstained
    counts = confusion(predictions.decide(), label)
    on_judged_rows = None
    if abstained.any():
        kept = predictions.take(~abstained)
        of_kept = confusion(kept.decide(), kept.label)
        on_judged_rows = {
            metric.name: float(metric.function(of_kept).mean()) for metric in PUBLISHED_METRICS
        }
    several = len(seeds) > 1
    abstentions = {"rows": int(abstained.sum()), "positives": int(label[abstained].sum())}
    return {
        "rows": len(label),
        "positives": int(label.sum()),
        "abstained": abstentions,
        "refused": abstentions,  # the key's earlier name, which users may read
        "metrics": {name: float(each.mean()) for name, each in values.items()},
        "answered": on_judged_rows,
        "spread": {
            name: float(each.std(ddof=1)) if several else None for name, each in values.items()
        },
        "confusion": {name: float(each.mean()) for name, each in counts._asdict().items()},
        "seeds": {
            str(seed): {
                **{name: float(each[number]) for name, each in values.items()},
                "threshold": float(thresholds[number]),
                "confusion": {name: int(each[number]) for name, each in counts._asdict().items()},
            }
            for number, seed in enumerate(seeds)
        },
    }


def find_intervals(
    values: Metrics, resampled: Metrics, units: int, confidence: float
) -> dict[str, tuple[float, float] | None]:
    """The interval of every metric, None where it has none. `units` hold a row of the target's."""
    return {
        name: interval(Replicates(each, resampled[name]), units, confidence, METRICS[name].bounds)
        if METRICS[name].has_interval
        else None
        for name, each in values.items()
    }


def standard_error(values: np.ndarray, resampled: np.ndarray, units: int) -> float:
    """The standard error of a metric's mean over the seeds; NaN where the metric is undefined."""
    if np.isnan(values).any():
        return math.nan
    means = resampled.mean(axis=0)
    return uncertainty(means[~np.isnan(means)], units, Replicates(values, resampled)).standard_error


def remarks(
    predictions: Predictions,
    seeds: Sequence[int],
    no_choice: Sequence[str | None],
    values: Metrics,
    is_baseline: bool,
) -> Iterator[str]:
    """A sentence for each case in which a figure does not mean what its name suggests.

    `no_choice` says for each seed why its threshold could not be chosen, if so.
    """
    label, decisions = predictions.label, predictions.decide()
    # A baseline is a logistic regression, which any seed leads to the same optimum.
    if len(seeds) == 1 and not is_baseline:
        yield "There is one seed: the intervals do not cover what another seed would change."
    if label.min() == label.max():
        lines, zero = ("no", " and recall and F1 are 0") if label.max() == 0 else ("every", "")
        undefined = [name for name, each in values.items() if np.isnan(each).any()]
        yield f"The target says {lines} row: {', '.join(undefined)} are undefined{zero}."
    elif label.sum() == 1:
        yield "One row is the target's: precision, recall and F1 are about this row alone."
    for number, seed in enumerate(seeds):
        odds, of_seed = predictions.log_odds[number], decisions[number]
        if odds.min() == odds.max():
            yield f"Seed {seed} gives every row the same score."
        elif of_seed.min() == of_seed.max():
            given = "the target" if of_seed[0] else "not the target, so precision and F1 are 0"
            yield f"Seed {seed} predicts the same for every row: {given}."
        if no_choice[number] is not None:
            yield f"The threshold of seed {seed} is 0.5: on valid {no_choice[number]}."
