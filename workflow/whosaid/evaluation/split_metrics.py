"""The metrics of a variant on one split: values, intervals, trivial classifiers and notes."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from whosaid.errors import StageError
from whosaid.evaluation.bootstrap import interval, resampled_confusion, resampled_counts
from whosaid.evaluation.metric_entry import Confusion, confusion
from whosaid.evaluation.metrics import (
    AT_THRESHOLD,
    METRICS,
    Calibration,
    Ranking,
    halves,
    metrics_of_decisions,
    metrics_of_scores,
)
from whosaid.evaluation.predictions import Predictions
from whosaid.evaluation.published_metrics import PUBLISHED_METRICS
from whosaid.evaluation.thresholds import Threshold

ROLES = {
    "train": "Learned from. These figures say what the model remembers, not how it will do on new "
    "lines.",
    "test": "Held out. It is watched while an encoder is trained, and decides nothing.",
    "valid": "Held out from learning. It chooses the decision threshold, so figures at the "
    "threshold are slightly optimistic here.",
}

Metrics = dict[str, np.ndarray]


def evaluate(
    predictions: Predictions, thresholds: Sequence[float], scores: Sequence[Mapping[str, float]]
) -> Metrics:
    """The value of every metric for each seed.

    `scores` are the published metrics of each seed, as the stage that made the predictions computed
    them; these are the values returned. Raises StageError if they differ from the metrics of the
    predictions' counts, ValueError if there are not as many scores as seeds.
    """
    if len(scores) != len(predictions.log_odds):
        raise ValueError(f"{len(scores)} scores for {len(predictions.log_odds)} seeds")
    once = np.ones((1, len(predictions.label)), np.uint8)
    values = metrics_of_decisions(
        confusion(predictions.decide(), predictions.label),
        confusion(predictions.decide_at(thresholds), predictions.label),
    )
    values |= {
        name: of_models[:, 0]
        for name, of_models in metrics_of_scores(_scores(predictions), [once]).items()
    }
    for metric in PUBLISHED_METRICS:
        defined = np.array([each[metric.name] for each in scores], float)
        if not np.allclose(defined, values[metric.name], rtol=0, atol=1e-9, equal_nan=True):
            raise StageError(
                f"{metric.name} is {defined.tolist()} where it was predicted and "
                f"{values[metric.name].tolist()} from the predictions' counts; predict again"
            )
        values[metric.name] = defined
    return {name: values[name] for name in METRICS}


def evaluate_resampled(
    predictions: Predictions, thresholds: Sequence[float], resamples: int, seed: int
) -> Metrics:
    """Every metric (seeds x resamples) on resampled rows of the predictions."""
    rng = np.random.default_rng(seed)
    lines = predictions.row
    decisions = np.vstack([predictions.decide(), predictions.decide_at(thresholds)])
    counts = resampled_confusion(predictions.label, decisions, lines, resamples, rng)
    blocks = resampled_counts(lines, resamples, rng)
    return metrics_of_decisions(*halves(counts)) | metrics_of_scores(_scores(predictions), blocks)


def _scores(predictions: Predictions) -> list[list[Ranking | Calibration]]:
    label = predictions.label
    return [[Ranking(label, odds), Calibration(label, odds)] for odds in predictions.log_odds]


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
                "threshold": thresholds[number],
                "confusion": {name: int(each[number]) for name, each in counts._asdict().items()},
            }
            for number, seed in enumerate(seeds)
        },
    }


def find_intervals(
    values: Metrics, resampled: Metrics, confidence: float
) -> dict[str, tuple[float, float] | None]:
    """The interval of every metric, None where it is undefined."""
    result = {}
    for name, each in values.items():
        metric = METRICS[name]
        ends = interval(
            each, resampled[name], confidence, metric.bounds, inflated=metric.inflated_by_noise
        )
        result[name] = None if math.isnan(ends[0]) else ends
    return result


def remarks(
    predictions: Predictions, seeds: Sequence[int], chosen: Sequence[Threshold], metrics: Metrics
) -> Iterator[str]:
    """A sentence for each case in which a figure does not mean what its name suggests."""
    label, decisions = predictions.label, predictions.decide()
    if len(seeds) == 1:
        yield "There is one seed: the intervals do not cover what another seed would change."
    if label.min() == label.max():
        lines, zero = ("no", " and recall and F1 are 0") if label.max() == 0 else ("every", "")
        undefined = [name for name, values in metrics.items() if np.isnan(values).any()]
        yield f"The target says {lines} row: {', '.join(undefined)} are undefined{zero}."
    for number, seed in enumerate(seeds):
        odds, of_seed = predictions.log_odds[number], decisions[number]
        if odds.min() == odds.max():
            yield f"Seed {seed} gives every row the same score."
        elif of_seed.min() == of_seed.max():
            given = "the target" if of_seed[0] else "not the target, so precision and F1 are 0"
            yield f"Seed {seed} predicts the same for every row: {given}."
        if chosen[number].note is not None:
            yield f"The threshold of seed {seed} is 0.5: on valid {chosen[number].note}."
