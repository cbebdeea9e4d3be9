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

import numpy as np
import pyarrow.parquet as pq

from whosaid.caching.atomic import atomic_write
from whosaid.caching.json_files import read_json, write_json
from whosaid.caching.manifest import write_manifest
from whosaid.corpus.label_names import label_names
from whosaid.evaluation.abstention import abstention_logits
from whosaid.evaluation.predictions import decide, write_predictions
from whosaid.evaluation.published_metrics import PUBLISHED_METRICS
from whosaid.jobs.stage import arguments, stage
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
    target_speaker: str,
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
        save_model(fitted, partial, label_names(target_speaker))
        write_json(partial / "training.json", record)
        write_manifest(partial, key=None)  # the store holds no copy
    of_abstained = abstention_logits(read_json(split_counts)["abstained_in_train"])
    # The stored model predicts, which proves that the folder is complete.
    stored = load_model(Path(model))
    scored, timed = {}, {}
    for (name, table), path in zip(tables.items(), predictions, strict=True):
        start = time.perf_counter()
        abstained, label = table["abstained"].to_numpy(), table["label"].to_numpy()
        logits = predict_logits(stored, columns[name], abstained, of_abstained)
        seconds = time.perf_counter() - start
        write_predictions(path, table["row"].to_numpy(), label, logits, abstained)
        # The metrics of `published_scores`, without importing `evaluate` and PyTorch.
        decisions = decide(logits, abstained)
        scored[name] = {
            metric.name: float(metric.score(label, decisions.astype(np.int64)))
            for metric in PUBLISHED_METRICS
        }
        timed[name] = {"seconds": seconds, "rows_per_second": len(label) / seconds}
        logger.info("%s: %d rows", name, len(label))
    write_json(scores, scored)
    write_json(runtime, timed)


if __name__ == "__main__":
    with stage(snakemake):
        main(**arguments(snakemake))
