"""Compute where the answers on the test split are right and wrong.

In: the predictions of every variant and seed on the test split, the lines of the corpus. Out: a
JSON file with the metrics by word count and season, and the share of every speaker's lines that
each variant takes for the target's. Answers are those of the larger logit.
"""

import json
import logging
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from whosaid.bootstrap import interval, resampled_confusion
from whosaid.curves import wilson
from whosaid.metrics import WATCHED, confusion, ratio
from whosaid.predictions import Predictions, read_variants
from whosaid.stage import stage
from whosaid.whole import write_json

logger = logging.getLogger(__name__)

WORD_COUNTS = {"1-5": 0, "6-10": 6, "11-20": 11, "21-40": 21, "41+": 41}
"""The smallest number of words of each slice."""

SHARES = {
    "accuracy": lambda tp, fp, fn, tn: (tp + tn, tp + fp + fn + tn),
    # F1 is 2s / (1 + s) of this share s, Jaccard's.
    "f1": lambda tp, fp, fn, tn: (tp, tp + fp + fn),
    "precision": lambda tp, fp, fn, tn: (tp, tp + fp),
    "recall": lambda tp, fp, fn, tn: (tp, tp + fn),
    "answered": lambda tp, fp, fn, tn: (tp + fp, tp + fp + fn + tn),
    "missed": lambda tp, fp, fn, tn: (fn, tp + fn),
}
"""Of which rows a metric is the share, and how many of these there are."""


class Lines(NamedTuple):
    """What the rows of a split are sliced by, one value per row."""

    words: np.ndarray
    season: np.ndarray
    speaker: np.ndarray


def lines_of(corpus: pa.Table, rows: np.ndarray) -> Lines:
    """The lines with the numbers `rows`. Raises ValueError if one of them is not there."""
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
    predictions: Predictions, names: Iterable[str], confidence: float, resamples: int, seed: int
) -> tuple[dict[str, float | None], dict[str, list[float] | None]]:
    """The metrics `names` (of SHARES) on some rows as means over the seeds, and their intervals.

    A share of no rows is None. The intervals are those of the bootstrap; where every resample
    gives the same, as when no row is answered wrongly, it says nothing, and the interval is
    Wilson's.
    """
    label, decisions = predictions.label, predictions.decide()
    counts, resampled = confusion(decisions, label), None
    values: dict[str, float | None] = dict.fromkeys(names)
    intervals: dict[str, list[float] | None] = dict.fromkeys(names)
    for name in values:
        hits, rows = SHARES[name](*counts)
        if not rows.any():
            continue
        if resampled is None:
            rng = np.random.default_rng(seed)
            resampled = resampled_confusion(label, decisions, predictions.row, resamples, rng)
        of_seeds = _metric(name, ratio(hits, rows, 0.0))
        drawn = _metric(name, ratio(*SHARES[name](*resampled), 0.0))
        if np.ptp(drawn.mean(axis=0)) > 0:
            ends = interval(of_seeds, drawn, confidence, (0.0, 1.0))
        else:
            ends = _metric(name, np.array(wilson(hits.mean(), rows.mean(), confidence)))
        values[name], intervals[name] = float(of_seeds.mean()), [float(end) for end in ends]
    return values, intervals


def _metric(name: str, shares: np.ndarray) -> np.ndarray:
    return 2 * shares / (1 + shares) if name == "f1" else shares


def metrics_of(predictions: Predictions, name: str, bootstrap: dict[str, Any]) -> dict[str, Any]:
    """Counts, metrics and intervals of the rows of the slice `name`."""
    metrics, intervals = estimate(predictions, WATCHED, **bootstrap)
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
    """The slices of one variant's test split, whose rows are `lines`."""
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
        rates, intervals = estimate(rows, ["answered"], **bootstrap)
        mistaken.append(
            {
                "slice": str(speaker),
                "rows": len(rows.label),
                "rate": rates["answered"],
                "interval": intervals["answered"],
                "count": float(rows.decide().sum(axis=1).mean()),
            }
        )
    rates, intervals = estimate(predictions.take(target), ["missed"], **bootstrap)
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


def main(
    predictions: list[str],
    lines: str,
    slices: str,
    experiment: str,
    variants: list[dict[str, Any]],
    bootstrap: dict[str, Any],
) -> None:
    """Write the slices of the `predictions` to the path `slices`.

    `predictions` holds a path per variant and seed in the order of `variants`, `lines` is the path
    of the corpus' lines, `bootstrap` has the keys confidence, resamples and seed.
    """
    corpus = pq.read_table(lines, columns=["row", "season", "speaker", "line"])
    of_variants = {}
    for variant, rows in zip(variants, read_variants(predictions, variants), strict=True):
        of_variant = slice_variant(rows, lines_of(corpus, rows.row), bootstrap)
        of_variants[variant["name"]] = of_variant
    write_json(
        slices,
        {
            "experiment": experiment,
            "split": "test",
            "confidence": bootstrap["confidence"],
            "resamples": bootstrap["resamples"],
            "answer": "the class with the larger logit; a refused row is not the target's",
            "word_count": "words of the line between white space, not NLTK's tokens",
            "undefined": "null is a share of no rows",
            "variants": of_variants,
        },
    )
    logger.info("%s: %d variants", slices, len(of_variants))


if __name__ == "__main__":
    with stage(snakemake):
        main(
            predictions=list(snakemake.input.predictions),
            lines=snakemake.input.lines,
            slices=snakemake.output.slices,
            **json.loads(snakemake.params.settings),
        )
