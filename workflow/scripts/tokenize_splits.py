"""Turn the texts of one variant into token ids.

In: the three splits, the added tokens, the encoder's folder. Out: a `datasets.DatasetDict` on disk
with the columns row, label, input_ids, attention_mask, unpadded, in the order of the splits; beside
it, in `tokenizer/`, the tokenizer that made it; `manifest.json`.
"""

import json
import logging
from pathlib import Path

import whosaid.environment  # noqa: F401  (before the libraries that read it)

# isort: split
import pyarrow.parquet as pq
from datasets import Dataset, DatasetDict, disable_progress_bars
from transformers import AutoConfig, AutoTokenizer, PreTrainedTokenizerBase

from whosaid.manifest import check_manifest, write_manifest
from whosaid.splits import SPLITS
from whosaid.stage import stage
from whosaid.whole import whole

logger = logging.getLogger(__name__)


def load_tokenizer(encoder: Path, added_tokens: list[str]) -> PreTrainedTokenizerBase:
    """The encoder's tokenizer with `added_tokens` as special tokens, which are never cut up.

    As special tokens they also keep their case under an uncased tokenizer.
    """
    tokenizer = AutoTokenizer.from_pretrained(encoder)
    tokenizer.add_tokens(added_tokens, special_tokens=True)
    return tokenizer


def length_limit(encoder: Path, tokenizer: PreTrainedTokenizerBase) -> int:
    """The longest sequence, in tokens, that the encoder takes.

    RoBERTa numbers its positions from the padding id + 1, so it has two more than it can use; its
    tokenizer says so, but a tokenizer may also name no limit at all.
    """
    config = AutoConfig.from_pretrained(encoder)
    offset = config.pad_token_id + 1 if config.model_type in {"roberta", "xlm-roberta"} else 0
    return min(tokenizer.model_max_length, config.max_position_embeddings - offset)


def tokenize(split: str, tokenizer: PreTrainedTokenizerBase, max_length: int) -> Dataset:
    """The rows of a split (Parquet) with token ids in place of the text, unpadded."""
    # Neither the split's path nor a fingerprint drawn at random goes into what is saved: equal
    # tokens are equal bytes, and a model trained on them is found again.
    rows = Dataset(pq.read_table(split), fingerprint="split")
    return rows.map(
        lambda batch: tokenizer(batch["text"], truncation=True, max_length=max_length),
        batched=True,
        remove_columns="text",
        keep_in_memory=True,
        new_fingerprint="tokens",
    )


def main(
    splits: dict[str, str],
    added_tokens: str,
    encoder: str,
    tokenized: str,
    max_length: int | None,
) -> None:
    """Tokenize the `splits` and save them, with the tokenizer, as the folder `tokenized`."""
    disable_progress_bars()
    folder = Path(encoder)
    check_manifest(folder)
    tokenizer = load_tokenizer(folder, json.loads(Path(added_tokens).read_text(encoding="utf-8")))
    limit = length_limit(folder, tokenizer)
    limit = limit if max_length is None else min(max_length, limit)
    dataset = DatasetDict({name: tokenize(path, tokenizer, limit) for name, path in splits.items()})
    with whole(tokenized) as partial:
        dataset.save_to_disk(partial)
        tokenizer.save_pretrained(partial / "tokenizer")
        write_manifest(partial)
    for name, rows in dataset.items():
        tokens = sum(map(len, rows["input_ids"]))
        logger.info("%s: %d rows, %.1f tokens a row", name, len(rows), tokens / len(rows))


if __name__ == "__main__":
    with stage(snakemake):
        main(
            splits={name: snakemake.input[name] for name in SPLITS},
            added_tokens=snakemake.input.added_tokens,
            encoder=snakemake.input.encoder,
            tokenized=snakemake.output.tokenized,
            **json.loads(snakemake.params.settings),
        )
