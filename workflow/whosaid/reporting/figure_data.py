"""The data that the figures of an experiment show, read from its files."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from whosaid.caching.json_files import read_json
from whosaid.evaluation.predictions import read_variants
from whosaid.evaluation.probability import sigmoid
from whosaid.reported_split import REPORTED
from whosaid.reporting import plot_style


@dataclass(frozen=True)
class Variant:
    """The data of a variant; `probabilities` is seeds x rows of the test split."""

    name: str
    title: str
    linear: bool
    min_words: int | None
    test: dict[str, Any]
    labels: np.ndarray
    probabilities: np.ndarray
    thresholds: list[float]
    histories: list[list[dict[str, float]]]
    word_counts: dict[str, dict[str, int]] | None

    @property
    def size(self) -> str:
        """The rows of the test split and the number of seeds."""
        seeds = len(self.probabilities)
        return f"{self.test['rows']:,} rows, {seeds} seed{'s' if seeds > 1 else ''}"


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
    of_test = {}
    for result in map(read_json, metrics):
        if result["split"] == REPORTED:
            of_test[result["variant"]] = result
    records = map(read_json, records)
    predicted = read_variants(predictions, variants)
    read = []
    for variant, of_variant, counts, predictions_of in zip(
        variants, thresholds, split_counts, predicted, strict=True
    ):
        chosen = read_json(of_variant)["seeds"].values()
        read.append(
            Variant(
                name=variant["name"],
                title=variant["title"],
                linear=variant["classifier"] == "linear",
                min_words=variant["min_words"],
                test=of_test[variant["name"]],
                labels=predictions_of.label,
                probabilities=sigmoid(predictions_of.log_odds),
                thresholds=[each["threshold"] for each in chosen if each["threshold"] is not None],
                histories=[next(records).get("history", []) for _ in variant["seeds"]],
                word_counts=read_json(counts).get("word_counts"),
            )
        )
    return Experiment(
        target=plot_style.shorten(target_speaker, 1),
        reference=next(each for each in read if each.name == reference),
        variants=read,
        comparison=read_json(comparison),
        slices=read_json(slices),
    )
