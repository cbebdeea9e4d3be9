"""The two questions that a config can ask, and how each is evaluated."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from whosaid.evaluation.class_metrics import class_entries, evaluate_classes
from whosaid.evaluation.class_predictions import read_class_predictions
from whosaid.evaluation.metric_entry import Metric
from whosaid.evaluation.metrics import COMPARED, METRICS, PRIMARY
from whosaid.evaluation.predictions import read_predictions
from whosaid.evaluation.resampling import evaluate
from whosaid.evaluation.watched_metrics import WATCHED


@dataclass(frozen=True, kw_only=True)
class Question:
    """What differs between the two questions.

    `tested` are the metrics with a verdict, the first of them is the primary one; `compared` are
    all metrics on which variants are compared. `read` reads the predictions of a variant, one file
    per seed. `entries` maps the names of the metrics of such predictions to their entries,
    `evaluate` computes them (see `resampling.evaluate`). `count_units` takes the unit and the label
    of each row, and returns how many units an interval rests on. What metric files say of a split
    stands in `target_description` and `class_description`.
    """

    name: str
    tested: tuple[str, ...]
    compared: tuple[str, ...]
    read: Callable[..., Any]
    entries: Callable[[Any], Mapping[str, Metric]]
    evaluate: Callable[..., Any]
    count_units: Callable[[np.ndarray, np.ndarray], int]

    @property
    def primary(self) -> str:
        """The metric of the first verdict."""
        return self.tested[0]

    @property
    def watched(self) -> tuple[Metric, ...]:
        """The metrics that training reports."""
        return WATCHED[self.name]

    def watched_scores(self, label: np.ndarray, decided: np.ndarray) -> dict[str, float]:
        """These metrics of the classes `decided` for rows with these labels, by name.

        They are those of the module `watched_scores`, without importing `evaluate` and PyTorch.
        """
        return {metric.name: float(metric.score(label, decided)) for metric in self.watched}


def units_of_target(units: np.ndarray, label: np.ndarray) -> int:
    """How many units hold a row of the target's."""
    return len(np.unique(units[label == 1]))


def units_of_rarest_class(units: np.ndarray, label: np.ndarray) -> int:
    """How many units hold a row of the class that stands in the fewest."""
    return min((len(np.unique(units[label == each])) for each in np.unique(label)), default=0)


TARGET = Question(
    name="target",
    tested=(PRIMARY,),
    compared=COMPARED,
    read=read_predictions,
    entries=lambda predictions: METRICS,
    evaluate=evaluate,
    count_units=units_of_target,
)

SPEAKERS = Question(
    name="speakers",
    tested=("macro_f1", "accuracy"),
    compared=("macro_f1", "accuracy"),
    read=read_class_predictions,
    entries=lambda predictions: class_entries(predictions.names),
    evaluate=evaluate_classes,
    count_units=units_of_rarest_class,
)

QUESTIONS = {question.name: question for question in (TARGET, SPEAKERS)}
