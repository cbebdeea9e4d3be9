"""Pool what the models of a variant's folds predict; no model is trained or run.

In: the predictions of the folds on each split, with one seed; how long they took; the records of
their trainings. Out: predictions, scores and runtime as `predict_splits` writes them, and
`training.json`, a record of what was pooled.

Every row stands once in each split, but for what a recipe drops from train or repeats there. In
test it is predicted by the model that has its fold as test, in valid by the one that has it as
valid, and in train by one of those that learned from it: the one whose valid fold is just before
that of the row. So no two splits show the same prediction, and all models have a share in each.
"""

import logging
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from whosaid.caching.atomic import atomic_write
from whosaid.caching.json_files import read_json, write_json
from whosaid.evaluation.combination_record import write_combination
from whosaid.evaluation.questions import QUESTIONS
from whosaid.jobs.stage import arguments, stage
from whosaid.reported_split import REPORTED
from whosaid.split_names import SPLITS

logger = logging.getLogger(__name__)


def main(
    train: Sequence[str],
    test: Sequence[str],
    valid: Sequence[str],
    runtimes: Sequence[str],
    trained: Sequence[str],
    record: str,
    predictions: Sequence[str],
    scores: str,
    runtime: str,
    question: str,
    folds: Sequence[str],
    seed: int,
) -> None:
    """Write the pooled `predictions`, a path for each of SPLITS, and what is known of them.

    `train`, `test`, `valid`, `runtimes` and `trained` hold a path for each of the `folds`, which
    are the names of variants.
    """
    asked = QUESTIONS[question]
    of_splits = dict(zip(SPLITS, (train, test, valid), strict=True))
    found = {name: [pq.read_table(path) for path in paths] for name, paths in of_splits.items()}
    # A model learned from the rows of several folds, of which the second after its own counts.
    tested = [table["row"].combine_chunks() for table in found["test"]]
    found["train"] = [
        table.filter(pc.is_in(table["row"], tested[(number + 2) % len(folds)]))
        for number, table in enumerate(found["train"])
    ]
    scored, rows = {}, {}
    for name, path in zip(SPLITS, predictions, strict=True):
        pooled = pa.concat_tables(found[name]).sort_by("row")
        with atomic_write(path) as unfinished:
            pq.write_table(pooled, unfinished)
        read = asked.read([path])
        (decided,) = read.decide().astype(np.int64)
        scored[name] = asked.watched_scores(read.label, decided)
        rows[name] = len(read.row)
        logger.info("%s: %d rows of %d folds", name, rows[name], len(folds))
    of_folds = [*map(read_json, runtimes)]
    seconds = {name: sum(each[name]["seconds"] for each in of_folds) for name in SPLITS}
    timed = {
        name: {"seconds": seconds[name], "rows_per_second": rows[name] / seconds[name]}
        for name in SPLITS
    }
    write_json(scores, scored)
    write_json(runtime, timed)
    arguments = {"folds": list(folds)}
    write_combination(record, seed, timed, rows, arguments, trained, names_device=True)
    figures = [f"{name} {value:.4f}" for name, value in scored[REPORTED].items()]
    logger.info("%s: %s", REPORTED, ", ".join(figures))


if __name__ == "__main__":
    with stage(snakemake):
        main(**arguments(snakemake))
