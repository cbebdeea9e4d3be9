"""What a model reads of the lines of a variant, as a page: rows with their tokens, and totals."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from whosaid.reporting.formats import COUNT, UNDEFINED, rendered
from whosaid.reporting.markdown import code, escaped, table

SHOWN_ROWS = 3
MOST_FREQUENT = 10

TOTALS = ("rows", "truncated", "tokens", "mean", "longest", "unknown", "added")
"""The columns of the totals."""

LEGEND = """\
*rows*: those on which the variant abstains are left out, no model reads them. *truncated*: rows
that were longer than the limit, and the tokens that they lost. *longest*: after truncation, and
before it where that differs. *unknown*: tokens that stand for a text which the tokenizer does not
know, and the rows that hold any. *added*: tokens that the variant adds, and how many were lost by
truncation."""


class Example(NamedTuple):
    """A row with its tokens; `lost` is the number of tokens that were truncated.

    `row` is its number in the corpus; a window of a scene has several, and as many labels.
    """

    row: str
    text: str
    label: str
    ids: Sequence[int]
    tokens: Sequence[str]
    attention_mask: Sequence[int]
    lost: int


def shown_positions(facts: Mapping[str, Any]) -> list[int]:
    """The positions of the rows of a split that a page shows.

    These are the first ones. If none of them is truncated, the last one makes place for the first
    row that is. `facts` are those of `count_tokens`.
    """
    positions, first = list(range(min(SHOWN_ROWS, facts["rows"]))), facts["truncated"]["first"]
    return positions if first is None or first in positions else [*positions[:-1], first]


def token_page(
    title: str, found: Mapping[str, Any], examples: Mapping[str, Sequence[Example]]
) -> str:
    """The page, as Markdown.

    `found` is what the stage writes as JSON: the tokenizer and, under `splits`, the facts of each
    split. `examples` are rows of each split.
    """
    splits = found["splits"]
    parts = [
        f"# {escaped(title)}: what the model reads",
        f"{escaped(found['tokenizer'])} has {found['vocabulary']:,} tokens and truncates a text at "
        f"{found['limit']:,}. Rows are stored without padding, so every attention mask is all "
        "ones. `Ġ` stands for a blank before a word, `##` for the middle of a word.",
        table([totals_row(name, facts) for name, facts in splits.items()], ["split", *TOTALS]),
        LEGEND,
        "## Unknown tokens",
        unknown_tokens(splits),
        "## Added tokens",
        added_tokens(splits),
        *(f"## Rows of {name}\n\n{rows_of(examples[name])}" for name in splits),
    ]
    return "\n\n".join(parts) + "\n"


def totals_table(variants: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """The totals of several variants, each with its title: a row for each of their splits."""
    rows = [
        [escaped(title), *totals_row(name, facts)]
        for title, found in variants
        for name, facts in found["splits"].items()
    ]
    return table(rows, ["variant", "split", *TOTALS])


def totals_row(split: str, facts: Mapping[str, Any]) -> list[str]:
    """The cells of one split."""
    rows, tokens, truncated = facts["rows"], facts["tokens"], facts["truncated"]
    longest = f"{facts['longest']:,}"
    if truncated["rows"]:
        longest += f" of {truncated['longest']:,}"
    unknown, added = facts["unknown"], sum(facts["added"]["occurrences"].values())
    lost = facts["added"]["lost"]
    return [
        split,
        format(rows, COUNT),
        f"{truncated['rows']:,} (-{truncated['tokens']:,} tokens)" if truncated["rows"] else "0",
        format(tokens, COUNT),
        rendered(tokens / rows if rows else None, ".1f"),
        longest,
        f"{unknown['tokens']:,} in {unknown['rows']:,} rows" if unknown["rows"] else "0",
        f"{added:,} (-{lost:,})" if lost else f"{added:,}",
    ]


def unknown_tokens(splits: Mapping[str, Mapping[str, Any]]) -> str:
    """The texts that most often became the unknown token."""
    texts = {name: Counter(facts["unknown"]["texts"]) for name, facts in splits.items()}
    if not any(facts["unknown"]["tokens"] for facts in splits.values()):
        return "There are none."
    return counted(texts, "text") if any(texts.values()) else "The tokenizer cannot say of what."


def added_tokens(splits: Mapping[str, Mapping[str, Any]]) -> str:
    """The added tokens that occur most often, and those that no model can have learned."""
    occurrences = {n: Counter(facts["added"]["occurrences"]) for n, facts in splits.items()}
    of_train = occurrences["train"]
    if not of_train:
        return "The variant adds none."
    unlearned = [token for token, number in of_train.items() if not number]
    seen = [t for t in unlearned if any(of[t] for of in occurrences.values())]
    learned = (
        f"{len(unlearned):,} of them never occur in train" if unlearned else "All occur in train"
    )
    but = f", though {', '.join(map(code, seen))} in test or valid" if seen else ""
    return f"The variant adds {len(of_train):,}. {learned}{but}.\n\n{counted(occurrences, 'token')}"


def counted(of_splits: Mapping[str, Counter[str]], header: str) -> str:
    """The most frequent keys of all splits together, with their number in each split."""
    most = sum(of_splits.values(), Counter()).most_common(MOST_FREQUENT)
    rows = [
        [escaped(text) or UNDEFINED, *(f"{of[text]:,}" for of in of_splits.values())]
        for text, _ in most
    ]
    return table(rows, [header, *of_splits])


def rows_of(examples: Sequence[Example]) -> str:
    """Each row as a list: its text, label, tokens, ids and mask."""
    if not examples:
        return "There are none."
    return "\n\n".join(
        "\n".join(
            [
                f"Row {each.row}, {escaped(each.label)}, {len(each.ids):,} tokens"
                + (f", truncated: {each.lost:,} more are lost" if each.lost else "")
                + ":\n",
                f"- text: {escaped(each.text)}",
                f"- tokens: {' '.join(map(code, each.tokens))}",
                f"- ids: {' '.join(map(str, each.ids))}",
                f"- attention mask: {' '.join(map(str, each.attention_mask))}",
            ]
        )
        for each in examples
    )
