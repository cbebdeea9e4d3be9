"""The published metrics as `evaluate` metrics, for training and for the final predictions."""

from functools import cache

import datasets
import evaluate
import numpy as np
from transformers import EvalPrediction

from whosaid.evaluation.metric_entry import Metric
from whosaid.evaluation.published_metrics import PUBLISHED_METRICS

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
            description=f"{self.metric.title} of class 1, by scikit-learn",
            citation="",
            inputs_description="predicted and true classes, 0 or 1",
            features=CLASSES,
        )

    def _compute(self, predictions, references) -> dict[str, float]:
        return {self.metric.name: float(self.metric.score(references, predictions))}


@cache
def combined_metrics() -> evaluate.CombinedEvaluations:
    """Accuracy, F1, precision and recall, combined by `evaluate`."""
    return evaluate.combine([WatchedMetric(metric) for metric in PUBLISHED_METRICS])


def compute_metrics(prediction: EvalPrediction) -> dict[str, float]:
    """The published metrics of the class with the larger logit, for the Trainer."""
    return score(prediction.predictions.argmax(axis=1), prediction.label_ids)


def score(decisions: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """The published metrics of decisions and labels, two vectors of 0 and 1."""
    return combined_metrics().compute(
        predictions=np.asarray(decisions, np.int64), references=np.asarray(labels, np.int64)
    )
