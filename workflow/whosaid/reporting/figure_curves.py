"""Figures of curves, a panel per variant: precision and recall, calibration, training."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from whosaid.evaluation import curves
from whosaid.evaluation.metrics import BINS
from whosaid.reporting import plot_style
from whosaid.reporting.figure_data import Experiment, Variant
from whosaid.reporting.formats import METRIC
from whosaid.reporting.plot_style import BLUE, GREY, ORANGE, VERMILION

RECALLS = np.linspace(0.01, 1, 100)
"""The recalls at which precision is drawn, as fine as a figure of this size can show."""


def precision_recall(experiment: Experiment) -> Figure:
    """Precision against recall of every variant and the reference, with both thresholds."""
    figure, stacks = plot_style.panels(
        len(experiment.variants),
        f"Test split: precision against recall in finding {experiment.target}'s lines",
        "Bold: mean over the seeds, thin: each seed. AP: average precision. Variants may hold out "
        "other rows than the reference, with another share of the target's lines.",
        heights=[1.75],
        legend_rows=2,
    )
    reference = _precision_curves(experiment.reference)
    for variant, [axes] in zip(experiment.variants, stacks, strict=True):
        metrics = variant.test["metrics"]
        precision = metrics["average_precision"]
        detail = "" if precision is None else f"AP {precision:{METRIC}}, "
        plot_style.name_panel(axes, variant.title, detail + variant.size)
        of_seeds = _precision_curves(variant)
        axes.set(xlim=(0, 1), ylim=(0, 1.03))
        if of_seeds is None:
            plot_style.note(axes, f"No curve: the split has no line of {experiment.target}'s.")
            continue
        axes.axhline(variant.labels.mean(), color=ORANGE, linewidth=1.2)
        if reference is not None and variant is not experiment.reference:
            axes.plot(RECALLS, reference.mean(axis=0), color="#A8A8A8", linewidth=1.2)
        _plot_seeds(axes, RECALLS, of_seeds, BLUE)
        for ending, marker in (("", "o"), ("_at_threshold", "D")):
            recall, precision = metrics[f"recall{ending}"], metrics[f"precision{ending}"]
            if recall and precision is not None:
                axes.plot(recall, precision, marker, color=VERMILION, markeredgecolor="white")
    plot_style.label_outside(stacks, "recall", ["precision"])
    reference_title = plot_style.shorten(experiment.reference.title, 1.7)
    handles = [
        Line2D([], [], color=BLUE, linewidth=2, label="the variant"),
        Line2D([], [], color="#A8A8A8", label=f"reference: {reference_title}"),
        _mark("o", "threshold one half"),
        _mark("D", "threshold chosen on valid"),
        Line2D([], [], color=ORANGE, label=f"share of {experiment.target}'s lines"),
    ]
    plot_style.legend(figure, handles, columns=3)
    return figure


def _mark(marker: str, label: str) -> Line2D:
    return Line2D([], [], color=VERMILION, marker=marker, linestyle="none", label=label)


def _plot_seeds(axes: Axes, x: np.ndarray, of_seeds: np.ndarray, color: str) -> None:
    if len(of_seeds) > 1:
        axes.plot(x, of_seeds.T, color=color, linewidth=0.6, alpha=0.5)
    axes.plot(x, of_seeds.mean(axis=0), color=color, linewidth=1.8)


def _precision_curves(variant: Variant) -> np.ndarray | None:
    if not variant.labels.any():
        return None
    return np.array(
        [curves.precision_at(RECALLS, variant.labels, each) for each in variant.probabilities]
    )


def calibration(experiment: Experiment) -> Figure:
    """Observed share of the target's lines against the probability that the variant gives."""
    figure, stacks = plot_style.panels(
        len(experiment.variants),
        f"Test split: how often a line is {experiment.target}'s when a variant says so",
        f"Rows by the probability that the variant gives to {experiment.target}, in {BINS} equal "
        f"bins, with Wilson's {experiment.confidence} intervals. Seeds are pooled, though an "
        "interval counts a row once. ECE: expected calibration error.",
        heights=[1.6, 0.42],
    )
    level = experiment.comparison["confidence"]
    for variant, [axes, below] in zip(experiment.variants, stacks, strict=True):
        error = variant.test["metrics"]["expected_calibration_error"]
        detail = "" if error is None else f"ECE {error:{METRIC}}, "
        plot_style.name_panel(axes, variant.title, detail + variant.size)
        in_bins, positives, rows, given = curves.reliability(
            variant.labels, variant.probabilities, BINS
        )
        low, high = curves.wilson(positives, rows, level)
        axes.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle="--")
        axes.vlines(given, low, high, color=BLUE, linewidth=1.2)
        axes.plot(
            given, positives / rows, "o-", color=BLUE, markersize=4, linewidth=1, clip_on=False
        )
        for threshold in variant.thresholds:
            for each in (axes, below):
                each.axvline(threshold, color=VERMILION, linewidth=0.9, zorder=1)
        centres = (np.arange(BINS) + 0.5) / BINS
        below.bar(centres, in_bins / rows.sum(), 0.9 / BINS, color=BLUE, alpha=0.6)
        axes.set(xlim=(0, 1), ylim=(0, 1))
        below.set(ylim=(0, 1), yticks=(0, 1))
        for each in (axes, below):
            each.yaxis.set_major_formatter(plot_style.percent())
    plot_style.label_outside(
        stacks, f"probability given to {experiment.target}", ["observed share", "rows"]
    )
    handles = [
        Line2D([], [], color=BLUE, marker="o", markersize=4, label="observed"),
        Line2D([], [], color=GREY, linestyle="--", label="perfectly calibrated"),
        Line2D([], [], color=VERMILION, label="threshold chosen on valid, of each seed"),
        Patch(color=BLUE, alpha=0.6, label="share of the rows"),
    ]
    plot_style.legend(figure, handles, columns=4)
    return figure


def training_curves(experiment: Experiment) -> Figure:
    """Losses and F1 after each epoch, of the variants that are trained in epochs."""
    trained = [variant for variant in experiment.variants if not variant.linear]
    figure, stacks = plot_style.panels(
        max(len(trained), 1),
        "Training: loss and F1 after each epoch",
        "Bold: mean over the seeds, thin: each seed. The test split is watched and decides "
        "nothing.",
        heights=[1.15, 0.85],
    )
    if not trained:
        plot_style.note(stacks[0][0], "No variant is trained in epochs.")
    for variant, [above, below] in zip(trained, stacks, strict=False):
        plot_style.name_panel(above, variant.title, f"test: {variant.size}")
        epochs = np.array([entry["epoch"] for entry in variant.histories[0]])
        for axes, key, color in (
            (above, "train_loss", GREY),
            (above, "test_loss", BLUE),
            (below, "test_f1", BLUE),
        ):
            of_seeds = [[entry[key] for entry in history] for history in variant.histories]
            _plot_seeds(axes, epochs, np.array(of_seeds), color)
        below.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    # The panels share their scales, so the limits are set once everything is drawn.
    for axes in stacks[0]:
        axes.set_ylim(bottom=0)
    plot_style.label_outside(stacks, "epoch", ["loss (nats)", "test F1"])
    handles = [
        Line2D([], [], color=GREY, linewidth=2, label="train"),
        Line2D([], [], color=BLUE, linewidth=2, label="test"),
    ]
    plot_style.legend(figure, handles, columns=2)
    return figure
