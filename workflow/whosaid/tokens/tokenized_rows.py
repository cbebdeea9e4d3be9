"""What a tokenized split holds: a row for each line, or a window of a scene with several lines."""

from itertools import chain

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
    return _of_lines(rows, "label")


def speakers_of(rows: Dataset) -> np.ndarray:
    """The number of each line's speaker, in the same order."""
    return _of_lines(rows, "speaker")


def numbers_of(rows: Dataset) -> np.ndarray:
    """The row number, in the corpus, of each line, in the same order."""
    return _of_lines(rows, "row")


def _of_lines(rows: Dataset, column: str) -> np.ndarray:
    values = rows[column]
    flat = chain.from_iterable(values) if holds_scenes(rows) else values
    return np.array(list(flat), dtype=np.int64)
