"""Lays out a line and its context as the token ids of one row.

    [CLS] scene_names [SEP] lines before [SEP] the line itself [SEP] lines after [SEP]

`scene_names` with its [SEP] is there only where the recipe asks for it. The name of a line's
speaker stands before the line, as a token of its own. So the line itself is always the one between
the same two [SEP]. CLS and SEP are the tokenizer's own tokens of that kind.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from transformers import PreTrainedTokenizerBase

from whosaid.config.column_names import CONTEXT_COLUMNS
from whosaid.corpus.name_tags import name_tag
from whosaid.errors import InputError

Ids = list[int]

FEWEST_OWN = 2
"""So many tokens of a line are kept at the least, however many names its scene has."""


def has_context(columns: Sequence[str]) -> bool:
    """Whether rows with these columns have a context."""
    return any(name in columns for name in CONTEXT_COLUMNS)


def row_ids(
    rows: Mapping[str, Sequence[Any]], tokenizer: PreTrainedTokenizerBase, limit: int | None
) -> Iterator[Ids]:
    """The token ids of each of the `rows`, columns of a split, at most `limit` each.

    What does not fit is cut from the far ends of the context, equally from both while both have
    any; then from the names of the scene; last from the end of the line. Raises InputError if the
    tokenizer has no CLS or SEP token.
    """
    first, border = tokenizer.cls_token_id, tokenizer.sep_token_id
    if first is None or border is None:
        raise InputError(
            f"{type(tokenizer).__name__} has no CLS and SEP tokens, by which a line is told from "
            "its context; choose an encoder that has both, or set context to null"
        )
    of_text = _texts_to_ids(rows, tokenizer)
    for place, text in enumerate(rows["text"]):
        names, before, after = _context_of(rows, place, of_text, tokenizer)
        own = of_text[text]
        if limit is not None:
            room = limit - 4 - bool(names)
            names = names[: max(0, room - FEWEST_OWN)]
            own = own[: room - len(names)]
            before, after = _nearest(before, after, room - len(names) - len(own))
        ids = [first, *names, border] if names else [first]
        yield [*ids, *before, border, *own, border, *after, border]


def _texts_to_ids(
    rows: Mapping[str, Sequence[Any]], tokenizer: PreTrainedTokenizerBase
) -> dict[str, Ids]:
    """The ids of each text of the rows and their context, without those that frame a row."""
    texts = dict.fromkeys(rows["text"])
    for side in ("before_texts", "after_texts"):
        texts |= dict.fromkeys(line for lines in rows.get(side, ()) for line in lines)
    ids = tokenizer(
        list(texts), add_special_tokens=False, return_attention_mask=False, verbose=False
    )["input_ids"]
    return dict(zip(texts, ids, strict=True))


def _context_of(
    rows: Mapping[str, Sequence[Any]],
    place: int,
    of_text: Mapping[str, Ids],
    tokenizer: PreTrainedTokenizerBase,
) -> tuple[Ids, Ids, Ids]:
    """The ids of the scene's names, of the lines before and of those after, for one row."""
    found = {name: rows[name][place] for name in CONTEXT_COLUMNS if name in rows}

    def tags(names: Sequence[str]) -> Ids:
        return tokenizer.convert_tokens_to_ids([name_tag(name) for name in names])

    def lines(side: str) -> Ids:
        names, texts = found.get(f"{side}_names"), found.get(f"{side}_texts")
        of_names = [[tag] for tag in tags(names)] if names is not None else None
        of_texts = [of_text[text] for text in texts] if texts is not None else None
        if of_names is None or of_texts is None:
            parts = of_names or of_texts or []
        else:
            parts = [name + text for name, text in zip(of_names, of_texts, strict=True)]
        return [token for part in parts for token in part]

    return tags(found.get("scene_names", ())), lines("before"), lines("after")


def _nearest(before: Ids, after: Ids, room: int) -> tuple[Ids, Ids]:
    """The end of `before` and the start of `after` that fit into `room` tokens together."""
    half = room // 2
    for_before = min(len(before), max(half, room - len(after)))
    for_after = min(len(after), room - for_before)
    return before[len(before) - for_before :], after[:for_after]
