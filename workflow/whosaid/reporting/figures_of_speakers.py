"""The figures that differ where the question is: which speaker says a line."""

import numpy as np
from matplotlib.figure import Figure

from whosaid.evaluation.class_metrics import CLASS_METRICS
from whosaid.reporting import plot_style
from whosaid.reporting.figure_data import Experiment
from whosaid.reporting.figures import draw_calibration, draw_forest


def macro_scores(experiment: Experiment) -> Figure:
    """Macro F1 and accuracy of every variant, with intervals, verdicts and trivial classifiers."""
    title = "Test split: how well each variant tells the speakers apart"
    return draw_forest(
        experiment, title, CLASS_METRICS, {"macro_f1": "s", "accuracy": "o"}, "macro_f1"
    )


def confidence(experiment: Experiment) -> Figure:
    """How often the most probable speaker is the right one, against his probability."""
    title = "Test split: how often a variant is right when it is this sure"
    given, observed = "probability of the predicted speaker", "share of right predictions"
    return draw_calibration(experiment, title, given, observed)


def confusion_matrix(experiment: Experiment) -> Figure:
    """Which speaker's lines each variant predicts as whose, as shares of the speaker's lines."""
    variants = experiment.variants
    headings = [variant.heading("macro_f1") for variant in variants]
    title = "Test split: whose lines are predicted as whose"
    most = max(len(variant.test["labels"]) for variant in variants)
    height = 0.9 + 0.22 * most
    figure, grid = plot_style.panels(title, headings, "predicted", "speaker", height)
    for variant, axes in zip(variants, grid, strict=True):
        names = [plot_style.fit(name, 16) for name in variant.test["labels"]]
        counts = np.array(variant.test["confusion_matrix"])
        shares = counts / counts.sum(axis=1, keepdims=True).clip(1)
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        for (row, column), share in np.ndenumerate(shares):
            color = "white" if share > 0.5 else plot_style.BLACK
            look = {"ha": "center", "va": "center", "size": 6, "color": color}
            axes.text(column, row, f"{100 * share:.0f}", **look)
        axes.set_xticks(range(len(names)), names, rotation=90)
        axes.set_yticks(range(len(names)), names)
        axes.grid(visible=False)
    note = (
        "Each row adds up to 100 %, the lines of one speaker; the diagonal is predicted rightly. "
    )
    return plot_style.legend(figure, f"{note}Means over the seeds.")
