"""Fit a linear baseline (a logistic regression) and predict every row with it.

In: the splits of a variant with their counts, `lines.parquet` for the columns besides the text.
Out: a model folder that describes itself (see `whosaid.training.linear_model`) with `training.json`
and `manifest.json`; predictions, scores and runtime as `predict_splits` writes them.
"""

import importlib.metadata
import logging
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from whosaid.caching.atomic import atomic_write
from whosaid.caching.json_files import read_json, write_json
from whosaid.caching.manifest import write_manifest
from whosaid.evaluation.abstention import abstention_logits
from whosaid.evaluation.prediction_files import write_split
from whosaid.evaluation.watched_metrics import WATCHED
from whosaid.jobs.stage import arguments, stage
from whosaid.reported_split import REPORTED
from whosaid.split_names import SPLITS
from whosaid.training.linear_model import (
    fit,
    load_model,
    predict_logits,
    read_columns,
    save_model,
)

logger = logging.getLogger(__name__)

RECORDED_PACKAGES = ("scikit-learn", "numpy", "scipy")


def main(
    splits: list[str],
    split_counts: str,
    lines: str,
    model: str,
    predictions: list[str],
    scores: str,
    runtime: str,
    question: str,
    linear: dict[str, Any],
    seed: int,
) -> None:
    """Write the folder `model`, its `predictions`, and their scores and runtime.

    `splits` and `predictions` hold a path for each of SPLITS. The `seed` is only recorded:
    nothing is random here.
    """
    tables = {name: pq.read_table(path) for name, path in zip(SPLITS, splits, strict=True)}
    columns = {
        name: read_columns(table, lines, linear["features"]) for name, table in tables.items()
    }
    counts = read_json(split_counts)
    start = time.perf_counter()
    fitted = fit(columns["train"], tables["train"]["label"].to_numpy(), linear)
    record = {
        "seed": seed,
        "device": "CPU",
        "precision": "float64",
        "seconds": time.perf_counter() - start,
        "rows": {name: table.num_rows for name, table in tables.items()},
        "history": [],
        "arguments": linear,
        "versions": {name: importlib.metadata.version(name) for name in RECORDED_PACKAGES},
    }
    with atomic_write(model) as partial:
        partial.mkdir()
        save_model(fitted, partial, counts["labels"])
        write_json(partial / "training.json", record)
        write_manifest(partial, key=None)  # the store holds no copy
    of_abstained = abstention_logits(counts["abstained_in_train"], question == "target")
    # The stored model predicts, which proves that the folder is complete.
    stored = load_model(Path(model))
    scored, timed = {}, {}
    for (name, table), path in zip(tables.items(), predictions, strict=True):
        start = time.perf_counter()
        abstained, label = table["abstained"].to_numpy(), table["label"].to_numpy()
        logits = predict_logits(stored, columns[name], abstained, of_abstained)
        seconds = time.perf_counter() - start
        row = table["row"].to_numpy()
        decided = write_split(question, path, row, label, logits, abstained, counts["labels"])
        # The metrics of `watched_scores`, without importing `evaluate` and PyTorch.
        scored[name] = {
            metric.name: float(metric.score(label, decided)) for metric in WATCHED[question]
        }
        timed[name] = {"seconds": seconds, "rows_per_second": len(label) / seconds}
        logger.info("%s: %d rows", name, len(label))
    write_json(scores, scored)
    write_json(runtime, timed)
    figures = [f"{name} {value:.4f}" for name, value in scored[REPORTED].items()]
    logger.info("%s: %s", REPORTED, ", ".join(figures))


if __name__ == "__main__":
    with stage(snakemake):
        main(**arguments(snakemake))
