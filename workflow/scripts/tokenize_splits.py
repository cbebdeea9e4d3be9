"""Turn the texts of one variant into token ids.

In: the three splits, the added tokens, the encoder's folder. Out: a `datasets.DatasetDict` on disk
with the columns row, text, label, abstained and input_ids (unpadded). Rows are in the order of the
splits; those on which the variant abstains are left out. The same folder holds the tokenizer, in
`tokenizer/`, and `manifest.json`.
"""

import logging
import os
from pathlib import Path
from statistics import fmean

import whosaid.jobs.environment  # noqa: F401  (before the libraries that read it)

# isort: split
from datasets import DatasetDict, disable_progress_bars
from transformers import AutoConfig

from whosaid.caching.atomic import atomic_write
from whosaid.caching.json_files import read_json
from whosaid.caching.manifest import check_manifest, write_manifest
from whosaid.jobs.stage import arguments, stage
from whosaid.split_names import SPLITS
from whosaid.tokens.first_position import position_count
from whosaid.tokens.tokenize_texts import load_tokenizer, read_split, tokenize

logger = logging.getLogger(__name__)


def main(
    splits: list[str],
    added_tokens: str,
    encoder: str,
    tokenized: str,
    max_length: int | None,
    threads: int = 1,
) -> None:
    """Save the rows of the `splits`, a path for each of SPLITS, as token ids in `tokenized`.

    The tokenizer is saved with them.
    """
    os.environ.setdefault("RAYON_NUM_THREADS", str(threads))  # threads of the tokenizer
    disable_progress_bars()
    check_manifest(Path(encoder))
    tokenizer = load_tokenizer(Path(encoder), read_json(added_tokens), max_length)
    positions = position_count(AutoConfig.from_pretrained(encoder))
    rows = DatasetDict(
        {
            name: tokenize(read_split(path), tokenizer, positions)
            for name, path in zip(SPLITS, splits, strict=True)
        }
    )
    lengths = [len(ids) for split in rows.values() for ids in split["input_ids"]]
    logger.info("%d rows, %.1f tokens a row", len(lengths), fmean(lengths) if lengths else 0.0)
    with atomic_write(tokenized) as partial:
        # One file per split, since none would be written for a split without rows.
        rows.save_to_disk(partial, num_shards=dict.fromkeys(rows, 1))
        tokenizer.save_pretrained(partial / "tokenizer")
        write_manifest(partial)


if __name__ == "__main__":
    with stage(snakemake):
        main(**arguments(snakemake), threads=snakemake.threads)
