"""The data that the figures of an experiment show, read from its files."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from whosaid.caching.json_files import read_json
from whosaid.evaluation.class_metrics import CLASS_METRICS
from whosaid.evaluation.class_predictions import ClassPredictions
from whosaid.evaluation.metrics import METRICS
from whosaid.evaluation.predictions import Predictions, read_variants
from whosaid.evaluation.probability import sigmoid
from whosaid.evaluation.questions import QUESTIONS
from whosaid.evaluation.temperature import calibrated
from whosaid.evaluation.threshold_files import read_temperatures, read_thresholds
from whosaid.reported_split import REPORTED
from whosaid.reporting.formats import METRIC
from whosaid.reporting.plot_style import fit


@dataclass(frozen=True)
class Variant:
    """The data of a variant.

    `probabilities` (seeds x rows of the test split) are those of the target, and `labels` (rows)
    say whether a line is the target's. Where each speaker is a class, they are those of the most
    probable class, and `labels` (seeds x rows) say whether it is the right one.
    """

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
        entry = METRICS.get(metric) or CLASS_METRICS.get(metric)
        measured = "" if value is None else f"{entry.title} {value:{METRIC}}\n"
        size = f"{self.test['rows']:,} rows, {seeds} seed{'s' if seeds > 1 else ''}"
        return f"{fit(self.title, 90, letters)}\n{measured}{size}"


@dataclass(frozen=True)
class Experiment:
    """The data of all figures."""

    question: str
    target: str
    reference: Variant
    variants: list[Variant]
    comparison: dict[str, Any]
    slices: dict[str, Any]

    @property
    def compared_with(self) -> str:
        """The title of the reference, or that there is one in each track."""
        firsts = {each["compared_with"] for each in self.comparison["variants"].values()}
        return self.reference.title if len(firsts) < 2 else "the reference of each track"

    @property
    def confidence(self) -> str:
        """The level of the intervals, as in `95 %`."""
        return f"{100 * self.comparison['confidence']:g} %"


def labels_and_probabilities(rows: Predictions | ClassPredictions) -> dict[str, np.ndarray]:
    """The fields of a Variant with these names."""
    if isinstance(rows, Predictions):
        return {"labels": rows.label, "probabilities": sigmoid(rows.log_odds)}
    probabilities = np.exp(rows.log_probabilities.max(axis=2))
    return {"labels": rows.decide() == rows.label, "probabilities": probabilities}


def read_experiment(
    metrics: list[str],
    predictions: list[str],
    thresholds: list[str],
    records: list[str],
    split_counts: list[str],
    comparison: str,
    slices: str,
    question: str,
    target_speaker: str | None,
    reference: str,
    variants: list[dict[str, Any]],
) -> Experiment:
    """Read the data of all figures; the lists of paths are in the order of `variants`."""
    of_test = [result for result in map(read_json, metrics) if result["split"] == REPORTED]
    records = map(read_json, records)
    predicted = read_variants(predictions, variants, QUESTIONS[question].read)
    # Only one question has thresholds, and only some variants temperatures.
    chosen = [read_thresholds(path) for path in thresholds] or [{}] * len(variants)
    temperatures = [read_temperatures(path) for path in thresholds] or [{}] * len(variants)
    files = (variants, of_test, predicted, chosen, temperatures, map(read_json, split_counts))
    read = {
        variant["name"]: Variant(
            **variant,
            test=test,
            **labels_and_probabilities(
                calibrated(rows, np.array([*hot.values()])) if hot else rows
            ),
            thresholds=[*of_seeds.values()],
            histories=[next(records).get("history", []) for _ in variant["seeds"]],
            word_counts=counts.get("word_counts"),
        )
        for variant, test, rows, of_seeds, hot, counts in zip(*files, strict=True)
    }
    return Experiment(
        question=question,
        target=fit(target_speaker or "", 30),
        reference=read[reference],
        variants=list(read.values()),
        comparison=read_json(comparison),
        slices=read_json(slices),
    )
