"""Markdown from plain texts and rows, which GitHub and markdown-it render alike."""

import re

from tabulate import tabulate

MARKUP = re.compile(r"[\\`*\[\]<|~]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)")


def escaped(text: str) -> str:
    """`text` with its markup characters escaped, so that it is shown as it is, also in a table."""
    return MARKUP.sub(r"\\\g<0>", " ".join(text.split()))


def table(rows: list[list[str]], headers: list[str]) -> str:
    """A table whose cells are already Markdown.

    Raises ValueError if a row has more or fewer cells than there are headers.
    """
    for row in rows:
        if len(row) != len(headers):
            raise ValueError(f"{len(row)} cells under {len(headers)} headers: {row}")
    return tabulate(rows, headers, tablefmt="pipe", disable_numparse=True)
