"""Metrics of two classes that follow from counts, and those four that training watches.

Class 1, the target speaker, is the positive class throughout. Each metric takes counts of any
shape, so that one implementation serves a split and all its resamples. Training reaches this
module: what it does not watch stands in `evaluation_metrics`, where an edit trains nothing anew.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Confusion(NamedTuple):
    """How many rows of each class were answered what: four arrays of one shape."""

    true_positives: np.ndarray
    false_positives: np.ndarray
    false_negatives: np.ndarray
    true_negatives: np.ndarray


def confusion(decisions: np.ndarray, labels: np.ndarray) -> Confusion:
    """Counts over the last axis of `decisions` (... x rows) against `labels` (rows), both 0 or 1.

    Raises ValueError if the two differ in their number of rows.
    """
    decisions, labels = np.asarray(decisions, bool), np.asarray(labels, bool)
    if decisions.shape[-1] != labels.shape[-1]:
        raise ValueError(f"{decisions.shape[-1]} decisions for {labels.shape[-1]} labels")
    hits = (decisions & labels).sum(axis=-1)
    alarms, positives = decisions.sum(axis=-1), labels.sum(axis=-1)
    rejected = labels.shape[-1] - positives - alarms + hits
    return Confusion(hits, alarms - hits, positives - hits, rejected)


def ratio(numerator: np.ndarray, denominator: np.ndarray, undefined: float) -> np.ndarray:
    """`numerator / denominator`, and `undefined` where the denominator is 0."""
    numerator, denominator = np.broadcast_arrays(
        np.asarray(numerator, np.float64), np.asarray(denominator, np.float64)
    )
    result = np.full(numerator.shape, undefined)
    return np.divide(numerator, denominator, out=result, where=denominator != 0)


def accuracy(counts: Confusion) -> np.ndarray:
    """Share of rows whose class was predicted; not a number without rows."""
    tp, fp, fn, tn = counts
    return ratio(tp + tn, tp + fp + fn + tn, np.nan)


def f1(counts: Confusion) -> np.ndarray:
    """Harmonic mean of precision and recall; 0 where there is no true positive."""
    tp, fp, fn, _ = counts
    return ratio(2 * tp, 2 * tp + fp + fn, 0.0)


def precision(counts: Confusion) -> np.ndarray:
    """Share of true positives among the predicted positives; 0 where none was predicted."""
    tp, fp, _, _ = counts
    return ratio(tp, tp + fp, 0.0)


def recall(counts: Confusion) -> np.ndarray:
    """Share of the positives that were predicted; 0 where there are none."""
    tp, _, fn, _ = counts
    return ratio(tp, tp + fn, 0.0)


WATCHED = {"accuracy": accuracy, "f1": f1, "precision": precision, "recall": recall}
"""The published metrics, in the order of the tables."""


def classification_metrics(
    predictions: Sequence[int], references: Sequence[int]
) -> dict[str, float]:
    """Accuracy, f1, precision and recall of predicted against true classes (two vectors of 0, 1).

    Raises ValueError if the two differ in length.
    """
    counts = confusion(np.asarray(predictions), np.asarray(references))
    return {name: float(metric(counts)) for name, metric in WATCHED.items()}
