import json
from itertools import combinations
from xml.etree import ElementTree

import draw_figures
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from experiment_files import PRIMARY, scores, write_columns
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from whosaid.config import output_paths
from whosaid.evaluation.metrics import BINS
from whosaid.evaluation.probability import sigmoid
from whosaid.reporting import figures, plot_style
from whosaid.reporting.figure_data import read_experiment

FIGURES = output_paths.FIGURES["target"]
SPEAKERS = ("michael", "jim", "pam", "angela")
SVG = "{http://www.w3.org/2000/svg}"
VARIANTS = {
    "plain": {"title": "Plain & <simple>", "seeds": [42, 43]},
    "short": {"title": "Short lines removed", "min_words": 6},
    "words": {"title": "Costs $5 or $6", "classifier": "linear"},
}


class Inputs:
    """The files that the stage reads, to be changed one at a time."""

    def __init__(self, folder, variants=VARIANTS, rows=200, positives=40):
        self.folder, self.files = folder, {}
        rng = np.random.default_rng(1)
        labels = np.arange(rows) < positives
        comparison, slices, titles = {}, {}, []
        for number, (name, spec) in enumerate(variants.items()):
            seeds = spec.get("seeds", [42])
            for seed in seeds:
                margin = rng.normal(2.0 * labels - 1.5, 1.5).astype(np.float32)
                columns = {
                    "row": np.arange(rows),
                    "label": labels.astype(np.int8),
                    "logit_not": np.zeros(rows, np.float32),
                    "logit_target": margin,
                    "abstained": np.zeros(rows, bool),
                }
                path = folder / f"{name}_{seed}.parquet"
                write_columns(path, columns)
                self.add("predictions", path)
                record = {"seconds": 1.0, "device": "Toy GPU"}
                if spec.get("classifier") != "linear":
                    record["history"] = [
                        {
                            "epoch": float(epoch),
                            "train_loss": 0.6 / epoch,
                            "test_loss": 0.5 + 0.01 * epoch,
                            "test_f1": 0.1 * epoch,
                        }
                        for epoch in (1, 2, 3)
                    ]
                self.write("records", f"{name}_{seed}_training", record)
            figures = scores(margin > 0, labels)
            at_threshold = scores(margin > -0.5, labels)
            at_threshold = {f"{key}_at_threshold": value for key, value in at_threshold.items()}
            metrics = {**figures, **at_threshold, "average_precision": 0.412}
            metrics["expected_calibration_error"] = 0.087
            result = {
                "variant": name,
                "rows": rows,
                "positives": positives,
                "metrics": metrics,
                "intervals": {key: [value - 0.05, value + 0.05] for key, value in metrics.items()},
                "trivial": {
                    "never": scores(np.zeros(rows), labels),
                    "always": scores(np.ones(rows), labels),
                    "prior_random": {"f1": 0.15},
                },
            }
            for split in ("train", "test", "valid"):
                intervals = None if split == "train" else result["intervals"]
                content = {**result, "split": split, "intervals": intervals}
                self.write("metrics", f"{name}_{split}", content)
            chosen = {str(seed): {"threshold": 0.38, "f1": 0.4} for seed in seeds}
            self.write("thresholds", f"{name}_thresholds", {"seeds": chosen})
            counts = {"lines": 500}
            if "min_words" in spec:
                counts["word_counts"] = {"not": {"2": 70, "9": 30}, "target": {"3": 5, "30": 15}}
            self.write("split_counts", f"{name}_counts", counts)
            if number:
                verdict = ("better", "worse", "cannot tell")[number % 3]
                compared = {metric: {"difference": 0.032} for metric in ("f1", "f1_at_threshold")}
                compared[PRIMARY] = {"difference": 0.021, "verdict": verdict}
                comparison[name] = {"compared_with": "base", "metrics": compared}
            slices[name] = {
                "mistaken_speaker": [
                    {
                        "slice": speaker,
                        "rows": 40,
                        "rate": 0.1,
                        "interval": [0.05, 0.15],
                        "count": 4,
                    }
                    for speaker in SPEAKERS
                ],
                "missed": {"rows": positives, "rate": 0.7, "interval": [0.6, 0.8]},
            }
            titles.append(
                {
                    "name": name,
                    "title": spec.get("title", name),
                    "classifier": spec.get("classifier", "encoder"),
                    "min_words": spec.get("min_words"),
                    "seeds": seeds,
                }
            )
        self.write("comparison", "comparison", {"confidence": 0.95, "variants": comparison})
        self.write("slices", "slices", {"confidence": 0.95, "variants": slices})
        self.settings = {
            "question": "target",
            "target_speaker": "dwight",
            "reference": next(iter(variants)),
            "variants": titles,
        }

    def add(self, kind, path):
        self.files.setdefault(kind, []).append(str(path))

    def write(self, kind, name, value):
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(value), encoding="utf-8")
        self.add(kind, path)

    def edit(self, name, change):
        """Apply `change` to the content of a JSON file."""
        path = self.folder / f"{name}.json"
        value = json.loads(path.read_text(encoding="utf-8"))
        change(value)
        path.write_text(json.dumps(value), encoding="utf-8")

    @property
    def arguments(self):
        single = {name: self.files[name][0] for name in ("comparison", "slices")}
        return self.files | single | self.settings

    def figure(self, name):
        """A figure as matplotlib's figure."""
        with plot_style.style():
            return getattr(figures, name)(read_experiment(**self.arguments))

    def drawn(self, *names):
        """The bytes of the figures."""
        paths = {name: str(self.folder / "out" / f"{name}.svg") for name in names}
        draw_figures.main(figures=paths, **self.arguments)
        return {name: (self.folder / "out" / f"{name}.svg").read_bytes() for name in names}


