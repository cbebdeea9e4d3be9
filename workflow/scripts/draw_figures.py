"""Draw the pictures of an experiment.

In: the metric files, the predictions on the test split, the thresholds, the training records, the
counts of `split_lines`, the comparison and the slices. Out: one SVG per picture.
"""

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import whosaid.collector  # noqa: F401  (before the libraries)

# isort: split
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from whosaid import curves, plots
from whosaid.evaluation_metrics import BINS, sigmoid
from whosaid.plots import BLACK, BLUE, GREY, ORANGE, PALE, VERMILION
from whosaid.predictions import read_variants
from whosaid.stage import stage

logger = logging.getLogger(__name__)

RECALLS = np.linspace(0.01, 1, 100)
"""Where precision is read off: as fine as a picture of this size can show."""

MOST_WORDS = 100
"""The histogram pools longer lines in one bar."""

VERDICTS = {"better": BLUE, "worse": VERMILION, "cannot tell": GREY}

DECISIONS = {"f1": "o", "f1_at_threshold": "D"}

FLOORS = {"never": ("-", BLACK), "prior_random": (":", BLACK), "always": ("-", ORANGE)}


@dataclass(frozen=True)
class Variant:
    """What the pictures show of a variant; probabilities are seeds x rows of the test split."""

    name: str
    title: str
    linear: bool
    min_words: int | None
    test: dict[str, Any]
    labels: np.ndarray
    probabilities: np.ndarray
    thresholds: list[float]
    histories: list[list[dict[str, float]]]
    word_counts: dict[str, dict[str, int]] | None

    @property
    def size(self) -> str:
        """The rows of the test split and the number of seeds."""
        seeds = len(self.probabilities)
        return f"{self.test['rows']:,} rows, {seeds} seed{'s' if seeds > 1 else ''}"


@dataclass(frozen=True)
class Experiment:
    """What all pictures draw from."""

    target: str
    reference: Variant
    variants: list[Variant]
    comparison: dict[str, Any]
    slices: dict[str, Any]

    @property
    def confidence(self) -> str:
        """The level of the intervals, as in `95 %`."""
        return f"{100 * self.comparison['confidence']:g} %"


def forest(experiment: Experiment) -> Figure:
    """F1 of every variant at both decisions with intervals, beside its floors and verdicts."""
    line, gap, left, right, foot = 0.22, 0.16, 2.25, 2.9, 1.0
    pitch = 2 * line + gap
    height = len(experiment.variants) * pitch
    figure = plots.page(
        height + foot,
        f"Test split: how well each variant finds {experiment.target}'s lines",
        f"F1 with {experiment.confidence} intervals. Verdict and difference (in brackets) are "
        f"against {experiment.reference.title}, on the test rows that both hold out.",
    )
    width, total = plots.WIDTH, figure.get_figheight()
    inner = width - left - right
    axes = figure.add_axes((left / width, foot / total, inner / width, height / total))
    axes.set_xlabel("F1")
    axes.set_ylim(height, 0)
    axes.set_yticks([])
    beside = axes.get_yaxis_transform()
    largest = 0.1
    for number, variant in enumerate(experiment.variants):
        top = number * pitch + gap / 2
        if number % 2:
            axes.axhspan(top - gap / 2, top + 2 * line + gap / 2, color="#F5F5F5", zorder=0)
        name = plots.shorten(variant.title, left - 0.1)
        weight = "bold" if variant is experiment.reference else "normal"
        style = {"transform": beside, "va": "center"}
        axes.text(-0.12 / inner, top + line / 2, name, ha="right", weight=weight, **style)
        small = {"ha": "right", "color": GREY, "fontsize": 7.5}
        axes.text(-0.12 / inner, top + 1.4 * line, variant.size, **small, **style)
        for answer, (dashes, color) in FLOORS.items():
            floor = variant.test["trivial"][answer]["f1"] or 0
            ends = (top, top + 2 * line)
            axes.vlines(floor, *ends, color=color, linestyle=dashes, linewidth=1.3, clip_on=False)
            largest = max(largest, floor)
        for place, (metric, marker) in enumerate(DECISIONS.items()):
            y = top + (place + 0.5) * line
            value = variant.test["metrics"][metric]
            if value is None:
                axes.text(1 + 0.12 / inner, y, "undefined", **style)
                continue
            low, high = variant.test["intervals"].get(metric) or (value, value)
            told, color = _verdict(experiment, variant, metric)
            axes.hlines(y, low, high, color=color, linewidth=1.6)
            face = "white" if variant.linear else color
            axes.plot(value, y, marker, color=color, markerfacecolor=face, markersize=5.5)
            numbers = f"{value:.3f} [{low:.3f}, {high:.3f}]"
            axes.text(1 + 0.12 / inner, y, numbers, fontsize=8, **style)
            axes.text(1 + 1.6 / inner, y, told, color=color, fontsize=8, **style)
            largest = max(largest, high)
    axes.set_xlim(0, min(1.02, 1.04 * largest))
    marks = [
        Line2D([], [], color=BLACK, marker="o", label="answer: the larger logit"),
        Line2D([], [], color=BLACK, marker="D", label="answer: threshold chosen on valid"),
        Line2D([], [], color=BLACK, marker="o", markerfacecolor="white", label="linear variant"),
    ]
    lines = [
        Line2D([], [], color=FLOORS[answer][1], linestyle=FLOORS[answer][0], label=label)
        for answer, label in (
            ("never", f"floor: never {experiment.target}"),
            ("prior_random", "floor: at random, by the share in train"),
            ("always", f"floor: always {experiment.target}"),
        )
    ]
    # Filled column by column.
    pairs = [handle for pair in zip(marks, lines, strict=True) for handle in pair]
    plots.legend(figure, pairs, columns=3)
    return figure


