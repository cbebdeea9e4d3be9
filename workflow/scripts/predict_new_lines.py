"""Predict the lines of a file that is no part of the corpus, with all models of a variant.

In: a file of lines, the model folder of each seed, the variant's thresholds if it has any. Out: a
row for each line, as Parquet and as CSV (see `whosaid.evaluation.new_predictions`).

The file is read in pieces, so any number of lines takes about the same memory. The logits of each
piece are kept until all are there: after a kill the next run goes on from the last piece.
"""

import csv
import hashlib
import json
import logging
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from whosaid.jobs.environment import quiet_transformers  # before the libraries that read it

# isort: split
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from datasets import disable_progress_bars

from whosaid.caching.atomic import atomic_write
from whosaid.caching.json_files import read_json
from whosaid.caching.manifest import sha256
from whosaid.corpus.stream_lines import SEPARATORS, stream_lines
from whosaid.errors import InputError
from whosaid.evaluation.new_predictions import decide
from whosaid.evaluation.threshold_files import read_temperatures, read_thresholds
from whosaid.jobs.stage import arguments, stage
from whosaid.training.new_lines import are_too_short, columns_read, load_lines_model

logger = logging.getLogger(__name__)

SCRATCH = Path(".snakemake/new_lines")
SECONDS_BETWEEN_LINES = 5.0
"""So often the log says how far the job is."""


def main(
    lines: str,
    models: list[str],
    predictions: str,
    table: str,
    question: str,
    wanted: dict[str, str],
    encoding: str,
    quotes: str,
    separator: dict[str, str],
    missing: list[str],
    annotate: list[str],
    features: list[str],
    reading: str | None,
    seeds: list[int],
    min_words: int | None,
    word_tokenizer: str,
    per_device_eval_batch_size: int,
    code: str,
    thresholds: str | None = None,
    nltk_data: str | None = None,
) -> None:
    """Write the `predictions` of the `lines` by the `models`, one for each seed, and a CSV of them.

    `wanted` holds the header of each column that is read by its name here, `separator` that of the
    corpus by its format. Pieces of an earlier run are used if its `code` was the same. The whole
    file is checked before the first model is loaded. Raises InputError if a row will not do.
    """
    quiet_transformers()
    disable_progress_bars()
    path = Path(lines)
    if reading:
        raise InputError(
            f"{path}: the variant reads the lines around a line, and lines of a file are predicted "
            "one by one; choose a variant without context"
        )
    separators = SEPARATORS | {f".{form}": given for form, given in separator.items()}
    form = (wanted, encoding, quotes, separators, missing)
    rows = sum(map(len, stream_lines(path, *form)))
    logger.info("%s: %d lines", path, rows)
    place_of_all = SCRATCH.joinpath(*Path(predictions).with_suffix("").parts[1:])
    scratch = place_of_all / scratch_key(path, models, code, form, annotate, features)
    for old in set(place_of_all.glob("*")) - {scratch}:
        shutil.rmtree(old)
    names: list[str] = []
    progress = Progress(rows * len(models))
    for seed, model in zip(seeds, models, strict=True):
        loaded = load_lines_model(Path(model), question, per_device_eval_batch_size)
        names = loaded.names
        for place, chunk in enumerate(stream_lines(path, *form)):
            part = part_of(scratch, seed, place)
            if not part.exists():
                logits = loaded.logits(columns_read(chunk, annotate, features))
                with atomic_write(part) as unfinished, open(unfinished, "wb") as file:
                    np.save(file, logits.astype(np.float32))
            progress.add(len(chunk))
    chosen = read_thresholds(thresholds) if thresholds else {}
    limits = [chosen[seed] for seed in seeds] if chosen else None
    of_seeds = read_temperatures(thresholds) if thresholds else {}
    temperatures = np.array([of_seeds.get(seed, 1.0) for seed in seeds])

    def decided() -> Iterator[pd.DataFrame]:
        for place, chunk in enumerate(stream_lines(path, *form)):
            logits = np.stack([np.load(part_of(scratch, seed, place)) for seed in seeds])
            logits = logits / temperatures[:, None, None]
            found = decide(question, chunk, logits, names, seeds, limits)
            if min_words is not None:
                counting = (min_words, word_tokenizer, nltk_data)
                found = found.assign(too_short=are_too_short(chunk["line"], *counting))
            yield found

    write_tables(decided(), Path(predictions), Path(table))
    shutil.rmtree(scratch)
    logger.info("%d lines, %d models", rows, len(models))


class Progress:
    """Logs how far a job is, at most every SECONDS_BETWEEN_LINES seconds."""

    def __init__(self, total: int):
        self.total, self.done = total, 0
        self.start = self.said = time.monotonic()

    def add(self, rows: int) -> None:
        """Count so many rows as done."""
        self.done += rows
        now = time.monotonic()
        if now - self.said >= SECONDS_BETWEEN_LINES:
            self.said = now
            rate = self.done / (now - self.start)
            left = (self.total - self.done) / rate
            logger.info(
                "%d of %d rows, %.0f rows a second, %.0f s left",
                *(self.done, self.total, rate, left),
            )


def scratch_key(path: Path, models: list[str], *settings: Any) -> str:
    """A name for the pieces of just these lines, models and settings."""
    manifests = [read_json(Path(model) / "manifest.json")["files"] for model in models]
    text = json.dumps([sha256(path), manifests, *settings], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def part_of(scratch: Path, seed: int, place: int) -> Path:
    """The file of the logits of one piece of the lines by the model of one seed."""
    return scratch / f"seed_{seed}" / f"{place:06}.npy"


def write_tables(parts: Iterator[pd.DataFrame], predictions: Path, table: Path) -> None:
    """Write the rows of all `parts` as Parquet and as CSV."""
    with (
        atomic_write(predictions) as unfinished,
        atomic_write(table) as unfinished_table,
        open(unfinished_table, "w", encoding="utf-8", newline="") as text,
    ):
        writer = None
        try:
            for part in parts:
                rows = pa.Table.from_pandas(part, preserve_index=False)
                if writer is None:
                    csv.writer(text, lineterminator="\n").writerow(part.columns)
                    writer = pq.ParquetWriter(unfinished, rows.schema)
                writer.write_table(rows)
                part.to_csv(
                    text, header=False, index=False, float_format="%.6f", lineterminator="\n"
                )
        finally:
            if writer is not None:
                writer.close()


if __name__ == "__main__":
    with stage(snakemake):
        main(**arguments(snakemake), code=snakemake.params.code)
