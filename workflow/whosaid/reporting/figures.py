"""The figures of an experiment: one function each, named as the figure's file."""

from collections.abc import Mapping
from statistics import fmean

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from whosaid.evaluation import curves
from whosaid.evaluation.metric_entry import Metric
from whosaid.evaluation.metrics import AT_THRESHOLD, BINS, METRICS, PRIMARY
from whosaid.evaluation.watched_metrics import WATCHED
from whosaid.reporting import plot_style
from whosaid.reporting.figure_data import Experiment, Variant
from whosaid.reporting.formats import DIFFERENCE, METRIC
from whosaid.reporting.plot_style import BLACK, BLUE, GREY, ORANGE, PALE, PERCENT, VERMILION

VERDICTS = {"better": BLUE, "worse": VERMILION}
DECISIONS = {"": ("o", "threshold one half"), "_at_threshold": ("D", "threshold chosen on valid")}
"""The marker and the label of each kind of decision, by the ending of its metrics' names."""

TRIVIAL = {
    "never": ("-", BLACK, "never {}"),
    "prior_random": (":", BLACK, "at random, by the share in train"),
    "always": ("-", ORANGE, "always {}"),
    "most_frequent": ("-", ORANGE, "always the most frequent class"),
}
"""Line style, colour and label of each trivial classifier."""

RECALLS = np.linspace(0.01, 1, 100)
"""The recalls at which precision is drawn, as fine as a figure of this size can show."""

LEAST_ROWS = 20
"""Rows that a bin of the calibration needs to be drawn: the share of fewer is mostly chance."""

MOST_WORDS = 100
"""The last bar of the histogram starts here or earlier, and pools all longer lines."""


def forest(experiment: Experiment) -> Figure:
    """Every variant's primary metric and F1, with intervals, verdict and trivial classifiers."""
    title = f"Test split: how well each variant finds {experiment.target}'s lines"
    markers = {PRIMARY: "s", "f1": "o", "f1_at_threshold": "D"}
    return draw_forest(experiment, title, METRICS, markers, "f1")


def draw_forest(
    experiment: Experiment,
    title: str,
    entries: Mapping[str, Metric],
    markers: Mapping[str, str],
    trivial: str,
) -> Figure:
    """The metrics in `markers` of every variant, with intervals and verdicts.

    `entries` describe them. Trivial classifiers are drawn as lines at their metric `trivial`.
    """
    variants, target = experiment.variants, experiment.target
    height = 0.5 + 0.9 * len(variants)
    names = [name for name in markers if not name.endswith(AT_THRESHOLD)]
    label = ", ".join(entries[name].title for name in names)
    figure, [axes] = plot_style.panels(title, [""], label, "", height)
    for place, variant in enumerate(variants):
        for kind, values in variant.test["trivial"].items():
            (dashes, color, label), at = TRIVIAL[kind], values[trivial] or 0
            look = {"color": color, "ls": dashes, "label": label.format(target)}
            axes.vlines(at, place - 0.4, place + 0.4, **look)
        for row, (metric, marker) in enumerate(markers.items()):
            y = place + 0.27 * (row - 1)
            value = variant.test["metrics"][metric]
            text, color = _verdict(experiment, variant, metric)
            if value is None:
                text, color = "undefined", GREY
            else:
                low, high = variant.test["intervals"].get(metric) or (value, value)
                beta = variant.test.get("threshold_beta", 1)
                goal = f" by F-beta, beta {beta:g}" * (metric.endswith(AT_THRESHOLD) and beta != 1)
                text = f"{value:{METRIC}} [{low:{METRIC}}, {high:{METRIC}}]{goal}: {text}"
                face = "white" if variant.classifier == "linear" else color
                axes.hlines(y, low, high, color=color)
                axes.plot(value, y, marker, color=color, markerfacecolor=face)
            beside = {"transform": axes.get_yaxis_transform(), "va": "center"}
            axes.text(1.01, y, text, color=color, **beside)
    axes.set_yticks(range(len(variants)), [each.heading(letters=50) for each in variants])
    axes.set(xlim=(-0.01, None), ylim=(len(variants) - 0.5, -0.5))
    for metric, marker in markers.items():
        axes.plot([], [], marker, color=BLACK, label=entries[metric].title)
    axes.plot([], [], "o", color=BLACK, markerfacecolor="white", label="linear variant")
    note = (
        f"Lines are {experiment.confidence} intervals. Verdict and difference (in brackets) are "
        f"against {experiment.compared_with}, on the test rows that both hold out. The vertical "
        f"lines are {entries[trivial].title} of trivial classifiers."
    )
    return plot_style.legend(figure, note, columns=3)


def _verdict(experiment: Experiment, variant: Variant, metric: str) -> tuple[str, str]:
    """What a variant's row says about its difference from the reference, and its colour."""
    if variant.name not in experiment.comparison["variants"]:
        return "reference", BLACK
    compared = experiment.comparison["variants"][variant.name]["metrics"].get(metric)
    if compared is None or compared["difference"] is None:
        return "not comparable", GREY
    verdict, difference = compared.get("verdict"), f"{compared['difference']:{DIFFERENCE}}"
    return f"{verdict} ({difference})" if verdict else difference, VERDICTS.get(verdict, GREY)


