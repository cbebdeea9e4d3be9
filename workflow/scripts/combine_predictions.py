"""Combine what the members of an ensemble predict; no model is trained or run.

In: the splits of the ensemble, the predictions of all members and seeds on each, the lines of the
corpus. Out: predictions, scores and runtime as `predict_splits` writes them, and `training.json`, a
record of what was combined.

The rows of test and valid are those of every member. In train a member may lack some, if it is
re-balanced or leaves short lines out. Where all members count alike, each row counts that one
member has, once; learned weights need all of them.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from whosaid.caching.json_files import write_json
from whosaid.corpus.units import read_units
from whosaid.errors import StageError
from whosaid.evaluation.best_member import scores_on_valid
from whosaid.evaluation.combination_record import write_combination
from whosaid.evaluation.ensemble import combine, positions_of
from whosaid.evaluation.learned_weights import LearnedWeights
from whosaid.evaluation.prediction_files import write_split
from whosaid.evaluation.predictions import read_variants
from whosaid.evaluation.questions import QUESTIONS
from whosaid.jobs.stage import arguments, stage
from whosaid.reported_split import REPORTED
from whosaid.split_names import HELD_OUT, SPLITS

logger = logging.getLogger(__name__)


def main(
    splits: Sequence[str],
    train: Sequence[str],
    test: Sequence[str],
    valid: Sequence[str],
    lines: str,
    record: str,
    predictions: Sequence[str],
    scores: str,
    runtime: str,
    question: str,
    members: Sequence[dict[str, Any]],
    weights: str,
    unit: str | None,
    neighbours: int,
    neighbours_by: Sequence[str],
    seed: int,
    settings: Sequence[Mapping[str, Any]] | None = None,
    trained: Sequence[str] = (),
) -> None:
    """Write the `predictions` of the ensemble, their scores and runtime, and the `record`.

    `splits` and `predictions` hold a path for each of SPLITS; `train`, `test` and `valid` one for
    each member and seed, in the order of `members`, which have the keys name and seeds. `weights`
    and `neighbours` are those of the config; with learned ones a fold of valid has whole ones of
    the `unit`, and neighbours are read of the members in `neighbours_by`. The `seed` names the
    files, deals the units to folds, and is the one of the best member. In a search, `settings` are
    those of each member and `trained` the records of their trainings. Raises StageError if a member
    has other rows, or valid too few to learn weights.
    """
    of_members = dict(zip(SPLITS, (train, test, valid), strict=True))
    asked = QUESTIONS[question]
    found = {
        name: [*read_variants(paths, members, asked.read)] for name, paths in of_members.items()
    }
    rows_of = {
        name: pq.read_table(path, columns=["row", "label"])
        for name, path in zip(SPLITS, splits, strict=True)
    }
    names = [member["name"] for member in members]
    placed = {name: _places(rows_of[name], found[name]) for name in SPLITS}
    for name in HELD_OUT:
        check_rows(name, *placed[name], names)
    learned, facts = None, {}
    if weights == "learned":
        learned = LearnedWeights(
            found["valid"],
            rows_of["valid"],
            read_units(lines),
            unit,
            [neighbours if name in neighbours_by else 0 for name in names],
            seed,
        )
        facts = {"coefficients": learned.coefficients(names)}
    elif weights == "best":
        scores_of = scores_on_valid(asked, found["valid"])
        best = int(np.argmax(scores_of))  # of equal ones the first
        facts = {"metric": asked.primary, "best": names[best], "scores": scores_of}
        facts |= {"settings": settings} if settings else {}
        place = members[best]["seeds"].index(seed)
        found = {name: [of_split[best].of_seed(place)] for name, of_split in found.items()}
        placed = {name: (row, places[[best]]) for name, (row, places) in placed.items()}
        logger.info("best on valid: %s, %s %.4f", names[best], facts["metric"], scores_of[best])
    scored, timed, rows = {}, {}, {}
    for name, target in zip(SPLITS, predictions, strict=True):
        start = time.perf_counter()
        row, places = placed[name]
        # Members may leave out rows of train.
        is_there = places >= 0
        known = is_there.all(axis=0) if learned else is_there.any(axis=0)
        row, label = row[known], rows_of[name]["label"].to_numpy()[known]
        if learned is None:
            votes = combine(found[name], places[:, known])
        elif name == "valid":
            votes = learned.on_valid()
        else:
            votes = learned.on(found[name], row)
        columns = (row, label, votes.logits.astype(np.float32), votes.abstained)
        decided = write_split(question, target, *columns, getattr(found[name][0], "names", ()))
        scored[name] = asked.watched_scores(label, decided)
        seconds, rows[name] = time.perf_counter() - start, len(row)
        timed[name] = {"seconds": seconds, "rows_per_second": len(row) / seconds}
        logger.info("%s: %d of %d rows", name, len(row), len(rows_of[name]))
    write_json(scores, scored)
    write_json(runtime, timed)
    write_combination(record, seed, timed, rows, {"members": list(members), **facts}, trained)
    figures = [f"{name} {value:.4f}" for name, value in scored[REPORTED].items()]
    logger.info("%s: %s", REPORTED, ", ".join(figures))


def _places(split: pa.Table, members: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
    """The rows of a split, and where each stands in the predictions of each member, or -1."""
    row = split["row"].to_numpy()
    return row, np.array([positions_of(row, each) for each in members])


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
