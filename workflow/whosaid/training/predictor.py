"""Predicts tokenized rows with a trained encoder, in float32."""

import tempfile
import time
from pathlib import Path

import numpy as np
from datasets import Dataset
from transformers import PreTrainedTokenizerBase, Trainer

from whosaid.training.classifier import load_classifier
from whosaid.training.trainer import build_trainer, model_columns
from whosaid.training.watched_scores import of_lines


def load_predictor(
    folder: str | Path,
    tokenizer: PreTrainedTokenizerBase,
    question: str,
    per_device_eval_batch_size: int,
) -> Trainer:
    """A Trainer that predicts with the model in `folder`, in float32."""
    return build_trainer(
        load_classifier(folder),
        tokenizer,
        {},
        question,
        precision="float32",
        # Nothing is written there.
        output_dir=tempfile.gettempdir(),
        per_device_eval_batch_size=per_device_eval_batch_size,
    )


def predict(predictor: Trainer, rows: Dataset) -> tuple[np.ndarray, float, float]:
    """The logits (lines x classes, float32) in the order of the `rows`, seconds, rows per second.

    Rows that are windows of scenes hold several lines each.
    """
    if not len(rows):
        return np.empty((0, predictor.model.num_labels), np.float32), 0.0, 0.0
    # The Trainer's own time is that of the system's clock, which may be set back meanwhile.
    start = time.perf_counter()
    output = predictor.predict(model_columns(rows))
    seconds = time.perf_counter() - start
    logits, labels = of_lines(output.predictions, output.label_ids)
    return logits.astype(np.float32), seconds, len(labels) / seconds
