"""Show what a model reads of the lines of one variant: token ids, tokens, what was truncated.

In: the tokenized splits with their tokenizer, the added tokens. Out: a page with a few rows of each
split and totals, and the totals as JSON.
"""

import logging
from pathlib import Path

import whosaid.jobs.environment  # noqa: F401  (before the libraries that read it)

# isort: split
from datasets import Dataset, load_from_disk
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from whosaid.caching.atomic import atomic_write
from whosaid.caching.json_files import read_json, write_json
from whosaid.caching.manifest import check_manifest
from whosaid.jobs.stage import arguments, stage
from whosaid.reporting.token_page import Example, shown_positions, token_page
from whosaid.split_names import SPLITS
from whosaid.tokens.token_counts import count_tokens, whole_ids
from whosaid.tokens.tokenized_rows import holds_scenes, label_names, labels_of, numbers_of

logger = logging.getLogger(__name__)


def example(rows: Dataset, position: int, tokenizer: PreTrainedTokenizerBase) -> Example:
    """The row at a position of a split, with its tokens."""
    row = rows[position]
    ids = row["input_ids"]
    names, only = label_names(rows), rows.select([position])
    return Example(
        row=", ".join(map(str, numbers_of(only))),
        text=row["text"],
        label=", ".join(names[label] for label in labels_of(only)),
        ids=ids,
        tokens=tokenizer.convert_ids_to_tokens(ids),
        attention_mask=tokenizer.pad({"input_ids": ids})["attention_mask"],
        lost=row["lost"] if holds_scenes(rows) else len(whole_ids(row, tokenizer)) - len(ids),
    )


def main(
    tokenized: str,
    added_tokens: str,
    page: str,
    counts: str,
    experiment: str,
    variant: str,
    title: str,
) -> None:
    """Write the `page` about the folder `tokenized`, and the totals to `counts`."""
    check_manifest(Path(tokenized))
    tokenizer = AutoTokenizer.from_pretrained(Path(tokenized) / "tokenizer")
    splits, added = load_from_disk(tokenized), read_json(added_tokens)
    found = {
        "experiment": experiment,
        "variant": variant,
        "tokenizer": type(tokenizer).__name__,
        "vocabulary": len(tokenizer),
        "limit": tokenizer.model_max_length,
        "splits": {name: count_tokens(splits[name], tokenizer, added) for name in SPLITS},
    }
    examples = {
        name: [example(splits[name], each, tokenizer) for each in shown_positions(facts)]
        for name, facts in found["splits"].items()
    }
    with atomic_write(page) as partial:
        partial.write_text(token_page(title, found, examples), encoding="utf-8")
    write_json(counts, found)
    logger.info(
        "%s: %s", page, ", ".join(f"{n} {f['tokens']:,} tokens" for n, f in found["splits"].items())
    )


if __name__ == "__main__":
    with stage(snakemake):
        main(**arguments(snakemake))
