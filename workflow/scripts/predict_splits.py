"""Let a trained model answer every row of its splits.

In: a model folder, the tokenized splits. Out: for each split a Parquet file with the columns row,
label, logit_not, logit_target, one row per row of the split and in its order.
"""

import json
import logging
import tempfile
from pathlib import Path

import whosaid.environment  # noqa: F401  (before the libraries that read it)

# isort: split
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import transformers
from datasets import Dataset, load_from_disk
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    Trainer,
    TrainingArguments,
)

from whosaid.device import device_arguments, resolve_precision
from whosaid.manifest import check_manifest
from whosaid.stage import stage
from whosaid.whole import whole

logger = logging.getLogger(__name__)


def predict_logits(trainer: Trainer, rows: Dataset) -> np.ndarray:
    """Logits (rows x 2, float32) in the order of `rows`.

    Rows go through the model sorted by length, so that a batch needs hardly any padding.
    """
    order = np.argsort([len(ids) for ids in rows["input_ids"]], kind="stable")
    logits = np.empty((len(rows), 2), dtype=np.float32)
    logits[order] = trainer.predict(rows.select(order)).predictions
    return logits


def main(
    model: str,
    tokenized: str,
    outputs: dict[str, str],
    per_device_eval_batch_size: int,
    precision: str,
) -> None:
    """Write the predictions of the folder `model` on each split to the paths in `outputs`."""
    transformers.utils.logging.set_verbosity_error()
    check_manifest(Path(model))
    check_manifest(Path(tokenized))
    dataset = load_from_disk(tokenized)
    with tempfile.TemporaryDirectory() as unused:
        trainer = Trainer(
            model=AutoModelForSequenceClassification.from_pretrained(model, use_safetensors=True),
            args=TrainingArguments(
                output_dir=unused,
                per_device_eval_batch_size=per_device_eval_batch_size,
                report_to="none",
                **device_arguments(resolve_precision(precision)),
            ),
            processing_class=AutoTokenizer.from_pretrained(model),
        )
        for name, path in outputs.items():
            rows = dataset[name]
            logits = predict_logits(trainer, rows)
            columns = {
                "row": pa.array(rows["row"][:], pa.int64()),
                "label": pa.array(rows["label"][:], pa.int8()),
                "logit_not": logits[:, 0],
                "logit_target": logits[:, 1],
            }
            with whole(path) as partial:
                pq.write_table(pa.table(columns), partial)
            logger.info("%s: %d rows of %s", Path(path).name, len(rows), tokenized)


if __name__ == "__main__":
    with stage(snakemake):
        main(
            model=snakemake.input.model,
            tokenized=snakemake.input.tokenized,
            outputs=dict(snakemake.output),
            **json.loads(snakemake.params.settings),
        )
