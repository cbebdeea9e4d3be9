"""Figures about lines: who is confused with the target, and how long the lines are."""

import json
from statistics import fmean

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from whosaid.evaluation import curves
from whosaid.reporting import plot_style
from whosaid.reporting.figure_data import Experiment, Variant
from whosaid.reporting.plot_style import BLUE, GREY, ORANGE, PALE, VERMILION

MOST_WORDS = 100
"""The last bar of the histogram starts here or earlier, and pools all longer lines."""


def confusion_by_speaker(experiment: Experiment) -> Figure:
    """The share of each speaker's lines that a variant predicts as the target's."""
    slices = experiment.slices["variants"]
    rates: dict[str, list[float]] = {}
    for of_variant in slices.values():
        for each in of_variant["mistaken_speaker"]:
            rates.setdefault(each["slice"], []).append(each["rate"])
    speakers = sorted(rates, key=lambda speaker: (-fmean(rates[speaker]), speaker))
    names = [experiment.target, *(plot_style.shorten(speaker, 1.3) for speaker in speakers)]
    figure, stacks = plot_style.panels(
        len(experiment.variants),
        f"Test split: whose lines are taken for {experiment.target}'s",
        f"Share of each speaker's lines that are predicted as {experiment.target}'s, with "
        f"{experiment.confidence} intervals; threshold one half; speakers in the order of their "
        "mean over the variants.",
        heights=[0.3 + 0.17 * len(names)],
        left=0.35 + 0.075 * max(map(len, names)),
    )
    for variant, [axes] in zip(experiment.variants, stacks, strict=True):
        plot_style.name_panel(axes, variant.title, variant.size)
        of_variant = slices[variant.name]
        shown = [
            (1 + speakers.index(each["slice"]), each["rate"], each["interval"], BLUE)
            for each in of_variant["mistaken_speaker"]
        ]
        missed = of_variant["missed"]
        if missed["rate"] is not None:
            found = [1 - end for end in reversed(missed["interval"])]
            shown.append((0, 1 - missed["rate"], found, ORANGE))
        for y, rate, interval, color in shown:
            axes.hlines(y, *interval, color=color, linewidth=1.4)
            axes.plot(rate, y, "o", color=color, markersize=4)
        rows = sum(each["rows"] for each in of_variant["mistaken_speaker"])
        if rows:
            mistaken = sum(each["count"] for each in of_variant["mistaken_speaker"])
            axes.axvline(mistaken / rows, color=GREY, linewidth=1, linestyle="--")
        axes.xaxis.set_major_formatter(plot_style.percent())
    stacks[0][0].set(xlim=(0, None), ylim=(len(speakers) + 0.6, -0.6))
    stacks[0][0].set_yticks(range(len(names)), names)
    plot_style.label_outside(stacks, f"predicted as {experiment.target}'s", [""])
    handles = [
        Line2D([], [], color=BLUE, marker="o", markersize=4, label="another speaker's lines"),
        Line2D([], [], color=GREY, linestyle="--", label="all other speakers"),
        Line2D([], [], color=ORANGE, marker="o", markersize=4, label="the target's own: found"),
    ]
    plot_style.legend(figure, handles, columns=3)
    return figure


def word_counts(experiment: Experiment) -> Figure:
    """How long the lines of both classes are, and which of them the variants' cutoffs drop."""
    # Variants count the same lines unless they drop duplicates first.
    counted: dict[str, list[Variant]] = {}
    for variant in experiment.variants:
        if variant.word_counts is not None:
            counted.setdefault(json.dumps(variant.word_counts), []).append(variant)
    height, foot = 2.6, 0.5
    figure = plot_style.page(
        len(counted) * (height + foot),
        f"Length of {experiment.target}'s lines and of the others'",
        "All lines of the kept speakers before the split, by NLTK word tokens, with punctuation. "
        "A class adds up to 100 %.",
    )
    width, total = plot_style.WIDTH, figure.get_figheight()
    for number, variants in enumerate(counted.values()):
        bottom = (len(counted) - number - 1) * (height + foot) + foot
        inner = width - plot_style.LEFT - plot_style.RIGHT
        axes = figure.add_axes(
            (plot_style.LEFT / width, bottom / total, inner / width, (height - 0.1) / total)
        )
        _draw_word_counts(axes, variants, experiment.target)
    return figure


def _draw_word_counts(axes: Axes, variants: list[Variant], target: str) -> None:
    others, own = (curves.histogram(variants[0].word_counts[name]) for name in ("not", "target"))
    last = curves.tail_start([others, own], MOST_WORDS)
    handles = []
    for lines, name, edge, fill in (
        (others, "the others'", GREY, PALE),
        (own, target, BLUE, "none"),
    ):
        shares = np.append(lines[:last], lines[last:].sum()) / max(lines.sum(), 1)
        edges = np.arange(len(shares) + 1) - 0.5
        axes.stairs(shares, edges, fill=True, facecolor=fill, edgecolor=edge, linewidth=1.4)
        label = f"{name}: {lines.sum():,.0f} lines"
        handles.append(Patch(facecolor=fill, edgecolor=edge, label=label))
    for cutoff in sorted({variant.min_words for variant in variants}):
        axes.axvline(cutoff - 0.5, color=VERMILION, linewidth=1.3)
        titles = ", ".join(each.title for each in variants if each.min_words == cutoff)
        shorter = [lines[:cutoff].sum() / max(lines.sum(), 1) for lines in (own, others)]
        label = (
            f"cutoff at {cutoff} words: {plot_style.shorten(titles, 2.2)}\n"
            f"({100 * shorter[0]:.0f} % of {target}'s lines are shorter, "
            f"{100 * shorter[1]:.0f} % of the others')"
        )
        handles.append(Line2D([], [], color=VERMILION, label=label))
    axes.set(xlim=(-0.5, last + 0.5), ylabel="share of the class", xlabel="words in the line")
    axes.yaxis.set_major_formatter(plot_style.percent())
    ticks = range(0, last, 10)
    axes.set_xticks([*ticks, last], [*map(str, ticks), f"{last}+"])
    axes.legend(handles=handles, loc="upper right")
