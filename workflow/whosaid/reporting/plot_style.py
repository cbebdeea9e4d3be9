"""The style, the layout and the saving of all figures.

Sizes are in inches at 100 pixels per inch: a figure is designed for a width of 800 pixels.
"""

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from whosaid.caching.atomic import atomic_write

# Okabe and Ito's colours, which can be told apart with every kind of colour blindness.
BLACK, BLUE, ORANGE, VERMILION = "#000000", "#0072B2", "#E69F00", "#D55E00"
GREY, PALE = "#6E6E6E", "#D9D9D9"

STYLE = {
    # Texts are measured in DejaVu Sans, which comes with matplotlib, so every machine draws the
    # same. A reader without it sees a font of about the same width, or any other that is there.
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "font.size": 8.5,
    "text.parse_math": False,
    "svg.fonttype": "none",
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titley": 1.0,
    "axes.labelsize": 8.5,
    "axes.labelcolor": "#333333",
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.6,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": "#333333",
    "ytick.labelcolor": "#333333",
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "legend.borderpad": 0,
    "legend.borderaxespad": 0,
}

WIDTH = 8.0
LEFT, RIGHT, LINE = 0.7, 0.2, 0.17
"""Margins for axis labels, and the height of a line of text."""


@contextmanager
def style() -> Iterator[None]:
    """Draw in the style of the figures, whatever the user's own matplotlibrc says."""
    ours = {key: value for key, value in matplotlib.rcParamsDefault.items() if key != "backend"}
    with matplotlib.rc_context(ours | STYLE):
        yield


def save(figure: Figure, path: str) -> None:
    """Write a figure as SVG. The same drawing gives the same bytes."""
    # The salt makes ids differ between figures, so that one page can hold them all.
    with matplotlib.rc_context({"svg.hashsalt": Path(path).stem}), atomic_write(path) as partial:
        figure.savefig(partial, format="svg", metadata={"Date": None, "Creator": None})


def page(height: float, title: str, subtitle: str) -> Figure:
    """An empty figure of `height` under a title and a subtitle, which add to its height."""
    titles = _wrap(title, int(WIDTH * 10.6))
    subtitles = _wrap(subtitle, int(WIDTH * 15.6))
    head = 0.12 + (LINE + 0.05) * len(titles) + LINE * len(subtitles)
    figure = Figure(figsize=(WIDTH, height + head), dpi=100)
    top = 1 - 0.1 / (height + head)
    below = top - (LINE + 0.05) * len(titles) / (height + head)
    figure.text(0.1 / WIDTH, top, "\n".join(titles), va="top", fontsize=10.5, weight="bold")
    figure.text(0.1 / WIDTH, below, "\n".join(subtitles), va="top", color="#444444")
    return figure


def _wrap(text: str, letters: int) -> list[str]:
    """As few lines of at most `letters` characters as possible, of about equal length."""
    lines = textwrap.wrap(text, letters)
    while letters > 1 and len(narrower := textwrap.wrap(text, letters - 1)) == len(lines):
        lines, letters = narrower, letters - 1
    return lines


def panels(
    count: int,
    title: str,
    subtitle: str,
    heights: Sequence[float],
    legend_rows: int = 1,
    left: float = LEFT,
) -> tuple[Figure, list[list[Axes]]]:
    """A grid of `count` panels, each a stack of axes of the given `heights`, and room for a legend.

    Axes at the same place in their stacks share both scales. There are tick labels at the left and
    the bottom of the grid only.
    """
    columns = min(count, 3) if count != 4 else 2
    rows = -(-count // columns)
    heading, between, gap, foot = 0.48, 0.1, 0.3, 0.5
    panel = heading + sum(heights) + between * (len(heights) - 1)
    body = rows * panel + foot
    legend = LINE * legend_rows + 0.12
    figure = page(body + legend, title, subtitle)
    total = figure.get_figheight()
    inner = (WIDTH - left - RIGHT - gap * (columns - 1)) / columns
    stacks: list[list[Axes]] = []
    for number in range(count):
        row, column = divmod(number, columns)
        bottom = legend + foot + (rows - row) * panel - heading
        stack = []
        for place, height in enumerate(heights):
            bottom -= height
            box = (left + column * (inner + gap), bottom, inner, height)
            first = stacks[0][place] if stacks else None
            axes = figure.add_axes(
                [box[0] / WIDTH, box[1] / total, box[2] / WIDTH, box[3] / total],
                sharex=first or (stack[0] if stack else None),
                sharey=first,
            )
            lowest = place == len(heights) - 1 and number + columns >= count
            axes.tick_params(labelleft=column == 0, labelbottom=lowest)
            stack.append(axes)
            bottom -= between
        stacks.append(stack)
    return figure, stacks


def shorten(text: str, width: float) -> str:
    """`text`, cut if it would be wider than `width` inches in bold."""
    letters = int(width * 13)
    return text if len(text) <= letters else f"{text[: letters - 1].rstrip()}…"


def name_panel(axes: Axes, title: str, detail: str = "") -> None:
    """Write a variant's title above a panel, with a line of detail below it in grey."""
    width = axes.get_position().width * WIDTH
    axes.set_title(shorten(title, width), pad=14 if detail else 4)
    axes.annotate(
        detail,
        (0, 1),
        xytext=(0, 4),
        xycoords="axes fraction",
        textcoords="offset points",
        fontsize=7.5,
        color=GREY,
    )


def label_outside(stacks: list[list[Axes]], x: str, y: Sequence[str]) -> None:
    """Label the axes at the left and the bottom of a grid: `y` from the top of a stack down."""
    for stack in stacks:
        for axes, label in zip(stack, y, strict=True):
            if axes.yaxis.get_tick_params()["labelleft"]:
                axes.set_ylabel(label)
        if stack[-1].xaxis.get_tick_params()["labelbottom"]:
            stack[-1].set_xlabel(x)


def percent() -> FuncFormatter:
    """Tick labels of shares as percentages."""
    return FuncFormatter(lambda share, _: f"{100 * share:.4g} %")


def note(axes: Axes, text: str) -> None:
    """Write into an empty panel why it is empty."""
    axes.text(
        *(0.5, 0.5, textwrap.fill(text, 28)),
        transform=axes.transAxes,
        ha="center",
        va="center",
        color=VERMILION,
    )


def legend(figure: Figure, handles: Sequence, columns: int) -> None:
    """Put a legend below everything else."""
    figure.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(0.1 / WIDTH, 0.08 / figure.get_figheight()),
        ncols=columns,
        handlelength=1.8,
        columnspacing=1.6,
    )
