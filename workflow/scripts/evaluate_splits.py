"""Turn the predictions of one variant on one split into metrics.

In: the predictions of each seed. Out: a JSON file with the counts, the means of the metrics over
the seeds, the metrics of each seed, and those of the two trivial classifiers on the same rows.
"""

import json
import logging
from pathlib import Path
from statistics import fmean

import whosaid.environment  # noqa: F401  (before the libraries that read it)

# isort: split
import numpy as np
import pandas as pd

from whosaid.metrics import classification_metrics, cross_entropy
from whosaid.stage import stage
from whosaid.whole import write_json

logger = logging.getLogger(__name__)


def evaluate_predictions(predictions: pd.DataFrame) -> dict[str, float]:
    """Metrics of the class with the larger logit, and the cross-entropy in nats."""
    logits = predictions[["logit_not", "logit_target"]].to_numpy(np.float64)
    labels = predictions["label"].to_numpy()
    metrics = classification_metrics(predictions=logits.argmax(axis=1), references=labels)
    return metrics | {"loss": cross_entropy(logits, labels)}


def main(
    predictions: list[str],
    metrics: str,
    experiment: str,
    variant: str,
    split: str,
    seeds: list[int],
) -> None:
    """Write the metrics of the `predictions`, one file per seed, to the path `metrics`."""
    frames = [pd.read_parquet(path) for path in predictions]
    labels = frames[0]["label"].to_numpy()
    by_seed = {
        str(seed): evaluate_predictions(frame) for seed, frame in zip(seeds, frames, strict=True)
    }
    names = next(iter(by_seed.values()))
    result = {
        "experiment": experiment,
        "variant": variant,
        "split": split,
        "rows": len(labels),
        "positives": int(labels.sum()),
        "metrics": {name: fmean(each[name] for each in by_seed.values()) for name in names},
        "seeds": by_seed,
        "trivial": {
            "never": classification_metrics(np.zeros_like(labels), labels),
            "always": classification_metrics(np.ones_like(labels), labels),
        },
    }
    write_json(metrics, result)
    logger.info("%s: %s", Path(metrics).name, result["metrics"])


if __name__ == "__main__":
    with stage(snakemake):
        main(
            predictions=list(snakemake.input),
            metrics=snakemake.output.metrics,
            **json.loads(snakemake.params.settings),
        )
