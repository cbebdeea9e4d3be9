"""A trained model as a folder for Transformers alone, and the check of what it says."""

import logging
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from transformers import pipeline

from whosaid.caching.manifest import NAME as MANIFEST
from whosaid.errors import StageError
from whosaid.evaluation.class_predictions import ClassPredictions
from whosaid.evaluation.predictions import Predictions
from whosaid.evaluation.probability import sigmoid

logger = logging.getLogger(__name__)

OWN_FILES = (MANIFEST, "training.json")
"""The files of a model folder that whosaid alone reads."""

TOLERANCE = 1e-5
"""The largest difference of a probability. Both are computed in float32, from the same weights.

In twelve layers of RoBERTa's size, float32 moves a probability by less than 1e-6 from float64.
"""

CHECKED_ROWS = 64


def copy_model(model: Path, folder: Path) -> None:
    """Copy weights, tokenizer and config of the trained `model` to `folder`, a new one."""
    shutil.copytree(
        model,
        folder,
        ignore=shutil.ignore_patterns(*OWN_FILES, ".*"),
        copy_function=shutil.copyfile,  # weights that safetensors writes are their owner's alone
    )


def pipeline_probabilities(folder: Path, texts: Sequence[str], names: Sequence[str]) -> np.ndarray:
    """What a text-classification pipeline says (texts x classes); `names` are the labels in order.

    Raises StageError if it has other labels.
    """
    classify = pipeline("text-classification", str(folder), truncation=True, device="cpu")
    answers = classify(list(texts), top_k=None)
    rows = []
    for answer in answers:
        scores = {each["label"]: each["score"] for each in answer}
        if set(scores) != set(names):
            raise StageError(f"{folder}: the labels are {sorted(scores)}, not {sorted(names)}")
        rows.append([scores[name] for name in names])
    return np.array(rows)


def stored_probabilities(predictions: Predictions | ClassPredictions) -> np.ndarray:
    """The probabilities (rows x classes) in the predictions of one model."""
    if isinstance(predictions, ClassPredictions):
        return np.exp(predictions.log_probabilities[0])
    of_target = sigmoid(predictions.log_odds[0])
    return np.column_stack([1 - of_target, of_target])


def check_on_rows(
    ask: Callable[[list[str]], np.ndarray],
    test: str,
    stored: Predictions | ClassPredictions,
    tolerance: float,
    what: str,
) -> None:
    """Ask about the first rows of the split `test`, and log the largest difference.

    `ask` turns texts into probabilities (texts x classes), `stored` are the predictions on the same
    split. Rows on which the variant abstains are left out. Raises StageError as `check_answers`.
    """
    rows = pd.read_parquet(test, columns=["text", "abstained"])
    judged = rows.index[~rows["abstained"]][:CHECKED_ROWS]
    if not len(judged):
        logger.warning("no row to check the model on: the variant abstains on all of test")
        return
    found = ask(rows.loc[judged, "text"].tolist())
    expected = stored_probabilities(stored)[judged]
    difference = check_answers(found, expected, tolerance, what)
    logger.info(
        "checked on %d rows: %s differs by %.1g from the stored probabilities, at most",
        *(len(judged), what, difference),
    )


def check_answers(found: np.ndarray, stored: np.ndarray, tolerance: float, what: str) -> float:
    """The largest difference of `found` from the `stored` probabilities, both rows x classes.

    Raises StageError, which begins with `what` was asked, if it is above the `tolerance`.
    """
    difference = float(np.abs(found - stored).max(initial=0.0))
    if difference > tolerance:
        raise StageError(
            f"{what}: a probability differs from that of the stored predictions by "
            f"{difference:.2g}, more than {tolerance:g}; predict again with "
            "`--forcerun predict_splits`"
        )
    return difference
