"""Writes the predictions of a split for either question."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from whosaid.evaluation.class_predictions import write_class_predictions
from whosaid.evaluation.predictions import decide, write_predictions


def write_split(
    question: str,
    path: str | Path,
    row: np.ndarray,
    label: np.ndarray,
    logits: np.ndarray,
    abstained: np.ndarray,
    names: Sequence[str],
) -> np.ndarray:
    """Write the predictions of one model on one split to `path`; returns the predicted classes.

    `logits` are rows x classes, `names` the names of the classes. Raises ValueError as the writers
    of the two questions do.
    """
    if question == "target":
        write_predictions(path, row, label, logits, abstained)
        return decide(logits, abstained).astype(np.int64)
    write_class_predictions(path, row, label, logits, abstained, names)
    return logits.argmax(axis=1)
