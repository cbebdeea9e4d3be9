"""The watched metrics as `evaluate` metrics, for training and for the final predictions."""

from functools import cache

import datasets
import evaluate
import numpy as np
from sklearn.metrics import average_precision_score
from transformers import EvalPrediction

from whosaid.evaluation.metric_entry import Metric
from whosaid.evaluation.watched_metrics import WATCHED
from whosaid.training.scene_packing import IGNORED

CLASSES = datasets.Features(
    {"predictions": datasets.Value("int64"), "references": datasets.Value("int64")}
)


class WatchedMetric(evaluate.Metric):
    """A metric of whosaid as an `evaluate.Metric`; no script is loaded from a hub."""

    def __init__(self, metric: Metric):
        self.metric = metric  # the next line needs it
        super().__init__(config_name=metric.name, keep_in_memory=True)

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=f"{self.metric.title}, by scikit-learn",
            citation="",
            inputs_description="predicted and true classes, 0, 1, 2 ...",
            features=CLASSES,
        )

    def _compute(self, predictions, references) -> dict[str, float]:
        return {self.metric.name: float(self.metric.score(references, predictions))}


@cache
def combined_metrics(question: str) -> evaluate.CombinedEvaluations:
    """Accuracy, F1, precision and recall, combined by `evaluate`; macro averages for speakers."""
    return evaluate.combine([WatchedMetric(metric) for metric in WATCHED[question]])


def of_lines(logits: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The logits (lines x classes) and labels of all lines, in the order of the rows.

    A row may be a window of a scene with several lines, padded with labels IGNORED.
    """
    is_line = labels != IGNORED
    return logits[is_line], labels[is_line]


def compute_metrics(
    question: str, prediction: EvalPrediction, metric: str | None = None
) -> dict[str, float]:
    """The watched metrics of the class with the largest logit, for the Trainer.

    If `metric` is `average_precision`, so is that of two classes, ranked by their log odds.
    """
    logits, labels = of_lines(prediction.predictions, prediction.label_ids)
    found = score(question, logits.argmax(axis=1), labels)
    if metric == "average_precision":
        found[metric] = float(average_precision_score(labels, logits[:, 1] - logits[:, 0]))
    return found


def score(question: str, decisions: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """The watched metrics of decisions and labels, two vectors of classes."""
    return combined_metrics(question).compute(
        predictions=np.asarray(decisions, np.int64), references=np.asarray(labels, np.int64)
    )
