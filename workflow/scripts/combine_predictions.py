"""Average what the members of an ensemble predict; no model is trained or run.

In: the splits of the ensemble, the predictions of all members and seeds on each. Out: predictions,
scores and runtime as `predict_splits` writes them, and `training.json`, a record of what was
averaged.

The rows of test and valid are those of every member. In train a member may lack some, if it is
re-balanced or leaves short lines out: each row counts that one member has, once.
"""

import importlib.metadata
import logging
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from whosaid.caching.json_files import write_json
from whosaid.errors import StageError
from whosaid.evaluation.ensemble import combine, positions_of
from whosaid.evaluation.mean_prediction import READERS
from whosaid.evaluation.prediction_files import write_split
from whosaid.evaluation.predictions import read_variants
from whosaid.evaluation.watched_metrics import WATCHED
from whosaid.jobs.stage import arguments, stage
from whosaid.reported_split import REPORTED
from whosaid.split_names import HELD_OUT, SPLITS

logger = logging.getLogger(__name__)

RECORDED_PACKAGES = ("numpy", "scipy")


def main(
    splits: Sequence[str],
    train: Sequence[str],
    test: Sequence[str],
    valid: Sequence[str],
    record: str,
    predictions: Sequence[str],
    scores: str,
    runtime: str,
    question: str,
    members: Sequence[dict[str, Any]],
    seed: int,
) -> None:
    """Write the `predictions` of the ensemble, their scores and runtime, and the `record`.

    `splits` and `predictions` hold a path for each of SPLITS; `train`, `test` and `valid` one for
    each member and seed, in the order of `members`, which have the keys name and seeds. The `seed`
    only names the files. Raises StageError if a member has other rows.
    """
    of_members = dict(zip(SPLITS, (train, test, valid), strict=True))
    scored, timed, rows = {}, {}, {}
    for name, path, target in zip(SPLITS, splits, predictions, strict=True):
        start = time.perf_counter()
        split = pq.read_table(path, columns=["row", "label"])
        row, label = (split[column].to_numpy() for column in ("row", "label"))
        found = [*read_variants(of_members[name], members, READERS[question])]
        places = np.array([positions_of(row, each) for each in found])
        if name in HELD_OUT:
            check_rows(name, row, places, [member["name"] for member in members])
        known = (places >= 0).any(axis=0)  # all members may leave out a row of train
        row, label = row[known], label[known]
        logits, abstained = combine(found, places[:, known])
        names = getattr(found[0], "names", ())
        columns = (row, label, logits.astype(np.float32), abstained)
        decided = write_split(question, target, *columns, names)
        # The metrics of `watched_scores`, without importing `evaluate` and PyTorch.
        scored[name] = {
            metric.name: float(metric.score(label, decided)) for metric in WATCHED[question]
        }
        seconds, rows[name] = time.perf_counter() - start, len(row)
        timed[name] = {"seconds": seconds, "rows_per_second": len(row) / seconds}
        logger.info("%s: %d of %d rows", name, len(row), len(split))
    write_json(scores, scored)
    write_json(runtime, timed)
    write_json(
        record,
        {
            "seed": seed,
            "device": "CPU",
            "precision": "float64",
            "seconds": sum(split["seconds"] for split in timed.values()),
            "rows": rows,
            "history": [],
            "arguments": {"members": list(members)},
            "versions": {name: importlib.metadata.version(name) for name in RECORDED_PACKAGES},
        },
    )
    figures = [f"{name} {value:.4f}" for name, value in scored[REPORTED].items()]
    logger.info("%s: %s", REPORTED, ", ".join(figures))


def check_rows(split: str, row: np.ndarray, places: np.ndarray, names: Sequence[str]) -> None:
    """Raise StageError if a member lacks a row of a held-out split; `places` as in `combine`."""
    for name, of_member in zip(names, places, strict=True):
        if (of_member < 0).any():
            raise StageError(
                f"{name} has no prediction of row {row[of_member < 0][0]} of {split}; the members "
                "of an ensemble hold out the same rows: run again with "
                "`--forcerun split_lines`"
            )


if __name__ == "__main__":
    with stage(snakemake):
        main(**arguments(snakemake))
