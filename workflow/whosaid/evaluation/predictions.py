"""The Parquet files of predictions: one function writes them and one reads them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from whosaid.caching.atomic import atomic_write

SCHEMA = pa.schema(
    {
        "row": pa.int64(),
        "label": pa.int8(),
        "logit_not": pa.float32(),
        "logit_target": pa.float32(),
        "abstained": pa.bool_(),
    }
)


class Predictions(NamedTuple):
    """The rows of one split and what the model of each seed predicts for them.

    `row` (the number of the line), `label` (1 for the target) and `abstained` have one value per
    row; `log_odds` (of the target) is seeds x rows.
    """

    row: np.ndarray
    label: np.ndarray
    abstained: np.ndarray
    log_odds: np.ndarray

    def take(self, rows: np.ndarray) -> "Predictions":
        """Only the `rows`, by position or as a mask."""
        one_each = (column[rows] for column in self[:3])
        return Predictions(*one_each, self.log_odds[:, rows])

    def of_seed(self, place: int) -> "Predictions":
        """The predictions of one seed alone, by its place among the seeds."""
        return self._replace(log_odds=self.log_odds[[place]])

    def decide(self) -> np.ndarray:
        """Whether the target has the larger logit (seeds x rows); false for abstained rows."""
        return (self.log_odds > 0) & ~self.abstained


def decide(logits: np.ndarray, abstained: np.ndarray) -> np.ndarray:
    """Whether the target has the larger of the `logits` (rows x 2); false for abstained rows."""
    return (logits[:, 1] > logits[:, 0]) & ~abstained


def write_predictions(
    path: str | Path,
    row: np.ndarray,
    label: np.ndarray,
    logits: np.ndarray,
    abstained: np.ndarray,
) -> None:
    """Write the predictions of one model on one split, in the order of the split.

    `logits` are rows x 2, the others have one value per row. Raises ValueError if the lengths
    differ or a logit is not finite.
    """
    if not len(row) == len(label) == len(logits) == len(abstained):
        raise ValueError(f"{path}: {len(logits)} logits for {len(row)} rows")
    if not np.isfinite(logits).all():
        raise ValueError(f"{path}: a logit is not a finite number")
    columns = [row, label, logits[:, 0], logits[:, 1], abstained]
    arrays = [pa.array(values).cast(of) for values, of in zip(columns, SCHEMA.types, strict=True)]
    with atomic_write(path) as partial:
        pq.write_table(pa.table(arrays, schema=SCHEMA), partial)


def read_predictions(paths: Sequence[str | Path]) -> Predictions:
    """The predictions of a variant on one split, from one file per seed.

    Raises ValueError if the files do not hold the same rows.
    """
    tables = [pq.read_table(path, schema=SCHEMA) for path in paths]
    columns = [{name: table[name].to_numpy() for name in SCHEMA.names} for table in tables]
    first = columns[0]
    for path, other in zip(paths, columns, strict=True):
        if any(not np.array_equal(first[name], other[name]) for name in Predictions._fields[:3]):
            raise ValueError(f"{path}: not the rows of {paths[0]}")
    log_odds = [
        each["logit_target"].astype(np.float64) - each["logit_not"].astype(np.float64)
        for each in columns
    ]
    return Predictions(first["row"], first["label"], first["abstained"], np.array(log_odds))


def read_variants(
    paths: Sequence[str | Path],
    variants: Sequence[Mapping[str, Any]],
    read: Callable[[Sequence[str | Path]], Any] = read_predictions,
) -> Iterator[Any]:
    """What `read` returns for each of the `variants`, one after the other: its predictions.

    `paths` holds one path per variant and seed: those of the first variant's `seeds`, then those of
    the next.
    """
    remaining = iter(paths)
    for variant in variants:
        yield read([*islice(remaining, len(variant["seeds"]))])