def _verdict(experiment: Experiment, variant: Variant, metric: str) -> tuple[str, str]:
    if variant is experiment.reference:
        return "reference", BLACK
    compared = experiment.comparison["variants"][variant.name]["metrics"].get(metric)
    if compared is None or compared["difference"] is None:
        return "not comparable", GREY
    text = f"{compared['verdict']} ({compared['difference']:+.3f})"
    return text, VERDICTS[compared["verdict"]]


def precision_recall(experiment: Experiment) -> Figure:
    """Precision against recall of every variant beside the reference, with both decisions."""
    figure, stacks = plots.panels(
        len(experiment.variants),
        f"Test split: precision against recall in finding {experiment.target}'s lines",
        "Bold: mean over the seeds, thin: each seed. AP: average precision. Variants may hold out "
        "other rows than the reference, and with them goes the floor.",
        heights=[1.75],
        legend_rows=2,
    )
    reference = _precision_curves(experiment.reference)
    for variant, [axes] in zip(experiment.variants, stacks, strict=True):
        metrics = variant.test["metrics"]
        precision = metrics["average_precision"]
        detail = "" if precision is None else f"AP {precision:.3f}, "
        plots.name_panel(axes, variant.title, detail + variant.size)
        of_seeds = _precision_curves(variant)
        axes.set(xlim=(0, 1), ylim=(0, 1.03))
        if of_seeds is None:
            plots.note(axes, f"No curve: the split has no line of {experiment.target}'s.")
            continue
        axes.axhline(variant.labels.mean(), color=ORANGE, linewidth=1.2)
        if reference is not None and variant is not experiment.reference:
            axes.plot(RECALLS, reference.mean(axis=0), color="#A8A8A8", linewidth=1.2)
        _plot_seeds(axes, RECALLS, of_seeds, BLUE)
        for ending, marker in (("", "o"), ("_at_threshold", "D")):
            recall, precision = metrics[f"recall{ending}"], metrics[f"precision{ending}"]
            if recall and precision is not None:
                axes.plot(recall, precision, marker, color=VERMILION, markeredgecolor="white")
    plots.label_outside(stacks, "recall", ["precision"])
    reference_title = plots.shorten(experiment.reference.title, 1.7)
    handles = [
        Line2D([], [], color=BLUE, linewidth=2, label="the variant"),
        Line2D([], [], color="#A8A8A8", label=f"reference: {reference_title}"),
        _mark("o", "answer: the larger logit"),
        _mark("D", "answer: threshold chosen on valid"),
        Line2D([], [], color=ORANGE, label=f"floor: share of {experiment.target}'s lines"),
    ]
    plots.legend(figure, handles, columns=3)
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
    figure, stacks = plots.panels(
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
        detail = "" if error is None else f"ECE {error:.3f}, "
        plots.name_panel(axes, variant.title, detail + variant.size)
        bins = curves.reliability(variant.labels, variant.probabilities, BINS)
        rows, positives, given = (values[bins[0] > 0] for values in bins)
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
        below.bar(centres, bins[0] / rows.sum(), 0.9 / BINS, color=BLUE, alpha=0.6)
        axes.set(xlim=(0, 1), ylim=(0, 1))
        below.set(ylim=(0, 1), yticks=(0, 1))
        for each in (axes, below):
            each.yaxis.set_major_formatter(plots.percent())
    plots.label_outside(
        stacks, f"probability given to {experiment.target}", ["observed share", "rows"]
    )
    handles = [
        Line2D([], [], color=BLUE, marker="o", markersize=4, label="observed"),
        Line2D([], [], color=GREY, linestyle="--", label="perfectly calibrated"),
        Line2D([], [], color=VERMILION, label="threshold chosen on valid, of each seed"),
        Patch(color=BLUE, alpha=0.6, label="share of the rows"),
    ]
    plots.legend(figure, handles, columns=4)
    return figure


def training_curves(experiment: Experiment) -> Figure:
    """Losses and F1 after each epoch of the variants that are trained in epochs."""
    trained = [variant for variant in experiment.variants if not variant.linear]
    figure, stacks = plots.panels(
        max(len(trained), 1),
        "Training: loss and F1 after each epoch",
        "Bold: mean over the seeds, thin: each seed. The test split is watched and decides "
        "nothing.",
        heights=[1.15, 0.85],
    )
    if not trained:
        plots.note(stacks[0][0], "No variant is trained in epochs.")
    for variant, [above, below] in zip(trained, stacks, strict=False):
        plots.name_panel(above, variant.title, f"test: {variant.size}")
        epochs = np.array([entry["epoch"] for entry in variant.histories[0]])
        for axes, key, color in (
            (above, "train_loss", GREY),
            (above, "test_loss", BLUE),
            (below, "test_f1", BLUE),
        ):
            of_seeds = [[entry[key] for entry in history] for history in variant.histories]
            _plot_seeds(axes, epochs, np.array(of_seeds), color)
        below.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    # The scales are shared: set once everything is drawn.
    for axes in stacks[0]:
        axes.set_ylim(bottom=0)
    plots.label_outside(stacks, "epoch", ["loss (nats)", "test F1"])
    handles = [
        Line2D([], [], color=GREY, linewidth=2, label="train"),
        Line2D([], [], color=BLUE, linewidth=2, label="test"),
    ]
    plots.legend(figure, handles, columns=2)
    return figure


def confusion_by_speaker(experiment: Experiment) -> Figure:
    """The share of each speaker's lines that a variant takes for the target's."""
    slices = experiment.slices["variants"]
    rates: dict[str, list[float]] = {}
    for of_variant in slices.values():
        for each in of_variant["mistaken_speaker"]:
            rates.setdefault(each["slice"], []).append(each["rate"])
    speakers = sorted(rates, key=lambda speaker: (-fmean(rates[speaker]), speaker))
    names = [experiment.target, *(plots.shorten(speaker, 1.3) for speaker in speakers)]
    figure, stacks = plots.panels(
        len(experiment.variants),
        f"Test split: whose lines are taken for {experiment.target}'s",
        f"Share of each speaker's lines that are answered {experiment.target}, decided by the "
        f"larger logit, with {experiment.confidence} intervals; speakers in the order of their "
        "mean over the variants.",
        heights=[0.3 + 0.17 * len(names)],
        left=0.35 + 0.075 * max(map(len, names)),
    )
    for variant, [axes] in zip(experiment.variants, stacks, strict=True):
        plots.name_panel(axes, variant.title, variant.size)
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
        axes.xaxis.set_major_formatter(plots.percent())
    stacks[0][0].set(xlim=(0, None), ylim=(len(speakers) + 0.6, -0.6))
    stacks[0][0].set_yticks(range(len(names)), names)
    plots.label_outside(stacks, f"answered {experiment.target}", [""])
    handles = [
        Line2D([], [], color=BLUE, marker="o", markersize=4, label="another speaker's lines"),
        Line2D([], [], color=GREY, linestyle="--", label="all other speakers"),
        Line2D([], [], color=ORANGE, marker="o", markersize=4, label="the target's own: found"),
    ]
    plots.legend(figure, handles, columns=3)
    return figure


def word_counts(experiment: Experiment) -> Figure:
    """How long the lines of both classes are, and what the variants' cutoffs drop."""
    # Variants count the same lines unless they drop duplicates first.
    counted: dict[str, list[Variant]] = {}
    for variant in experiment.variants:
        if variant.word_counts is not None:
            counted.setdefault(json.dumps(variant.word_counts), []).append(variant)
    height, foot = 2.6, 0.5
    figure = plots.page(
        len(counted) * (height + foot),
        f"Length of {experiment.target}'s lines and of the others'",
        "All lines of the kept speakers before the split, by NLTK word tokens, with punctuation. "
        "A class adds up to 100 %.",
    )
    width, total = plots.WIDTH, figure.get_figheight()
    for number, variants in enumerate(counted.values()):
        bottom = (len(counted) - number - 1) * (height + foot) + foot
        inner = width - plots.LEFT - plots.RIGHT
        axes = figure.add_axes(
            (plots.LEFT / width, bottom / total, inner / width, (height - 0.1) / total)
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
            f"cutoff at {cutoff} words: {plots.shorten(titles, 2.2)}\n({100 * shorter[0]:.0f} % of "
            f"{target}'s lines are shorter, {100 * shorter[1]:.0f} % of the others')"
        )
        handles.append(Line2D([], [], color=VERMILION, label=label))
    axes.set(xlim=(-0.5, last + 0.5), ylabel="share of the class", xlabel="words in the line")
    axes.yaxis.set_major_formatter(plots.percent())
    ticks = range(0, last, 10)
    axes.set_xticks([*ticks, last], [*map(str, ticks), f"{last}+"])
    axes.legend(handles=handles, loc="upper right")


def read_json(path: str) -> Any:
    """The content of a JSON file."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def read_experiment(
    metrics: list[str],
    predictions: list[str],
    thresholds: list[str],
    records: list[str],
    split_audits: list[str],
    comparison: str,
    slices: str,
    target_speaker: str,
    reference: str,
    variants: list[dict[str, Any]],
) -> Experiment:
    """What the pictures need of the files; the lists are in the order of `variants`."""
    of_test = {}
    for result in map(read_json, metrics):
        if result["split"] == "test":
            of_test[result["variant"]] = result
    records = map(read_json, records)
    answered = read_variants(predictions, variants)
    read = []
    for variant, of_variant, audit, answers in zip(
        variants, thresholds, split_audits, answered, strict=True
    ):
        chosen = read_json(of_variant)["seeds"].values()
        read.append(
            Variant(
                name=variant["name"],
                title=variant["title"],
                linear=variant["classifier"] == "linear",
                min_words=variant["min_words"],
                test=of_test[variant["name"]],
                labels=answers.label,
                probabilities=sigmoid(answers.log_odds),
                thresholds=[each["threshold"] for each in chosen if each["threshold"] is not None],
                histories=[next(records).get("history", []) for _ in variant["seeds"]],
                word_counts=read_json(audit).get("word_counts"),
            )
        )
    return Experiment(
        target=plots.shorten(target_speaker, 1),
        reference=next(each for each in read if each.name == reference),
        variants=read,
        comparison=read_json(comparison),
        slices=read_json(slices),
    )


PICTURES = {
    "forest": forest,
    "precision_recall": precision_recall,
    "calibration": calibration,
    "training_curves": training_curves,
    "confusion_by_speaker": confusion_by_speaker,
    "word_counts": word_counts,
}


def main(
    figures: dict[str, str],
    metrics: list[str],
    predictions: list[str],
    thresholds: list[str],
    records: list[str],
    split_audits: list[str],
    comparison: str,
    slices: str,
    target_speaker: str,
    reference: str,
    variants: list[dict[str, Any]],
) -> None:
    """Draw the pictures named in `figures`, each to its path; `read_experiment` says from what."""
    experiment = read_experiment(
        *(metrics, predictions, thresholds, records, split_audits, comparison, slices),
        *(target_speaker, reference, variants),
    )
    with plots.style():
        for name, path in figures.items():
            plots.save(PICTURES[name](experiment), path)
    logger.info("%d pictures of %d variants", len(figures), len(experiment.variants))


if __name__ == "__main__":
    with stage(snakemake):
        main(
            figures=dict(snakemake.output.items()),
            metrics=list(snakemake.input.metrics),
            predictions=list(snakemake.input.predictions),
            thresholds=list(snakemake.input.thresholds),
            records=list(snakemake.input.records),
            split_audits=list(snakemake.input.split_audits),
            comparison=snakemake.input.comparison,
            slices=snakemake.input.slices,
            **json.loads(snakemake.params.settings),
        )
