"""The style of all figures, their panels and legends, and how they are saved.

Sizes are in inches of 96 pixels, as a browser shows them: WIDTH fits a page of 1,200 pixels.
"""

import textwrap
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from whosaid.caching.atomic import atomic_write

# Okabe and Ito's colours, which can be told apart with every kind of colour blindness.
BLACK, BLUE, ORANGE, VERMILION = "#000000", "#0072B2", "#E69F00", "#D55E00"
GREY, PALE = "#6E6E6E", "#D9D9D9"

WIDTH = 12.0
PERCENT = PercentFormatter(1, symbol=" %")
STYLE = {
    "text.parse_math": False,
    "svg.fonttype": "none",
    "figure.titleweight": "bold",
    "figure.constrained_layout.w_pad": 0.08,
    "figure.constrained_layout.h_pad": 0.08,
    "axes.titlesize": "medium",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#E6E6E6",
    "legend.frameon": False,
}


def style() -> AbstractContextManager[None]:
    """Draw in the style of the figures, whatever the user's own matplotlibrc says."""
    return matplotlib.style.context(["default", STYLE])


def save(figure: Figure, path: str) -> None:
    """Write a figure as SVG. The same drawing gives the same bytes."""
    # The salt makes ids differ between figures, so that one page can hold them all.
    with matplotlib.rc_context({"svg.hashsalt": Path(path).stem}), atomic_write(path) as partial:
        figure.savefig(partial, format="svg", metadata={"Date": None, "Creator": None})


def panels(
    title: str, headings: Sequence[str], x: str, y: str, height: float = 2.9
) -> tuple[Figure, list[Axes]]:
    """A titled figure, and a panel of about `height` inches under each of the `headings`.

    All panels share both scales. Their labels, `x` and `y`, are at the bottom and the left only.
    """
    columns = min(len(headings), 4)
    rows = -(-len(headings) // columns)
    figure = Figure((WIDTH, 1.4 + height * rows), layout="constrained")
    figure.suptitle(textwrap.fill(title, 100))
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
    for axes in grid[len(headings) :]:
        axes.remove()
    grid = list(grid[: len(headings)])
    for number, (axes, heading) in enumerate(zip(grid, headings, strict=True)):
        axes.set(title=heading, ylabel="" if number % columns else y)
    for axes in grid[-columns:]:
        axes.set_xlabel(fit(x, 90, 30))
        axes.tick_params(labelbottom=True)
    return figure, grid


def fit(text: str, most: int, letters: int = 100) -> str:
    """`text`, cut after `most` letters, in lines of at most `letters`."""
    return textwrap.fill(text if len(text) <= most else f"{text[: most - 1]}…", letters)


def legend(figure: Figure, title: str, columns: int = 4) -> Figure:
    """The figure, with what each label in its panels stands for below them, under a title."""
    found = [axes.get_legend_handles_labels() for axes in figure.axes]
    handles = {label: handle for pair in found for handle, label in zip(*pair, strict=True)}
    place = {"loc": "outside lower left", "alignment": "left", "ncols": columns}
    figure.legend(handles.values(), handles, title=textwrap.fill(title, 130), **place)
    return figure
