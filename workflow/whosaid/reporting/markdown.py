"""Markdown from plain texts and rows, which GitHub and markdown-it render alike."""

import re

from tabulate import tabulate

MARKUP = re.compile(r"[\\`*\[\]<|~]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)")


def escaped(text: str) -> str:
    """`text` with its markup characters escaped, so that it is shown as it is, also in a table."""
    return MARKUP.sub(r"\\\g<0>", " ".join(text.split()))


def code(text: str) -> str:
    """`text` as a code span, which shows it as it is; not for a table, where a | would end it."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence, blank = "`" * (longest + 1), " " if longest else ""
    return f"{fence}{blank}{text}{blank}{fence}"


def table(rows: list[list[str]], headers: list[str]) -> str:
    """A table whose cells are already Markdown.

    Raises ValueError if a row has more or fewer cells than there are headers.
    """
    for row in rows:
        if len(row) != len(headers):
            raise ValueError(f"{len(row)} cells under {len(headers)} headers: {row}")
    return tabulate(rows, headers, tablefmt="pipe", disable_numparse=True)
