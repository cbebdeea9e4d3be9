"""The two questions that a config can ask, and how each is evaluated."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from whosaid.evaluation import class_description, target_description
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
    of each row, and returns how many units an interval rests on. `describe`, `trivial` and
    `remarks` are parts of the metric files, and `roles` says what each split is for.
    """

    name: str
    tested: tuple[str, ...]
    compared: tuple[str, ...]
    read: Callable[..., Any]
    entries: Callable[[Any], Mapping[str, Metric]]
    evaluate: Callable[..., Any]
    count_units: Callable[[np.ndarray, np.ndarray], int]
    describe: Callable[..., dict[str, Any]]
    trivial: Callable[..., dict[str, Any]]
    remarks: Callable[..., Any]
    roles: Mapping[str, str]

    @property
    def primary(self) -> str:
        """The metric of the first verdict."""
        return self.tested[0]

    @property
    def watched(self) -> tuple[Metric, ...]:
        """The metrics that training reports."""
        return WATCHED[self.name]


def units_of_target(units: np.ndarray, label: np.ndarray) -> int:
    """How many units hold a row of the target's."""
    return len(np.unique(units[label == 1]))


def units_of_rarest_class(units: np.ndarray, label: np.ndarray) -> int:
    """How many units hold a row of the class that stands in the fewest."""
    return min((len(np.unique(units[label == each])) for each in np.unique(label)), default=0)


ROLES = {
    "train": "Learned from. These figures say what the model remembers, not how it will do on new "
    "lines.",
    "test": "Held out. It is watched while an encoder is trained, and decides nothing.",
    "valid": "Held out. Nothing is chosen on it.",
}

TARGET = Question(
    name="target",
    tested=(PRIMARY,),
    compared=COMPARED,
    read=read_predictions,
    entries=lambda predictions: METRICS,
    evaluate=evaluate,
    count_units=units_of_target,
    describe=target_description.describe_split,
    trivial=target_description.trivial_metrics,
    remarks=target_description.remarks,
    roles=ROLES
    | {
        "valid": "Held out from learning. It chooses the decision threshold, so figures at the "
        "threshold are slightly optimistic here."
    },
)

SPEAKERS = Question(
    name="speakers",
    tested=("macro_f1", "accuracy"),
    compared=("macro_f1", "accuracy"),
    read=read_class_predictions,
    entries=lambda predictions: class_entries(predictions.names),
    evaluate=evaluate_classes,
    count_units=units_of_rarest_class,
    describe=class_description.describe_split,
    trivial=class_description.trivial_metrics,
    remarks=class_description.remarks,
    roles=ROLES,
)

QUESTIONS = {question.name: question for question in (TARGET, SPEAKERS)}
