"""The forest plot: F1 of every variant with intervals and verdicts."""

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from whosaid.evaluation.metrics import METRICS
from whosaid.reporting import plot_style
from whosaid.reporting.figure_data import Experiment, Variant
from whosaid.reporting.formats import DIFFERENCE, METRIC
from whosaid.reporting.plot_style import BLACK, BLUE, GREY, ORANGE, VERMILION

VERDICTS = {"better": BLUE, "worse": VERMILION, "cannot tell": GREY}

DECISIONS = {"f1": "o", "f1_at_threshold": "D"}

TRIVIAL = {"never": ("-", BLACK), "prior_random": (":", BLACK), "always": ("-", ORANGE)}


def forest(experiment: Experiment) -> Figure:
    """F1 of every variant at both thresholds, with intervals, verdicts and trivial classifiers."""
    line, gap, left, right, foot = 0.22, 0.16, 2.25, 2.9, 1.0
    pitch = 2 * line + gap
    height = len(experiment.variants) * pitch
    figure = plot_style.page(
        height + foot,
        f"Test split: how well each variant finds {experiment.target}'s lines",
        f"F1 with {experiment.confidence} intervals. Verdict and difference (in brackets) are "
        f"against {experiment.reference.title}, on the test rows that both hold out.",
    )
    width, total = plot_style.WIDTH, figure.get_figheight()
    inner = width - left - right
    axes = figure.add_axes((left / width, foot / total, inner / width, height / total))
    axes.set_xlabel(METRICS["f1"].title)
    axes.set_ylim(height, 0)
    axes.set_yticks([])
    beside = axes.get_yaxis_transform()
    largest = 0.1
    for number, variant in enumerate(experiment.variants):
        top = number * pitch + gap / 2
        if number % 2:
            axes.axhspan(top - gap / 2, top + 2 * line + gap / 2, color="#F5F5F5", zorder=0)
        name = plot_style.shorten(variant.title, left - 0.1)
        weight = "bold" if variant is experiment.reference else "normal"
        style = {"transform": beside, "va": "center"}
        axes.text(-0.12 / inner, top + line / 2, name, ha="right", weight=weight, **style)
        small = {"ha": "right", "color": GREY, "fontsize": 7.5}
        axes.text(-0.12 / inner, top + 1.4 * line, variant.size, **small, **style)
        for kind, (dashes, color) in TRIVIAL.items():
            trivial = variant.test["trivial"][kind]["f1"] or 0
            ends = (top, top + 2 * line)
            axes.vlines(trivial, *ends, color=color, linestyle=dashes, linewidth=1.3, clip_on=False)
            largest = max(largest, trivial)
        for place, (metric, marker) in enumerate(DECISIONS.items()):
            y = top + (place + 0.5) * line
            value = variant.test["metrics"][metric]
            if value is None:
                axes.text(1 + 0.12 / inner, y, "undefined", **style)
                continue
            low, high = variant.test["intervals"].get(metric) or (value, value)
            text, color = _verdict(experiment, variant, metric)
            axes.hlines(y, low, high, color=color, linewidth=1.6)
            face = "white" if variant.linear else color
            axes.plot(value, y, marker, color=color, markerfacecolor=face, markersize=5.5)
            numbers = f"{value:{METRIC}} [{low:{METRIC}}, {high:{METRIC}}]"
            axes.text(1 + 0.12 / inner, y, numbers, fontsize=8, **style)
            axes.text(1 + 1.6 / inner, y, text, color=color, fontsize=8, **style)
            largest = max(largest, high)
    axes.set_xlim(0, min(1.02, 1.04 * largest))
    marks = [
        Line2D([], [], color=BLACK, marker="o", label="threshold one half"),
        Line2D([], [], color=BLACK, marker="D", label="threshold chosen on valid"),
        Line2D([], [], color=BLACK, marker="o", markerfacecolor="white", label="linear variant"),
    ]
    lines = [
        Line2D([], [], color=TRIVIAL[kind][1], linestyle=TRIVIAL[kind][0], label=label)
        for kind, label in (
            ("never", f"never {experiment.target}"),
            ("prior_random", "at random, by the share in train"),
            ("always", f"always {experiment.target}"),
        )
    ]
    # matplotlib fills a legend column by column.
    pairs = [handle for pair in zip(marks, lines, strict=True) for handle in pair]
    plot_style.legend(figure, pairs, columns=3)
    return figure


def _verdict(experiment: Experiment, variant: Variant, metric: str) -> tuple[str, str]:
    if variant is experiment.reference:
        return "reference", BLACK
    compared = experiment.comparison["variants"][variant.name]["metrics"].get(metric)
    if compared is None or compared["difference"] is None:
        return "not comparable", GREY
    text = f"{compared['verdict']} ({compared['difference']:{DIFFERENCE}})"
    return text, VERDICTS[compared["verdict"]]