def precision_recall(experiment: Experiment) -> Figure:
    """Precision against recall of every variant and the reference, with both thresholds."""
    variants, reference, target = experiment.variants, experiment.reference, experiment.target
    title = f"Test split: precision against recall in finding {target}'s lines"
    headings = [variant.heading("average_precision") for variant in variants]
    figure, grid = plot_style.panels(title, headings, "recall", "precision")
    for variant, axes in zip(variants, grid, strict=True):
        if not variant.labels.any():
            note = plot_style.fit(f"No curve: the split has no line of {target}'s.", 90, 28)
            axes.text(0.5, 0.5, note, ha="center", va="center", color=VERMILION)
            continue
        axes.axhline(variant.labels.mean(), color=ORANGE, label=f"share of {target}'s lines")
        if reference.labels.any() and variant is not reference:
            label = f"reference: {plot_style.fit(reference.title, 40)}"
            axes.plot(RECALLS, _precisions(reference).mean(axis=0), color="#A8A8A8", label=label)
        _plot_seeds(axes, RECALLS, _precisions(variant), BLUE, "the variant")
        for ending, (marker, label) in DECISIONS.items():
            point = [variant.test["metrics"][f"{name}{ending}"] for name in ("recall", "precision")]
            if point[0] and point[1] is not None:
                look = {"color": VERMILION, "markeredgecolor": "white", "label": label}
                axes.plot(*point, marker, **look)
    grid[0].set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    note = "Bold: mean over the seeds, thin: each seed. Variants may hold out other rows than the "
    note += "reference, with another share of the target's lines."
    return plot_style.legend(figure, note, columns=3)


def _plot_seeds(axes: Axes, x: np.ndarray, of_seeds: np.ndarray, color: str, label: str) -> None:
    if len(of_seeds) > 1:
        axes.plot(x, of_seeds.T, color=color, linewidth=0.6, alpha=0.5)
    axes.plot(x, of_seeds.mean(axis=0), color=color, linewidth=1.8, label=label)


def _precisions(variant: Variant) -> np.ndarray:
    of_seeds = variant.probabilities
    return np.array([curves.precision_at(RECALLS, variant.labels, each) for each in of_seeds])


def calibration(experiment: Experiment) -> Figure:
    """Observed share of the target's lines against the probability that the variant gives."""
    target = experiment.target
    title = f"Test split: how often a line is {target}'s when a variant says so"
    given, observed = f"probability given to {target}", f"share that is {target}'s"
    return draw_calibration(experiment, title, given, observed)


def draw_calibration(experiment: Experiment, title: str, x: str, observed: str) -> Figure:
    """The share of lines with a true label, called `observed`, against the probability `x`."""
    variants = experiment.variants
    headings = [variant.heading("expected_calibration_error") for variant in variants]
    figure, grid = plot_style.panels(title, headings, x, "share")
    for variant, axes in zip(variants, grid, strict=True):
        in_bins, *found = curves.reliability(variant.labels, variant.probabilities, BINS)
        positives, rows, given = (each[found[1] >= LEAST_ROWS] for each in found)
        shares, edges = in_bins / in_bins.sum(), np.linspace(0, 1, BINS + 1)
        axes.stairs(shares, edges, fill=True, color=PALE, label="share of the rows")
        axes.plot([0, 1], [0, 1], "--", color=GREY, label="perfectly calibrated")
        for threshold in variant.thresholds:
            if threshold is not None:
                label = "threshold chosen on valid, of each seed"
                axes.axvline(threshold, color=VERMILION, linewidth=1, label=label)
        low, high = curves.wilson(positives, rows, experiment.comparison["confidence"])
        axes.vlines(given, low, high, color=BLUE)
        axes.plot(given, positives / rows, "o", color=BLUE, label=observed)
    grid[0].set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    grid[0].yaxis.set_major_formatter(PERCENT)
    note = (
        f"In {BINS} equal bins, with Wilson's {experiment.confidence} intervals. Seeds are pooled, "
    )
    return plot_style.legend(figure, f"{note}though an interval counts a row once.")


