"""Predictions where each speaker is a class: one function writes them and one reads them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.special import log_softmax

from whosaid.caching.atomic import atomic_write

SCHEMA = pa.schema(
    {
        "row": pa.int64(),
        "label": pa.int8(),
        "logits": pa.list_(pa.float32()),
        "abstained": pa.bool_(),
    }
)
NAMES = b"labels"
"""The entry of the file's metadata that holds the names of the classes."""


class ClassPredictions(NamedTuple):
    """The rows of one split and what the model of each seed predicts for them.

    `row` (the number of the line), `label` (the place of its class in `names`) and `abstained` have
    one value per row; `log_probabilities` are seeds x rows x classes.
    """

    row: np.ndarray
    label: np.ndarray
    abstained: np.ndarray
    log_probabilities: np.ndarray
    names: tuple[str, ...]

    def take(self, rows: np.ndarray) -> "ClassPredictions":
        """Only the `rows`, by position or as a mask."""
        one_each = (column[rows] for column in self[:3])
        return ClassPredictions(*one_each, self.log_probabilities[:, rows], self.names)

    def of_seed(self, place: int) -> "ClassPredictions":
        """The predictions of one seed alone, by its place among the seeds."""
        return self._replace(log_probabilities=self.log_probabilities[[place]])

    def decide(self) -> np.ndarray:
        """The most probable class (seeds x rows)."""
        return self.log_probabilities.argmax(axis=2)


def write_class_predictions(
    path: str | Path,
    row: np.ndarray,
    label: np.ndarray,
    logits: np.ndarray,
    abstained: np.ndarray,
    names: Sequence[str],
) -> None:
    """Write the predictions of one model on one split, in the order of the split.

    `logits` are rows x classes, `names` the names of the classes, the others have one value per
    row. Raises ValueError if the lengths differ or a logit is not finite.
    """
    if logits.shape != (len(row), len(names)) or not len(row) == len(label) == len(abstained):
        raise ValueError(f"{path}: {logits.shape} logits for {len(row)} rows, {len(names)} classes")
    if not np.isfinite(logits).all():
        raise ValueError(f"{path}: a logit is not a finite number")
    offsets = pa.array(np.arange(len(row) + 1) * len(names), pa.int32())
    lists = pa.ListArray.from_arrays(offsets, pa.array(logits.ravel(), pa.float32()))
    arrays = [pa.array(row).cast("int64"), pa.array(label).cast("int8"), lists, pa.array(abstained)]
    schema = SCHEMA.with_metadata({NAMES: json.dumps(list(names)).encode()})
    with atomic_write(path) as partial:
        pq.write_table(pa.table(arrays, schema=schema), partial)


def read_class_predictions(paths: Sequence[str | Path]) -> ClassPredictions:
    """The predictions of a variant on one split, from one file per seed.

    Raises ValueError if the files do not hold the same rows and classes.
    """
    first, log_probabilities = None, []
    for path in paths:
        table = pq.read_table(path)
        names = tuple(json.loads(table.schema.metadata[NAMES]))
        logits = table["logits"].combine_chunks().flatten().to_numpy().reshape(-1, len(names))
        log_probabilities.append(log_softmax(logits.astype(np.float64), axis=1))
        columns = [table[name].to_numpy() for name in ("row", "label", "abstained")]
        found = ClassPredictions(*columns, log_probabilities[-1][None], names)
        first = first or found
        same = [np.array_equal(*pair) for pair in zip(found[:3], first[:3], strict=True)]
        if not all(same) or names != first.names:
            raise ValueError(f"{path}: not the rows and classes of {paths[0]}")
    return first._replace(log_probabilities=np.array(log_probabilities))
