"""The metrics of a variant on one split: means, spread, intervals, the check of the scores."""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from whosaid.errors import StageError
from whosaid.evaluation.intervals import Replicates, interval, uncertainty
from whosaid.evaluation.metric_entry import Metric

Metrics = dict[str, np.ndarray]


def check_scores(
    values: Metrics, scores: Sequence[Mapping[str, float]], watched: Iterable[Metric]
) -> None:
    """Compare the `watched` metrics in `values` (seeds) with those of the stage that predicted.

    `scores` has a mapping per seed. Raises StageError if they differ.
    """
    for metric in watched:
        defined = np.array([each[metric.name] for each in scores], float)
        if not np.allclose(defined, values[metric.name], rtol=0, atol=1e-9, equal_nan=True):
            raise StageError(
                f"{metric.name} is {defined.tolist()} where it was predicted and "
                f"{values[metric.name].tolist()} from the predictions' counts; predict again"
            )


def summarise(seeds: Sequence[int], values: Metrics) -> dict[str, dict]:
    """Means over the `seeds` of the `values`, their standard deviations, and those of each seed."""
    several = len(seeds) > 1
    return {
        "metrics": {name: float(each.mean()) for name, each in values.items()},
        "spread": {
            name: float(each.std(ddof=1)) if several else None for name, each in values.items()
        },
        "seeds": {
            str(seed): {name: float(each[number]) for name, each in values.items()}
            for number, seed in enumerate(seeds)
        },
    }


def find_intervals(
    values: Metrics,
    resampled: Metrics,
    units: int,
    confidence: float,
    entries: Mapping[str, Metric],
) -> dict[str, tuple[float, float] | None]:
    """The interval of every metric, None where it has none. `entries` describe the metrics.

    `units` is the number of units with a row of the target's, or of the rarest class.
    """
    return {
        name: interval(Replicates(each, resampled[name]), units, confidence, entries[name].bounds)
        if entries[name].has_interval
        else None
        for name, each in values.items()
    }


def standard_error(values: np.ndarray, resampled: np.ndarray, units: int) -> float:
    """The standard error of a metric's mean over the seeds; NaN where the metric is undefined."""
    if np.isnan(values).any():
        return math.nan
    means = resampled.mean(axis=0)
    return uncertainty(means[~np.isnan(means)], units, Replicates(values, resampled)).standard_error
