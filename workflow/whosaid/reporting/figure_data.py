"""The data that the figures of an experiment show, read from its files."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from whosaid.caching.json_files import read_json
from whosaid.evaluation.metrics import METRICS
from whosaid.evaluation.predictions import read_variants
from whosaid.evaluation.probability import sigmoid
from whosaid.reported_split import REPORTED
from whosaid.reporting.formats import METRIC
from whosaid.reporting.plot_style import fit


@dataclass(frozen=True)
class Variant:
    """The data of a variant; `probabilities` is seeds x rows of the test split."""

    name: str
    title: str
    classifier: str
    min_words: int | None
    seeds: list[int]
    test: dict[str, Any]
    labels: np.ndarray
    probabilities: np.ndarray
    thresholds: list[float | None]
    histories: list[list[dict[str, float]]]
    word_counts: dict[str, dict[str, int]] | None

    def heading(self, metric: str = "", letters: int = 30) -> str:
        """The title, the metric on the test split, the split's rows and the number of seeds."""
        value, seeds = self.test["metrics"].get(metric), len(self.seeds)
        measured = "" if value is None else f"{METRICS[metric].title} {value:{METRIC}}\n"
        size = f"{self.test['rows']:,} rows, {seeds} seed{'s' if seeds > 1 else ''}"
        return f"{fit(self.title, 90, letters)}\n{measured}{size}"


@dataclass(frozen=True)
class Experiment:
    """The data of all figures."""

    target: str
    reference: Variant
    variants: list[Variant]
    comparison: dict[str, Any]
    slices: dict[str, Any]

    @property
    def confidence(self) -> str:
        """The level of the intervals, as in `95 %`."""
        return f"{100 * self.comparison['confidence']:g} %"


def read_experiment(
    metrics: list[str],
    predictions: list[str],
    thresholds: list[str],
    records: list[str],
    split_counts: list[str],
    comparison: str,
    slices: str,
    target_speaker: str,
    reference: str,
    variants: list[dict[str, Any]],
) -> Experiment:
    """Read the data of all figures; the lists of paths are in the order of `variants`."""
    of_test = [result for result in map(read_json, metrics) if result["split"] == REPORTED]
    records = map(read_json, records)
    predicted = read_variants(predictions, variants)
    files = (variants, of_test, predicted, map(read_json, thresholds), map(read_json, split_counts))
    read = {
        variant["name"]: Variant(
            **variant,
            test=test,
            labels=rows.label,
            probabilities=sigmoid(rows.log_odds),
            thresholds=[each["threshold"] for each in chosen["seeds"].values()],
            histories=[next(records).get("history", []) for _ in variant["seeds"]],
            word_counts=counts.get("word_counts"),
        )
        for variant, test, rows, chosen, counts in zip(*files, strict=True)
    }
    return Experiment(
        target=fit(target_speaker, 30),
        reference=read[reference],
        variants=list(read.values()),
        comparison=read_json(comparison),
        slices=read_json(slices),
    )
