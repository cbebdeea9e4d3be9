"""Metrics of a variant on slices of a split: by word count, season and speaker."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from whosaid.evaluation.bootstrap import interval, resampled_confusion
from whosaid.evaluation.curves import wilson
from whosaid.evaluation.metric_entry import Share, confusion, ratio
from whosaid.evaluation.predictions import Predictions
from whosaid.evaluation.published_metrics import PUBLISHED_METRICS

WORD_COUNTS = {"1-5": 0, "6-10": 6, "11-20": 11, "21-40": 21, "41+": 41}
"""The slices by word count, with the smallest number of words of each."""

PREDICTED = Share(lambda counts: (counts[0] + counts[1], sum(counts)))
"""The share of all rows that are predicted as the target's."""

MISSED = Share(lambda counts: (counts[2], counts[0] + counts[2]))
"""The share of the target's rows that are not predicted as the target's."""


class Lines(NamedTuple):
    """The values that the rows of a split are sliced by, one per row."""

    words: np.ndarray
    season: np.ndarray
    speaker: np.ndarray


def lines_of(corpus: pa.Table, rows: np.ndarray) -> Lines:
    """The lines with the numbers `rows`. Raises ValueError if the corpus lacks one of them."""
    numbers = corpus["row"].to_numpy()
    order = np.argsort(numbers)
    places = order[np.searchsorted(numbers, rows, sorter=order).clip(max=len(order) - 1)]
    if not np.array_equal(numbers[places], rows):
        raise ValueError("the predictions have rows that the corpus lacks")
    lines = corpus.take(places)
    return Lines(
        words=np.array([len(line.split()) for line in lines["line"].to_pylist()]),
        season=lines["season"].to_numpy(),
        speaker=np.array(lines["speaker"].to_pylist()),
    )


def estimate(
    predictions: Predictions,
    shares: Mapping[str, Share],
    confidence: float,
    resamples: int,
    seed: int,
) -> tuple[dict[str, float | None], dict[str, list[float] | None]]:
    """The metrics that `shares` define, as means over the seeds, and their intervals.

    A share of no rows is None. The intervals come from the bootstrap. If every resample gives the
    same value, for example because no prediction is wrong, the bootstrap says nothing, and the
    interval is Wilson's.
    """
    label, decisions = predictions.label, predictions.decide()
    counts, resampled = confusion(decisions, label), None
    values: dict[str, float | None] = dict.fromkeys(shares)
    intervals: dict[str, list[float] | None] = dict.fromkeys(shares)
    for name, share in shares.items():
        hits, rows = share.rows(counts)
        if not rows.any():
            continue
        if resampled is None:
            rng = np.random.default_rng(seed)
            resampled = resampled_confusion(label, decisions, predictions.row, resamples, rng)
        of_seeds = share.metric(ratio(hits, rows, 0.0))
        drawn = share.metric(ratio(*share.rows(resampled), 0.0))
        if np.ptp(drawn.mean(axis=0)) > 0:
            ends = interval(of_seeds, drawn, confidence, (0.0, 1.0))
        else:
            ends = share.metric(np.array(wilson(hits.mean(), rows.mean(), confidence)))
        values[name], intervals[name] = float(of_seeds.mean()), [float(end) for end in ends]
    return values, intervals


def metrics_of(predictions: Predictions, name: str, bootstrap: dict[str, Any]) -> dict[str, Any]:
    """Counts, metrics and intervals of the slice `name`, whose rows are `predictions`."""
    shares = {metric.name: metric.share for metric in PUBLISHED_METRICS}
    metrics, intervals = estimate(predictions, shares, **bootstrap)
    return {
        "slice": name,
        "rows": len(predictions.label),
        "positives": int(predictions.label.sum()),
        "metrics": metrics,
        "intervals": intervals,
    }


def slice_variant(
    predictions: Predictions, lines: Lines, bootstrap: dict[str, Any]
) -> dict[str, Any]:
    """The slices of one variant's test split; `lines` describes its rows, in the same order."""
    place = np.searchsorted([*WORD_COUNTS.values()], lines.words, side="right") - 1
    by_words = [
        metrics_of(predictions.take(place == number), name, bootstrap)
        for number, name in enumerate(WORD_COUNTS)
    ]
    by_season = [
        metrics_of(predictions.take(lines.season == season), str(season), bootstrap)
        for season in np.unique(lines.season)
    ]
    target = predictions.label == 1
    mistaken = []
    for speaker in np.unique(lines.speaker[~target]):
        rows = predictions.take((lines.speaker == speaker) & ~target)
        rates, intervals = estimate(rows, {"predicted": PREDICTED}, **bootstrap)
        mistaken.append(
            {
                "slice": str(speaker),
                "rows": len(rows.label),
                "rate": rates["predicted"],
                "interval": intervals["predicted"],
                "count": float(rows.decide().sum(axis=1).mean()),
            }
        )
    rates, intervals = estimate(predictions.take(target), {"missed": MISSED}, **bootstrap)
    return {
        "word_count": by_words,
        "season": by_season,
        "mistaken_speaker": sorted(mistaken, key=lambda each: -each["rate"]),
        "missed": {
            "rows": int(target.sum()),
            "rate": rates["missed"],
            "interval": intervals["missed"],
        },
    }
