"""Tokenizes the texts of a split, with the added tokens of a variant."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from datasets import ClassLabel, Dataset, Features, List, Value
from transformers import AutoConfig, AutoTokenizer, PreTrainedTokenizerBase

from whosaid.config.column_names import CONTEXT_COLUMNS
from whosaid.tokens.context_layout import has_context, row_ids
from whosaid.tokens.first_position import position_count
from whosaid.tokens.scene_layout import scene_windows

CLASSES = ("label", "speaker")
"""The columns of a split that hold a class of each row; the second is only there for some."""


def load_tokenizer(
    encoder: Path, added_tokens: Sequence[str], max_length: int | None
) -> PreTrainedTokenizerBase:
    """The encoder's tokenizer with `added_tokens`; it truncates at `max_length` or its own limit.

    They are added as special tokens, so they are never split and keep their case under an uncased
    tokenizer. The limit is `model_max_length`, which is saved with the tokenizer and the model.
    """
    tokenizer = AutoTokenizer.from_pretrained(encoder)
    tokenizer.add_tokens(list(added_tokens), special_tokens=True)
    limit = length_limit(encoder, tokenizer)
    tokenizer.model_max_length = limit if max_length is None else min(max_length, limit)
    return tokenizer


def length_limit(encoder: Path, tokenizer: PreTrainedTokenizerBase) -> int:
    """The longest sequence, in tokens, that the encoder takes.

    RoBERTa numbers its positions from the padding id + 1, so it cannot use two of them. Its own
    tokenizer has the right limit, but other tokenizers may have none.
    """
    config = AutoConfig.from_pretrained(encoder)
    return min(tokenizer.model_max_length, position_count(config))


def read_split(path: str) -> Dataset:
    """The rows of a split from its Parquet file, in memory and with their features.

    `Dataset.from_parquet` would leave an Arrow copy of each in a cache.
    """
    features = Features.from_arrow_schema(pq.read_schema(path))
    return Dataset.from_pandas(pd.read_parquet(path), features, preserve_index=False)


def tokenize(rows: Dataset, tokenizer: PreTrainedTokenizerBase, positions: int) -> Dataset:
    """The `rows` with a column `input_ids`: the token ids of `text`, truncated, unpadded.

    Rows with a context are laid out as `context_layout` says, those of scenes that are read once as
    `scene_layout` does: the rows are then windows of scenes, and the encoder has so many
    `positions`.

    Rows on which the variant abstains are left out: no model sees them. The fingerprints are fixed,
    so that equal rows make equal files.
    """

    def add_ids(batch: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
        if has_context(rows.column_names):
            return {"input_ids": list(row_ids(batch, tokenizer, tokenizer.model_max_length))}
        return tokenizer(
            batch["text"],
            truncation=True,
            return_attention_mask=False,
            return_token_type_ids=False,
        )

    judged = np.flatnonzero(~np.array(rows["abstained"], bool))
    if "scene_number" in rows.column_names:
        classes = {name: rows.features[name] for name in CLASSES if name in rows.features}
        return _scenes(rows[judged], classes, tokenizer, positions)
    # In this order, since `map` adds no column to a split without rows.
    tokenized = rows.map(add_ids, batched=True, keep_in_memory=True, new_fingerprint="all rows")
    return tokenized.select(judged, keep_in_memory=True, new_fingerprint="tokenized")


def tokenize_lines(
    rows: Mapping[str, Sequence[Any]],
    tokenizer: PreTrainedTokenizerBase,
    positions: int,
    reading: str | None,
) -> Dataset:
    """Lines that are in no split, as rows that a model can predict; nobody knows their labels.

    `rows` are columns: `text` and those of a context, for a `reading` of it. Each line is of a
    scene of its own. The encoder has so many `positions`.
    """
    texts = list(rows["text"])
    unknown = {"label": [0] * len(texts)}
    if reading == "scene":
        sides = {side: rows.get(side, [[]] * len(texts)) for side in CONTEXT_COLUMNS[:2]}
        places = range(len(texts))
        columns = {**rows, **sides, **unknown, "row": places, "scene_number": places}
        return _scenes(columns, {"label": Value("int64")}, tokenizer, positions)
    if reading == "window":
        ids = list(row_ids(rows, tokenizer, tokenizer.model_max_length))
    else:
        ids = tokenizer(texts, truncation=True, return_attention_mask=False)["input_ids"]
    return Dataset.from_dict({"input_ids": ids, **unknown})


def _scenes(
    rows: Mapping[str, Sequence[Any]],
    classes: Mapping[str, Value | ClassLabel],
    tokenizer: PreTrainedTokenizerBase,
    positions: int,
) -> Dataset:
    """The scenes of the `rows`, see `scene_windows`; `classes` are the features of a line."""
    limits = tokenizer.model_max_length, positions
    windows = scene_windows(rows, tokenizer, *limits, list(classes))
    small = List(Value("int16"))
    features = Features(
        {
            "input_ids": List(Value("int32")),
            **{"position": small, "answer_of": small, "answers": small},
            "row": List(Value("int64")),
            **{name: List(feature) for name, feature in classes.items()},
            "text": Value("string"),
            "lost": Value("int64"),
        }
    )
    columns = {name: [window[name] for window in windows] for name in features}
    found = Dataset.from_dict(columns, features)
    return found.select(range(len(found)), keep_in_memory=True, new_fingerprint="tokenized")
