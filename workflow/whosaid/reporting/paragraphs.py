"""What stands between the tables of the summary: paragraphs of one width, links to figures."""

import os
import textwrap
from pathlib import Path

WIDTH = 180
"""The width of paragraphs, about that of the tables."""


def wrapped(text: str, indent: str = "") -> str:
    """A paragraph in lines of at most WIDTH characters; `indent` starts all lines but the first."""
    return textwrap.fill(
        text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def figure_links(figures: list[str], folder: Path) -> str:
    """Links to the figures, relative to the `folder` of the page."""
    names = (Path(figure).stem.replace("_", " ") for figure in figures)
    links = (Path(os.path.relpath(figure, folder)).as_posix() for figure in figures)
    return "\n".join(f"![{name}]({link})" for name, link in zip(names, links, strict=True))
