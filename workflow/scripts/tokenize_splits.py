"""Turn the texts of one variant into token ids.

In: the three splits, the added tokens, the encoder's folder. Out: a `datasets.DatasetDict` on disk
with the columns row, label, refused, input_ids, attention_mask, unpadded, in the order of the
splits; beside it, in `tokenizer/`, the tokenizer that made it; `manifest.json`.
"""

import json
import logging
import os
from collections.abc import Iterator
from itertools import accumulate, chain
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

import whosaid.environment  # before the libraries that read it

# isort: split
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import whosaid.lean_arrow
import whosaid.model_list  # noqa: F401
from whosaid.arrow_dataset import write_dataset_dict
from whosaid.hidden import hidden
from whosaid.manifest import check_manifest, write_manifest
from whosaid.splits import SPLITS
from whosaid.stage import stage
from whosaid.whole import whole

if TYPE_CHECKING:  # imported where it is used, once PyTorch is out of its sight
    from transformers import PreTrainedTokenizerBase

logger = logging.getLogger(__name__)

# The tokenizer keeps far more of a row than its ids until the ids are taken.
ROWS_PER_BATCH = 10_000

COLUMNS = {
    "input_ids": ("ids", pa.int32()),
    "token_type_ids": ("type_ids", pa.int8()),
    "attention_mask": ("attention_mask", pa.int8()),
}
"""What models take, where the tokenizer keeps it, and its type."""


def load_tokenizer(encoder: Path, added_tokens: list[str]) -> "PreTrainedTokenizerBase":
    """The encoder's tokenizer with `added_tokens` as special tokens, which are never cut up.

    As special tokens they also keep their case under an uncased tokenizer.
    """
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(encoder)
    tokenizer.add_tokens(added_tokens, special_tokens=True)
    return tokenizer


def length_limit(encoder: Path, tokenizer: "PreTrainedTokenizerBase") -> int:
    """The longest sequence, in tokens, that the encoder takes.

    RoBERTa numbers its positions from the padding id + 1, so it has two more than it can use; its
    tokenizer says so, but a tokenizer may also name no limit at all.
    """
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(encoder)
    offset = config.pad_token_id + 1 if config.model_type in {"roberta", "xlm-roberta"} else 0
    return min(tokenizer.model_max_length, config.max_position_embeddings - offset)


def tokenize(
    split: str, tokenizer: "PreTrainedTokenizerBase", max_length: int
) -> Iterator[pa.RecordBatch]:
    """The rows of a split (Parquet) with token ids in place of the text, unpadded.

    The ids are those of calling the tokenizer; asked directly, what does its work is spared the
    making of a Python list for each row.
    """
    backend = tokenizer.backend_tokenizer
    backend.enable_truncation(max_length, direction=tokenizer.truncation_side)
    backend.no_padding()
    names = [name for name in COLUMNS if name in tokenizer.model_input_names]
    lengths = []
    for rows in pq.ParquetFile(split).iter_batches(ROWS_PER_BATCH):
        encodings = backend.encode_batch_fast(rows["text"].to_pylist())
        lengths += map(len, encodings)
        columns = {name: rows[name] for name in rows.schema.names if name != "text"}
        columns |= {name: to_lists(encodings, *COLUMNS[name]) for name in names}
        yield pa.record_batch(columns)
    logger.info("%s: %d rows, %.1f tokens a row", split, len(lengths), fmean(lengths))


def to_lists(encodings: list, attribute: str, dtype: pa.DataType) -> pa.ListArray:
    """One attribute of each encoding, as a list a row."""
    offsets = pa.array(accumulate(map(len, encodings), initial=0), pa.int32())
    values = chain.from_iterable(getattr(encoding, attribute) for encoding in encodings)
    # By way of NumPy this is several times as fast.
    numbers = np.fromiter(values, dtype.to_pandas_dtype(), offsets[-1].as_py())
    return pa.ListArray.from_arrays(offsets, pa.array(numbers))


def main(
    splits: dict[str, str],
    added_tokens: str,
    encoder: str,
    tokenized: str,
    max_length: int | None,
    threads: int = 1,
) -> None:
    """Tokenize the `splits` and save them, with the tokenizer, as the folder `tokenized`."""
    os.environ.setdefault("RAYON_NUM_THREADS", str(threads))  # the tokenizer's
    folder = Path(encoder)
    check_manifest(folder)
    tokenizer = load_tokenizer(folder, json.loads(Path(added_tokens).read_text(encoding="utf-8")))
    limit = length_limit(folder, tokenizer)
    limit = limit if max_length is None else min(max_length, limit)
    with whole(tokenized) as partial:
        write_dataset_dict(
            partial, {name: tokenize(path, tokenizer, limit) for name, path in splits.items()}
        )
        tokenizer.save_pretrained(partial / "tokenizer")
        write_manifest(partial)


if __name__ == "__main__":
    # Tokenizers do without these; PyTorch takes a second to import.
    os.environ["TRANSFORMERS_NO_ADVISORY_WARNINGS"] = "1"
    with hidden("torch", "PIL", "jinja2"), stage(snakemake):
        main(
            splits={name: snakemake.input[name] for name in SPLITS},
            added_tokens=snakemake.input.added_tokens,
            encoder=snakemake.input.encoder,
            tokenized=snakemake.output.tokenized,
            threads=snakemake.threads,
            **json.loads(snakemake.params.settings),
        )
