"""Let a trained model answer every row of its splits.

In: a model folder, the tokenized splits, their counts. Out: for each split a Parquet file with the
columns row, label, logit_not, logit_target, refused, one row per row of the split and in its order.
"""

import json
import logging
from pathlib import Path

import whosaid.environment  # before the libraries that read it
import whosaid.lean_transformers  # noqa: F401  (before Transformers)

# isort: split
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
import transformers
from transformers import AutoModelForSequenceClassification, AutoTokenizer, PreTrainedModel

from whosaid.device import device, resolve_precision
from whosaid.manifest import check_manifest
from whosaid.refusal import refused_logits
from whosaid.rows import Rows
from whosaid.stage import stage
from whosaid.whole import whole

logger = logging.getLogger(__name__)


@torch.inference_mode()
def predict_logits(
    model: PreTrainedModel, rows: Rows, batch_size: int, precision: str
) -> np.ndarray:
    """Logits (rows x 2, float32) in the order of `rows`; `precision` is a resolved one.

    Rows go through the model sorted by length, so that a batch needs hardly any padding.
    """
    order = rows.by_length()
    logits = np.empty((len(rows), 2), dtype=np.float32)
    for start in range(0, len(rows), batch_size):
        chosen = order[start : start + batch_size]
        batch = {name: column.to(model.device) for name, column in rows[chosen].items()}
        del batch["labels"]
        is_half = precision == "bfloat16"
        with torch.autocast(model.device.type, dtype=torch.bfloat16, enabled=is_half):
            logits[chosen] = model(**batch).logits.float().cpu().numpy()
    return logits


def main(
    model: str,
    tokenized: str,
    split_audit: str,
    outputs: dict[str, str],
    per_device_eval_batch_size: int,
    precision: str,
) -> None:
    """Write the predictions of the folder `model` on each split to the paths in `outputs`.

    Rows that the variant refuses get logits that follow from `split_audit` alone.
    """
    transformers.utils.logging.set_verbosity_error()
    check_manifest(Path(model))
    check_manifest(Path(tokenized))
    precision = resolve_precision(precision)
    classifier = AutoModelForSequenceClassification.from_pretrained(
        model, dtype=torch.float32, use_safetensors=True
    )
    classifier = classifier.to(device()).eval()
    padding = AutoTokenizer.from_pretrained(model).pad_token_id
    counts = json.loads(Path(split_audit).read_text(encoding="utf-8"))
    for name, path in outputs.items():
        rows = Rows.load(Path(tokenized) / name, padding)
        logits = np.empty((len(rows), 2), dtype=np.float32)
        logits[~rows.refused] = predict_logits(
            classifier, rows.judged(), per_device_eval_batch_size, precision
        )
        logits[rows.refused] = refused_logits(counts["refused_in_train"])
        columns = {
            "row": pa.array(rows.numbers, pa.int64()),
            "label": pa.array(rows.labels, pa.int8()),
            "logit_not": logits[:, 0],
            "logit_target": logits[:, 1],
            "refused": rows.refused,
        }
        with whole(path) as partial:
            pq.write_table(pa.table(columns), partial)
        logger.info("%s: %d rows of %s", Path(path).name, len(rows), tokenized)


if __name__ == "__main__":
    with stage(snakemake):
        main(
            model=snakemake.input.model,
            tokenized=snakemake.input.tokenized,
            split_audit=snakemake.input.split_audit,
            outputs=dict(snakemake.output),
            **json.loads(snakemake.params.settings),
        )