def training_curves(experiment: Experiment) -> Figure:
    """Losses and F1 after each epoch, of the variants that are trained in epochs."""
    trained = [each for each in experiment.variants if each.classifier == "encoder"]
    headings = [each.heading() for each in trained] or ["No variant is trained in epochs."]
    watched = WATCHED[experiment.question][1]
    title = f"Training: loss and {watched.title} after each epoch"
    figure, grid = plot_style.panels(title, headings, "epoch", f"loss (nats) and {watched.title}")
    series = {"train_loss": GREY, "test_loss": BLUE, f"test_{watched.name}": ORANGE}
    for variant, axes in zip(trained, grid, strict=False):
        # With `patience` some seeds have fewer epochs; the mean ends with the shortest.
        longest = max(variant.histories, key=len)
        epochs = np.array([entry["epoch"] for entry in longest])
        for key, color in series.items():
            of_seeds = np.full((len(variant.histories), len(longest)), np.nan)
            for number, history in enumerate(variant.histories):
                of_seeds[number, : len(history)] = [entry[key] for entry in history]
            label = key.replace("_", " ").replace("f1", "F1")
            _plot_seeds(axes, epochs, of_seeds, color, label)
    grid[0].xaxis.set_major_locator(MaxNLocator(6, integer=True))
    grid[0].set_ylim(bottom=0)
    note = "Bold: mean over the seeds, thin: each seed. The rows are of the test split."
    return plot_style.legend(figure, note)


def confusion_by_speaker(experiment: Experiment) -> Figure:
    """The share of each speaker's lines that a variant predicts as the target's."""
    slices, target = experiment.slices["variants"], experiment.target
    rates: dict[str, list[float]] = {}
    for each in [each for of_variant in slices.values() for each in of_variant["mistaken_speaker"]]:
        rates.setdefault(each["slice"], []).append(each["rate"])
    speakers = sorted(rates, key=lambda speaker: (-fmean(rates[speaker]), speaker))
    headings = [variant.heading() for variant in experiment.variants]
    title, x = f"Test split: whose lines are taken for {target}'s", f"predicted as {target}'s"
    figure, grid = plot_style.panels(title, headings, x, "", height=1.5 + 0.2 * len(speakers))
    for variant, axes in zip(experiment.variants, grid, strict=True):
        mistaken, missed = (slices[variant.name][kind] for kind in ("mistaken_speaker", "missed"))
        for each in mistaken:
            y = 1 + speakers.index(each["slice"])
            _point(axes, y, each["rate"], each["interval"], BLUE, "another speaker's lines")
        if missed["rate"] is not None:
            found = [1 - end for end in missed["interval"]]
            _point(axes, 0, 1 - missed["rate"], found, ORANGE, "the target's own: found")
        if rows := sum(each["rows"] for each in mistaken):
            share = sum(each["count"] for each in mistaken) / rows
            axes.axvline(share, color=GREY, linestyle="--", label="all other speakers")
    grid[0].set(xlim=(-0.02, None), ylim=(len(speakers) + 0.6, -0.6))
    names = [target, *(plot_style.fit(speaker, 20) for speaker in speakers)]
    grid[0].set_yticks(range(len(names)), names)
    grid[0].xaxis.set_major_formatter(PERCENT)
    note = f"Of each speaker's lines, with {experiment.confidence} intervals; threshold one half."
    return plot_style.legend(figure, note)


def _point(axes: Axes, y: int, rate: float, ends: list[float], color: str, label: str) -> None:
    axes.hlines(y, *ends, color=color)
    axes.plot(rate, y, "o", color=color, markersize=4, label=label)


def word_counts(experiment: Experiment) -> Figure:
    """How long the lines of both classes are, and which of them the variants' cutoffs drop."""
    variants = [each for each in experiment.variants if each.word_counts is not None]
    looks = {"not": ("the others", GREY, PALE), "target": (experiment.target, BLUE, "none")}
    title = f"Length of {experiment.target}'s lines and of the others'"
    if experiment.question == "speakers":
        looks, title = {"speakers": ("all speakers", BLUE, PALE)}, "Length of the speakers' lines"
    counted = [[curves.histogram(each.word_counts[name]) for name in looks] for each in variants]
    last = curves.tail_start([lines for each in counted for lines in each], MOST_WORDS)
    x, y = "words in the line", "share of the class"
    figure, grid = plot_style.panels(title, [""] * len(variants), x, y)
    for axes, variant, both in zip(grid, variants, counted, strict=True):
        heading = [variant.title, f"cutoff at {variant.min_words} words; shorter are"]
        for lines, (name, edge, face) in zip(both, looks.values(), strict=True):
            shares = lines / max(lines.sum(), 1)
            below = 100 * shares[: variant.min_words].sum()
            heading.append(f"{below:.0f} % of {lines.sum():,.0f} lines of {name}")
            bars = np.append(shares[:last], shares[last:].sum())
            look = {"fill": True, "facecolor": face, "edgecolor": edge, "linewidth": 1.4}
            axes.stairs(bars, np.arange(len(bars) + 1) - 0.5, **look, label=f"lines of {name}")
        axes.axvline(variant.min_words - 0.5, color=VERMILION, label="cutoff")
        axes.set_title("\n".join(plot_style.fit(each, 90, 34) for each in heading))
    ticks = range(0, last, 10)
    grid[0].set_xticks([*ticks, last], [*map(str, ticks), f"{last}+"])
    grid[0].set_xlim(-0.5, last + 0.5)
    grid[0].yaxis.set_major_formatter(PERCENT)
    note = "NLTK word tokens, with punctuation, of all lines of the kept speakers before the split."
    return plot_style.legend(figure, f"{note} A class adds up to 100 %.")