@pytest.fixture
def inputs(tmp_path):
    return Inputs(tmp_path)


@pytest.fixture(scope="module")
def svgs(tmp_path_factory):
    return Inputs(tmp_path_factory.mktemp("inputs")).drawn(*FIGURES)


def texts(svg):
    return [element.text for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


LABELS = {
    "forest": ["F1", ": reference", ": worse (+0.021)", ": cannot tell (+0.021)", "always dwight"],
    "precision_recall": ["recall", "precision", "average precision 0.412", "200 rows, 2 seeds"],
    "calibration": ["share of the rows", "calibration error 0.087", "perfectly calibrated"],
    "training_curves": ["epoch", "loss (nats) and F1", "test F1", "200 rows, 2 seeds"],
    "confusion_by_speaker": ["dwight", *SPEAKERS, "200 rows, 2 seeds"],
    "word_counts": ["share of the class", "cutoff at 6 words", "70 % of 100 lines of the others"],
}
TITLES_SHOWN = {
    "forest": ("plain", "short", "words"),
    "precision_recall": ("plain", "short", "words"),
    "calibration": ("plain", "short", "words"),
    "training_curves": ("plain", "short"),
    "confusion_by_speaker": ("plain", "short", "words"),
    "word_counts": ("short",),
}


def test_there_is_a_drawing_for_every_figure_of_the_workflow():
    assert all(callable(getattr(figures, name)) for name in FIGURES)


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_valid_xml_that_holds_its_words_as_text(name, svgs):
    found = texts(svgs[name])
    titles = [VARIANTS[variant]["title"] for variant in TITLES_SHOWN[name]]
    assert set(titles) <= set(found)
    assert not [label for label in LABELS[name] if label not in "\n".join(found)]


def test_a_figure_names_its_split(svgs):
    for name in ("forest", "precision_recall", "calibration", "confusion_by_speaker"):
        assert any(text.startswith("Test split: ") for text in texts(svgs[name]))


def test_equal_inputs_give_equal_bytes(svgs, inputs):
    assert inputs.drawn(*FIGURES) == svgs


def test_no_figure_says_when_it_was_drawn(svgs):
    assert not any(b"dc:date" in svg for svg in svgs.values())


def test_ids_differ_between_figures_so_that_a_page_can_hold_them_all(svgs):
    clips = [
        {element.get("id") for element in ElementTree.fromstring(svg).iter(f"{SVG}clipPath")}
        for svg in svgs.values()
    ]
    assert all(one and not one & other for one, other in combinations(clips, 2))


def set_at(*path, value):
    def change(content):
        for key in path[:-1]:
            content = content[key]
        content[path[-1]] = value

    return change


FIRST_COUNT = ("mistaken_speaker", 0, "rate")
CHANGES = {
    "F1": ("forest", "short_test", set_at("metrics", "f1", value=0.5)),
    "interval": ("forest", "short_test", set_at("intervals", "f1", value=[0.1, 0.9])),
    "verdict": (
        "forest",
        "comparison",
        set_at("variants", "short", "metrics", PRIMARY, "verdict", value="better"),
    ),
    "trivial classifier": (
        "forest",
        "short_test",
        set_at("trivial", "prior_random", "f1", value=0.2),
    ),
    "point": ("precision_recall", "short_test", set_at("metrics", "recall", value=0.5)),
    "threshold": (
        "calibration",
        "short_thresholds",
        set_at("seeds", "42", "threshold", value=0.7),
    ),
    "temperature": (
        "calibration",
        "short_thresholds",
        lambda chosen: [of.update(temperature=3.0) for of in chosen["seeds"].values()],
    ),
    "loss": ("training_curves", "plain_43_training", set_at("history", 1, "test_loss", value=2.0)),
    "rate": (
        "confusion_by_speaker",
        "slices",
        set_at("variants", "short", *FIRST_COUNT, value=0.12),
    ),
    "missed": (
        "confusion_by_speaker",
        "slices",
        set_at("variants", "short", "missed", "rate", value=0.65),
    ),
    "lines": ("word_counts", "short_counts", set_at("word_counts", "not", "9", value=31)),
}


@pytest.mark.parametrize(("figure", "file", "change"), CHANGES.values(), ids=CHANGES)
def test_a_changed_number_changes_the_drawing(figure, file, change, inputs, svgs):
    inputs.edit(file, change)
    assert inputs.drawn(figure)[figure] != svgs[figure]


@pytest.mark.parametrize("figure", ["precision_recall", "calibration"])
def test_a_changed_prediction_changes_the_drawing(figure, inputs, svgs):
    path = inputs.folder / "words_42.parquet"
    table = pq.read_table(path)
    logits = table["logit_target"].to_numpy().copy()
    logits[0] = -9.0
    table = table.set_column(3, "logit_target", pa.array(logits))
    pq.write_table(table, path)
    assert inputs.drawn(figure)[figure] != svgs[figure]


def points(axes, marker):
    return [line.get_xydata()[0].tolist() for line in axes.lines if line.get_marker() == marker]


def test_of_the_forest_only_the_primary_metric_is_in_the_verdict_s_colour(inputs):
    values = {PRIMARY: 0.45, "f1": 0.25, "f1_at_threshold": 0.35}
    for metric, value in values.items():
        inputs.edit("short_test", set_at("metrics", metric, value=value))
    [axes] = inputs.figure("forest").axes
    rows = [line for line in axes.lines if line.get_marker() in "soD"]
    # Three of the reference, then three of `short`, which is worse than it.
    of_short = rows[3:6]
    assert [line.get_xdata()[0] for line in of_short] == [*values.values()]
    colours = [line.get_color() for line in of_short]
    assert colours == [plot_style.VERMILION, plot_style.GREY, plot_style.GREY]


def test_the_decisions_stand_at_their_recall_and_precision(inputs):
    of_file = json.loads((inputs.folder / "short_test.json").read_text())["metrics"]
    axes = inputs.figure("precision_recall").axes[1]
    assert points(axes, "o") == [[of_file["recall"], of_file["precision"]]]
    at_threshold = [of_file["recall_at_threshold"], of_file["precision_at_threshold"]]
    assert points(axes, "D") == [at_threshold]


def test_one_thin_line_per_seed_and_a_bold_one_for_their_mean(inputs):
    plain, short = inputs.figure("training_curves").axes
    # Three curves of two seeds, and of one seed.
    assert (len(plain.lines), len(short.lines)) == (9, 3)
    inputs.edit("plain_43_training", set_at("history", 1, "test_f1", value=0.6))
    [mean] = [
        line
        for line in inputs.figure("training_curves").axes[0].lines
        if line.get_label() == "test F1"
    ]
    assert mean.get_linewidth() == max(line.get_linewidth() for line in plain.lines)
    assert mean.get_ydata() == pytest.approx([0.1, 0.4, 0.3])


def test_a_seed_that_ended_early_has_a_shorter_line_and_ends_the_mean(inputs):
    inputs.edit("plain_43_training", lambda record: record["history"].pop())
    lines = inputs.figure("training_curves").axes[0].lines
    whole, ended, mean = lines[:3]
    assert np.isfinite(whole.get_ydata()).tolist() == [True, True, True]
    for line in (ended, mean):
        assert np.isfinite(line.get_ydata()).tolist() == [True, True, False]


def test_the_cutoff_stands_between_the_last_dropped_and_the_first_kept_length(inputs):
    [axes] = inputs.figure("word_counts").axes
    assert [line.get_xdata()[0] for line in axes.lines] == [5.5]
    # 70 of 100 lines with two words, 5 of 20 with three.
    assert axes.get_title(loc="left").splitlines() == [
        "Short lines removed",
        "cutoff at 6 words; shorter are",
        "70 % of 100 lines of the others",
        "25 % of 20 lines of dwight",
    ]


def test_only_bins_with_enough_rows_have_a_point_in_the_calibration(inputs):
    for axes, name in zip(inputs.figure("calibration").axes, VARIANTS, strict=True):
        seeds = VARIANTS[name].get("seeds", [42])
        logits = [pq.read_table(inputs.folder / f"{name}_{seed}.parquet") for seed in seeds]
        given = sigmoid(np.concatenate([table["logit_target"].to_numpy() for table in logits]))
        rows, _ = np.histogram(given, bins=np.linspace(0, 1, BINS + 1))
        [drawn] = [line for line in axes.lines if line.get_marker() == "o"]
        assert 0 < len(drawn.get_xdata()) == (rows / len(seeds) >= 20).sum() < BINS


def test_a_comparison_without_a_verdict_shows_its_difference(svgs):
    shown = [text.partition(": ")[2] for text in texts(svgs["forest"]) if "]: " in text]
    assert shown == [
        *["reference"] * 3,
        *["worse (+0.021)", "+0.032", "+0.032"],
        *["cannot tell (+0.021)", "+0.032", "+0.032"],
    ]


def test_a_variant_of_too_few_units_is_neither_better_nor_worse_in_the_forest(inputs):
    path = ("variants", "short", "metrics", PRIMARY, "verdict")
    inputs.edit("comparison", set_at(*path, value="too few"))
    [axes] = inputs.figure("forest").axes
    [found] = [text for text in axes.texts if text.get_text().endswith(": too few (+0.021)")]
    assert found.get_color() == plot_style.GREY


def test_long_lines_share_the_last_bar(inputs):
    counts = {"2": 90, "150": 6, "300": 4}
    inputs.edit("short_counts", set_at("word_counts", "not", value=counts))
    [axes] = inputs.figure("word_counts").axes
    bars = axes.patches[0].get_data().values
    assert (len(bars), bars[2], bars[-1]) == (101, 0.9, 0.1)


def test_every_variant_with_a_cutoff_has_a_panel_of_its_own_lines(tmp_path):
    spec = {"min_words": 4}
    inputs = Inputs(tmp_path, {"one": spec, "none": {}, "two": {"min_words": 6}, "three": spec})
    inputs.edit("three_counts", set_at("word_counts", "not", "9", value=7))
    panels = inputs.figure("word_counts").axes
    assert [axes.lines[0].get_xdata()[0] for axes in panels] == [3.5, 5.5, 3.5]
    # Of the others, 30 of 100 lines have nine words, and 7 of 77.
    shares = [axes.patches[0].get_data().values[9] for axes in panels]
    assert shares == pytest.approx([0.3, 0.3, 7 / 77])


def test_a_split_without_the_target_s_lines_has_a_note_in_place_of_its_curve(tmp_path):
    inputs = Inputs(tmp_path, positives=0)
    for name in VARIANTS:
        for metric in ("f1", "recall", "precision", "f1_at_threshold", "average_precision"):
            inputs.edit(f"{name}_test", set_at("metrics", metric, value=None))
        inputs.edit(f"{name}_test", set_at("trivial", "always", "f1", value=None))
        missed = {"rows": 0, "rate": None, "interval": None}
        inputs.edit("slices", set_at("variants", name, "missed", value=missed))
    drawn = inputs.drawn(*FIGURES)
    assert sum("No curve" in text for text in texts(drawn["precision_recall"])) == 3
    assert texts(drawn["forest"]).count("undefined") == 9


def test_one_class_throughout_and_equal_scores_go_through(inputs):
    for seed in ("plain_42", "plain_43", "short_42"):
        path = inputs.folder / f"{seed}.parquet"
        table = pq.read_table(path)
        logits = pa.array(np.full(len(table), -1.5, np.float32))
        pq.write_table(table.set_column(3, "logit_target", logits), path)
    for metric in ("f1", "recall", "precision"):
        inputs.edit("short_test", set_at("metrics", metric, value=0.0))
    inputs.edit("plain_test", set_at("metrics", "precision", value=None))
    inputs.edit("short_test", set_at("metrics", "expected_calibration_error", value=None))
    inputs.edit("short_test", set_at("intervals", value={}))
    inputs.edit("short_thresholds", set_at("seeds", "42", "threshold", value=None))
    for metric, verdict in ((PRIMARY, {"verdict": "too few"}), ("f1", {})):
        path = ("variants", "short", "metrics", metric)
        inputs.edit("comparison", set_at(*path, value={"difference": None, **verdict}))
    drawn = inputs.drawn(*FIGURES)
    assert sum(text.endswith(": not comparable") for text in texts(drawn["forest"])) == 2
    plain, short, _ = inputs.figure("precision_recall").axes
    # The curve of equal scores is the share of the target.
    assert set(short.lines[-2].get_ydata()) == {0.2}
    assert points(plain, "o") == points(short, "o") == []


def test_an_experiment_of_linear_variants_has_no_training_curves(tmp_path):
    inputs = Inputs(tmp_path, {"only": {"classifier": "linear"}})
    assert any("No variant" in text for text in texts(*inputs.drawn("training_curves").values()))


LONG = "A variant whose title says at length what it does to the lines"
SIZES = {
    "one variant": {"only": {"min_words": 6}},
    "two variants": {"one": {"seeds": [1, 2, 3]}, "two": {"title": LONG, "min_words": 6}},
    "four variants": {f"v{number}": {"min_words": 3 + number} for number in range(4)},
    "twelve variants": {
        f"v{number}": {
            "title": f"{number}. {LONG}",
            "seeds": [1, 2],
            "min_words": 6,
            "classifier": "linear" if number % 4 == 3 else "encoder",
        }
        for number in range(12)
    },
    "titles of 200 letters": {
        "words": {"title": "word $x_1$ <b> & " * 12, "min_words": 6},
        "one_word": {"title": "Donaudampfschiff" * 13, "min_words": 7},
        "linear": {"title": "Linear, of all letters. " * 9, "classifier": "linear"},
    },
}


@pytest.mark.parametrize("variants", SIZES.values(), ids=SIZES)
def test_no_text_is_cut_off_or_covers_another(variants, tmp_path, monkeypatch):
    inputs = Inputs(tmp_path, variants)
    inputs.settings["target_speaker"] = "dwight kurt schrute the third"
    inputs.edit("slices", lambda slices: rename(slices, "jim", "jim halpert, assistant manager"))
    drawn, draw = [], Text.draw
    monkeypatch.setattr(Text, "draw", lambda text, to: drawn.append(text) or draw(text, to))
    for name in FIGURES:
        figure = inputs.figure(name)
        drawn.clear()
        FigureCanvasAgg(figure).draw()
        shown = [text for text in drawn if text.get_visible() and text.get_text().strip()]
        words = [text.get_text() for text in shown]
        boxes = np.array([text.get_window_extent().extents for text in shown])
        low, high = boxes[:, :2], boxes[:, 2:]
        cut_off = (low < 0).any(axis=1) | (high > figure.bbox.max).any(axis=1)
        assert not cut_off.any(), f"{name}: {words[np.argmax(cut_off)]!r} is cut off"
        # Of the white space around letters a pixel on each side may be shared.
        covers = (low[:, None] + 1 < high - 1).all(axis=2)
        covers &= covers.T & ~np.eye(len(shown), dtype=bool)
        pairs = [(words[one], words[other]) for one, other in np.argwhere(covers)]
        assert not pairs, f"{name}: one of these covers the other: {pairs[0]}"


def rename(slices, old, new):
    for of_variant in slices["variants"].values():
        for each in of_variant["mistaken_speaker"]:
            if each["slice"] == old:
                each["slice"] = new


def test_a_matplotlibrc_of_the_user_s_own_changes_nothing(svgs, inputs):
    import matplotlib

    with matplotlib.rc_context({"font.size": 30, "lines.linewidth": 9, "axes.facecolor": "red"}):
        assert inputs.drawn("forest")["forest"] == svgs["forest"]
