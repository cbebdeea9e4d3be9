"""What a tokenized split holds: a row for each line, or a window of a scene with several lines."""

import numpy as np
from datasets import Dataset


def holds_scenes(rows: Dataset) -> bool:
    """Whether the rows are windows of scenes."""
    return "answers" in rows.column_names


def label_names(rows: Dataset) -> list[str]:
    """The names of the labels, in their order."""
    feature = rows.features["label"]
    return feature.feature.names if holds_scenes(rows) else feature.names


def labels_of(rows: Dataset) -> np.ndarray:
    """The label of each line, in the order of the rows."""
    labels = rows["label"]
    return np.array(
        [each for of_row in labels for each in of_row] if holds_scenes(rows) else labels
    )


def numbers_of(rows: Dataset) -> np.ndarray:
    """The row number, in the corpus, of each line, in the same order."""
    numbers = rows["row"]
    flat = [each for of_row in numbers for each in of_row] if holds_scenes(rows) else numbers
    return np.array(flat, dtype=np.int64)
