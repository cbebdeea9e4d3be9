"""Predict every row of the splits of a variant with a trained model.

In: a model folder, the splits, their token ids and counts. Out: for each split its predictions
(see `whosaid.evaluation.predictions`), in the order of the split; `scores.json`, the published
metrics on each split; `runtime.json`, seconds and rows per second.
"""

import logging
from pathlib import Path

from whosaid.jobs.environment import quiet_transformers  # before the libraries that read it

# isort: split
import numpy as np
import pandas as pd
from datasets import load_from_disk
from transformers import AutoTokenizer

from whosaid.caching.json_files import read_json, write_json
from whosaid.caching.manifest import check_manifest
from whosaid.evaluation.abstention import abstention_logits
from whosaid.evaluation.prediction_files import write_split
from whosaid.jobs.stage import arguments, stage
from whosaid.reported_split import REPORTED
from whosaid.split_names import SPLITS
from whosaid.tokens.tokenized_rows import holds_scenes, numbers_of
from whosaid.training.classifier import check_token_ids
from whosaid.training.predictor import load_predictor, predict
from whosaid.training.watched_scores import score

logger = logging.getLogger(__name__)


def main(
    model: str,
    splits: list[str],
    tokenized: str,
    split_counts: str,
    predictions: list[str],
    scores: str,
    runtime: str,
    question: str,
    per_device_eval_batch_size: int,
) -> None:
    """Write the `predictions` of the folder `model` on the `splits`, and their scores and runtime.

    `splits` and `predictions` hold a path for each of SPLITS. Rows on which the variant
    abstains get logits that depend on `split_counts` alone.
    """
    quiet_transformers()
    check_manifest(Path(model))
    check_manifest(Path(tokenized))
    tokenizer = AutoTokenizer.from_pretrained(model)
    predictor = load_predictor(model, tokenizer, question, per_device_eval_batch_size)
    token_ids = load_from_disk(tokenized, keep_in_memory=True)
    counts = read_json(split_counts)
    of_abstained = abstention_logits(counts["abstained_in_train"], question == "target")
    scored, timed = {}, {}
    for name, path, target in zip(SPLITS, splits, predictions, strict=True):
        rows = pd.read_parquet(path, columns=["row", "label", "abstained"])
        abstained = rows["abstained"].to_numpy()
        check_token_ids(token_ids[name], predictor.model, f"{tokenized}/{name}")
        found, seconds, rate = predict(predictor, token_ids[name])
        logits = np.full((len(rows), len(of_abstained)), of_abstained, dtype=np.float32)
        places = np.flatnonzero(~abstained)
        if holds_scenes(token_ids[name]):  # in an order of its own
            of_split = pd.Index(rows["row"][~abstained])
            places = places[of_split.get_indexer(numbers_of(token_ids[name]))]
        logits[places] = found
        columns = (rows["row"].to_numpy(), rows["label"].to_numpy(), logits, abstained)
        decided = write_split(question, target, *columns, counts["labels"])
        scored[name] = score(question, decided, rows["label"])
        timed[name] = {"seconds": seconds, "rows_per_second": rate}
        logger.info("%s: %d rows in %.1f s, %.0f rows a second", name, len(rows), seconds, rate)
    write_json(scores, scored)
    write_json(runtime, timed)
    figures = [f"{name} {value:.4f}" for name, value in scored[REPORTED].items()]
    logger.info("%s: %s", REPORTED, ", ".join(figures))


if __name__ == "__main__":
    with stage(snakemake):
        main(**arguments(snakemake))
