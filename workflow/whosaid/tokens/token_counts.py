"""Counts the tokens of a tokenized split: lengths, truncated texts, unknown and added tokens."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from datasets import Dataset
from transformers import PreTrainedTokenizerBase

from whosaid.config.column_names import CONTEXT_COLUMNS
from whosaid.tokens.context_layout import has_context, row_ids

BATCH = 1000
"""Rows that are in memory at a time."""

KEPT_TEXTS = 100
"""Texts that are named of those that became the unknown token."""


def count_tokens(
    rows: Dataset, tokenizer: PreTrainedTokenizerBase, added_tokens: Sequence[str]
) -> dict[str, Any]:
    """What the tokens of the `rows` are, as plain JSON values.

    - `rows`, `tokens`, `longest` (tokens of the longest row): as stored.
    - `truncated`: the `rows` whose text was truncated, the position of the `first` of them (or
      None), the `tokens` that they lost, and the `longest` row if none had been truncated.
    - `unknown`: how many `tokens` are the unknown one, the `rows` that hold any, and how often the
      most frequent `texts` became one.
    - `added`: how often each of the `added_tokens` occurs (`occurrences`), and how many of these
      tokens were `lost` by truncation.

    Only rows that are as long as the limit or hold an unknown token are tokenized again.
    """
    limit, unknown = tokenizer.model_max_length, tokenizer.unk_token_id
    counts, lost, texts = Counter(), Counter(), Counter()
    longest, untruncated, truncated, unknown_rows, lost_of_scenes = 0, 0, [], 0, 0
    for position, (row, ids) in enumerate(rows_and_ids(rows)):
        counts.update(ids)
        longest = max(longest, len(ids))
        untruncated = max(untruncated, len(ids))
        if row.get("lost"):
            truncated.append(position)
            untruncated = max(untruncated, len(ids) + row["lost"])
            lost_of_scenes += row["lost"]
        elif len(ids) >= limit and "lost" not in row:
            whole = whole_ids(row, tokenizer)
            if len(whole) > len(ids):
                truncated.append(position)
                untruncated = max(untruncated, len(whole))
                lost.update(Counter(whole) - Counter(ids))
        if unknown in ids:
            unknown_rows += 1
            for text in texts_of(row):
                texts.update(unknown_texts(text, tokenizer))
    ids_of_added = dict(
        zip(added_tokens, tokenizer.convert_tokens_to_ids(list(added_tokens)), strict=True)
    )
    return {
        "rows": len(rows),
        "tokens": counts.total(),
        "longest": longest,
        "truncated": {
            "rows": len(truncated),
            "first": truncated[0] if truncated else None,
            "tokens": lost.total() + lost_of_scenes,
            "longest": untruncated,
        },
        "unknown": {
            "tokens": counts[unknown],
            "rows": unknown_rows,
            "texts": dict(texts.most_common(KEPT_TEXTS)),
        },
        "added": {
            "occurrences": {token: counts[number] for token, number in ids_of_added.items()},
            "lost": sum(lost[number] for number in ids_of_added.values()),
        },
    }


def rows_and_ids(rows: Dataset) -> Iterator[tuple[dict[str, Any], list[int]]]:
    """The text and the context of each row, and its token ids."""
    if not len(rows):
        return  # such a split has no column of ids
    columns = ["text", *(name for name in (*CONTEXT_COLUMNS, "lost") if name in rows.column_names)]
    for batch in rows.select_columns([*columns, "input_ids"]).iter(BATCH):
        for place, ids in enumerate(batch["input_ids"]):
            yield {name: batch[name][place] for name in columns}, ids


def whole_ids(row: Mapping[str, Any], tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """The token ids of a row as they would be if none had been truncated."""
    if has_context([*row]):
        columns = {name: [value] for name, value in row.items()}
        return next(row_ids(columns, tokenizer, None))
    return tokenizer(row["text"], truncation=False, verbose=False)["input_ids"]


def texts_of(row: Mapping[str, Any]) -> list[str]:
    """The text of a row, and those of the lines around it."""
    return [row["text"], *row.get("before_texts", ()), *row.get("after_texts", ())]


def unknown_texts(text: str, tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """The parts of a truncated text that are unknown tokens.

    None are found with a tokenizer that does not know which part of a text a token stands for.
    """
    if not tokenizer.is_fast:
        return []
    found = tokenizer(text, truncation=True, return_offsets_mapping=True)
    tokens = zip(found["input_ids"], found["offset_mapping"], strict=True)
    return [text[start:end] for each, (start, end) in tokens if each == tokenizer.unk_token_id]
