"""The stored answers of a variant: what every stage after `predict_splits` reads."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow.parquet as pq

import whosaid.lean_arrow  # noqa: F401
from whosaid.evaluation_metrics import sigmoid


class Predictions(NamedTuple):
    """The rows of one split and what the model of each seed says of them.

    `row` (number of the line), `label` (1: the target's) and `refused` have one value per row;
    `log_odds` of the target are seeds x rows.
    """

    row: np.ndarray
    label: np.ndarray
    refused: np.ndarray
    log_odds: np.ndarray

    def take(self, rows: np.ndarray) -> "Predictions":
        """The `rows` alone, by position or as a mask."""
        one_each = (column[rows] for column in self[:3])
        return Predictions(*one_each, self.log_odds[:, rows])

    def decide(self) -> np.ndarray:
        """Whether the target has the larger logit (seeds x rows)."""
        return (self.log_odds > 0) & ~self.refused

    def decide_at(self, thresholds: Sequence[float]) -> np.ndarray:
        """Whether the target's probability reaches the threshold of the seed (seeds x rows)."""
        reached = sigmoid(self.log_odds) >= np.asarray(thresholds)[:, None]
        return reached & ~self.refused


def read_predictions(paths: Sequence[str | Path]) -> Predictions:
    """The predictions of a variant on one split, from one file per seed.

    Raises ValueError if the files are not of the same rows.
    """
    names = ("row", "label", "refused", "logit_not", "logit_target")
    tables = [pq.read_table(path, columns=list(names)) for path in paths]
    columns = [{name: table[name].to_numpy() for name in names} for table in tables]
    first = columns[0]
    for path, other in zip(paths, columns, strict=True):
        if any(not np.array_equal(first[name], other[name]) for name in names[:3]):
            raise ValueError(f"{path}: not the rows of {paths[0]}")
    log_odds = [
        each["logit_target"].astype(np.float64) - each["logit_not"].astype(np.float64)
        for each in columns
    ]
    return Predictions(first["row"], first["label"], first["refused"], np.array(log_odds))


def read_variants(
    paths: Sequence[str | Path], variants: Sequence[Mapping[str, Any]]
) -> Iterator[Predictions]:
    """The predictions of each of the `variants`, whose `seeds` say how many of the `paths` it has.

    The paths are those of the first variant's seeds, then of the next one's.
    """
    remaining = iter(paths)
    for variant in variants:
        yield read_predictions([*islice(remaining, len(variant["seeds"]))])
