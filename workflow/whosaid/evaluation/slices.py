"""Metrics of a variant on slices of a split: by word count, season, other columns and speaker."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import numpy as np
import pyarrow as pa

from whosaid.corpus.natural_order import by_number
from whosaid.evaluation.curves import wilson
from whosaid.evaluation.intervals import Replicates, interval
from whosaid.evaluation.metric_entry import Confusion, confusion, confusion_of, ratio
from whosaid.evaluation.published_metrics import PUBLISHED_METRICS, recall
from whosaid.evaluation.resampling import Resamples

WORD_COUNTS = {"1-5": 0, "6-10": 6, "11-20": 11, "21-40": 21, "41+": 41}
"""The slices by word count, with the smallest number of words of each."""

MOST_VALUES = 12
"""So many values of a column are slices; those with fewer rows are one slice together."""

PUBLISHED = {metric.name: metric.function for metric in PUBLISHED_METRICS}


def predicted_share(counts: Confusion, undefined: float) -> np.ndarray:
    """The share of all rows that are predicted as the target's."""
    return ratio(counts[0] + counts[1], sum(counts), undefined)


def missed_share(counts: Confusion, undefined: float) -> np.ndarray:
    """The share of the target's rows that are not predicted as the target's."""
    return 1 - recall(counts, undefined)


class Lines(NamedTuple):
    """The values that the rows of a split are sliced by, one per row.

    There may be no seasons. `columns` has the values of other columns, as texts.
    """

    words: np.ndarray
    season: np.ndarray | None
    speaker: np.ndarray
    columns: dict[str, np.ndarray]


def lines_of(corpus: pa.Table, rows: np.ndarray, columns: Sequence[str]) -> Lines:
    """The lines with the numbers `rows`, with other `columns` to slice by.

    Raises ValueError if the corpus lacks one of the rows.
    """
    numbers = corpus["row"].to_numpy()
    order = np.argsort(numbers)
    places = order[np.searchsorted(numbers, rows, sorter=order).clip(max=len(order) - 1)]
    if not np.array_equal(numbers[places], rows):
        raise ValueError("the predictions have rows that the corpus lacks")
    lines = corpus.take(places)
    return Lines(
        words=np.array([len(line.split()) for line in lines["line"].to_pylist()]),
        season=lines["season"].to_numpy() if "season" in lines.column_names else None,
        speaker=np.array(lines["speaker"].to_pylist()),
        columns={name: np.array(lines[name].cast("string").to_pylist()) for name in columns},
    )


class SliceOfRows(NamedTuple):
    """The rows of a slice, the unit of each, and how often the units are drawn."""

    rows: Any
    units: np.ndarray
    resamples: Resamples
    confidence: float

    def take(self, chosen: np.ndarray) -> Self:
        """Only the `chosen` rows, by position or as a mask."""
        return self._replace(rows=self.rows.take(chosen), units=self.units[chosen])


class Slice(SliceOfRows):
    """A slice of `Predictions`."""

    def estimate(self, functions: dict) -> tuple[dict[str, float | None], dict[str, Any]]:
        """The metrics that `functions` compute from counts, as means over seeds, and intervals.

        A metric that would divide by 0 rows is None. So is an interval if all resamples give the
        same, for example because no prediction is wrong.
        """
        label, decided = self.rows.label, self.rows.decide()
        counts = confusion(decided, label)
        columns = np.vstack([np.ones_like(label), label, decided, decided & (label == 1)])
        blocks = self.resamples.blocks(self.units, self.units[:0])
        sums = np.vstack([test.astype(np.float32) @ columns.T for test, _ in blocks]).T
        given, hits = np.split(sums[2:], 2)
        drawn = confusion_of(hits, given, sums[1], sums[0])
        # Units that hold no row of the target's count too: without them many slices have none.
        units = len(np.unique(self.units))
        values, intervals = {}, {}
        for name, function in functions.items():
            of_seeds = function(counts, np.nan)
            if np.isnan(of_seeds).all():
                values[name], intervals[name] = None, None
                continue
            # A resample in which the metric is undefined says nothing; a seed counts as 0.
            resampled = function(drawn, np.nan)
            resampled[np.isnan(of_seeds)] = 0.0
            replicates = Replicates(function(counts, 0.0), resampled)
            values[name] = float(replicates.values.mean())
            intervals[name] = interval(replicates, units, self.confidence, (0.0, 1.0))
        return values, intervals

    def rate(self, function: Any, hits: float) -> dict[str, Any]:
        """Rows, a share of them and its interval: Wilson's if all resamples give the same."""
        values, intervals = self.estimate({"rate": function})
        rows = len(self.rows.label)
        if values["rate"] is not None and intervals["rate"] is None:
            ends = wilson(np.array(hits), np.array(rows), self.confidence)
            intervals["rate"] = tuple(map(float, ends))
        return {"rows": rows, "rate": values["rate"], "interval": intervals["rate"]}

    def describe(self, name: str) -> dict[str, Any]:
        """Counts, published metrics and intervals under the `name` of the slice."""
        metrics, intervals = self.estimate(PUBLISHED)
        label = self.rows.label
        counts = {"slice": name, "rows": len(label), "positives": int(label.sum())}
        return {**counts, "metrics": metrics, "intervals": intervals}


def slice_rows(everything: Any, lines: Lines) -> dict[str, Any]:
    """The slices by word count, season and other columns; `lines` describes the rows, in order.

    `everything` is a slice with `take` and `describe`.
    """
    place = np.searchsorted([*WORD_COUNTS.values()], lines.words, side="right") - 1
    return {
        "word_count": [
            everything.take(place == number).describe(name)
            for number, name in enumerate(WORD_COUNTS)
        ],
        "season": []
        if lines.season is None
        else [
            everything.take(lines.season == season).describe(str(season))
            for season in sorted(np.unique(lines.season), key=by_number)
        ],
        "columns": {
            name: [
                everything.take(np.isin(values, together)).describe(title)
                for title, together in frequent_values(values).items()
            ]
            for name, values in lines.columns.items()
        },
    }


def frequent_values(values: np.ndarray) -> dict[str, list[str]]:
    """The values of each slice by its title, the most frequent first, the rare ones together."""
    found, counts = np.unique(values, return_counts=True)
    ordered = found[np.argsort(-counts, kind="stable")].tolist()
    slices = {value or "(empty)": [value] for value in ordered[:MOST_VALUES]}
    rare = ordered[MOST_VALUES:]
    return slices | ({f"{len(rare)} others": rare} if rare else {})


def slice_variant(everything: Slice, lines: Lines) -> dict[str, Any]:
    """The slices of one variant's test split; `lines` describes its rows, in the same order."""
    target = everything.rows.label == 1
    mistaken = []
    for speaker in np.unique(lines.speaker[~target]):
        of_speaker = everything.take((lines.speaker == speaker) & ~target)
        count = float(of_speaker.rows.decide().sum(axis=1).mean())
        rate = of_speaker.rate(predicted_share, count)
        mistaken.append({"slice": str(speaker), **rate, "count": count})
    own = everything.take(target)
    missed = float((~own.rows.decide()).sum(axis=1).mean())
    return {
        **slice_rows(everything, lines),
        "mistaken_speaker": sorted(mistaken, key=lambda each: -each["rate"]),
        "missed": own.rate(missed_share, missed),
    }
