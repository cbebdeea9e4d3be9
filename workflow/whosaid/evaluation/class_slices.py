"""Metrics of a variant on slices of a split, where each speaker is a class."""

from typing import Any

import numpy as np

from whosaid.evaluation.class_metrics import evaluate_classes
from whosaid.evaluation.intervals import Replicates, interval
from whosaid.evaluation.resampling import once
from whosaid.evaluation.slices import SliceOfRows

SLICED = ("accuracy", "macro_f1")
"""The metrics of each slice; macro F1 is the mean over the speakers who have rows in it."""

UNIT = (0.0, 1.0)
"""The bounds of both."""


class ClassSlice(SliceOfRows):
    """A slice of `ClassPredictions`."""

    def describe(self, name: str) -> dict[str, Any]:
        """Rows, metrics and intervals under the `name` of the slice; None without rows."""
        number = len(self.rows.label)
        metrics: dict[str, Any] = dict.fromkeys(SLICED)
        intervals: dict[str, Any] = dict.fromkeys(SLICED)
        if number:
            blocks = self.resamples.blocks(self.units, self.units)
            found = evaluate_classes(self.rows, self.rows, [once(self.rows, self.rows)], SLICED)
            values = {key: each[:, 0] for key, each in found.metrics.items()}
            drawn = evaluate_classes(self.rows, self.rows, blocks, SLICED).metrics
            count = len(np.unique(self.units))
            metrics = {key: float(each.mean()) for key, each in values.items()}
            intervals = {
                key: interval(Replicates(values[key], drawn[key]), count, self.confidence, UNIT)
                for key in SLICED
            }
        return {"slice": name, "rows": number, "metrics": metrics, "intervals": intervals}
