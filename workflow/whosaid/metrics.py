"""Metrics of a binary classifier, offline: `evaluate` metrics of our own on scikit-learn.

Class 1, the target speaker, is the positive class throughout.
"""

import sys
import tempfile
from collections.abc import Sequence

import datasets
import numpy as np
from scipy.special import log_softmax
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

if "transformers" in sys.modules:
    import evaluate
else:
    # For pipelines that are not used here `evaluate` imports transformers and torch, if it can:
    # four of its five seconds, in a job that computes for a few milliseconds.
    sys.modules["transformers"] = None
    import evaluate

    del sys.modules["transformers"]


class _ClassificationMetric(evaluate.Metric):
    """A metric of predicted classes against true classes, both 0 or 1."""

    def _info(self) -> evaluate.MetricInfo:
        classes = {
            "predictions": datasets.Value("int64"),
            "references": datasets.Value("int64"),
        }
        return evaluate.MetricInfo(
            description=self.__doc__, citation="", features=datasets.Features(classes)
        )


class Accuracy(_ClassificationMetric):
    """Share of rows whose class was predicted."""

    def _compute(self, predictions, references):
        return {"accuracy": float(accuracy_score(references, predictions))}


class F1(_ClassificationMetric):
    """Harmonic mean of precision and recall; 0 where there is no true positive."""

    def _compute(self, predictions, references):
        return {"f1": float(f1_score(references, predictions, zero_division=0))}


class Precision(_ClassificationMetric):
    """Share of true positives among the predicted positives; 0 where none was predicted."""

    def _compute(self, predictions, references):
        return {"precision": float(precision_score(references, predictions, zero_division=0))}


class Recall(_ClassificationMetric):
    """Share of the positives that were predicted; 0 where there are none."""

    def _compute(self, predictions, references):
        return {"recall": float(recall_score(references, predictions, zero_division=0))}


def classification_metrics(predictions: Sequence[int], references: Sequence[int]) -> dict:
    """Accuracy, f1, precision and recall of predicted against true classes (two vectors of 0, 1).

    Raises ValueError if the two differ in length.
    """
    # `evaluate` makes a folder for each metric, by default below the user's home.
    with tempfile.TemporaryDirectory() as cache:
        metrics = [
            metric(keep_in_memory=True, cache_dir=cache)
            for metric in (Accuracy, F1, Precision, Recall)
        ]
        return evaluate.combine(metrics).compute(predictions=predictions, references=references)


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Mean cross-entropy in nats of `logits` (rows x classes) against `labels` (rows)."""
    return float(-log_softmax(logits, axis=1)[np.arange(len(labels)), labels].mean())
