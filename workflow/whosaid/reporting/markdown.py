"""Markdown of plain texts and rows: what GitHub shows and markdown-it renders alike."""

import re

from tabulate import tabulate

MARKUP = re.compile(r"[\\`*\[\]<|~]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)")


def escaped(text: str) -> str:
    """`text` so that it is shown as it is, in a table too."""
    return MARKUP.sub(r"\\\g<0>", " ".join(text.split()))


def table(rows: list[list[str]], headers: list[str]) -> str:
    """A table of cells that are Markdown already."""
    return tabulate(rows, headers, tablefmt="pipe", disable_numparse=True)
