"""The JSON files of a made-up experiment, as the stages before the summary write them."""

import json
import random
from pathlib import Path

import numpy as np

from whosaid.evaluation.predictions import write_predictions
from whosaid.evaluation.published_metrics import PUBLISHED_METRICS

SPLITS = ("train", "test", "valid")
WATCHED = ("accuracy", "f1", "precision", "recall")
METRICS = (*WATCHED, "loss", "balanced_accuracy", "average_precision")
METRICS += tuple(f"{name}_at_threshold" for name in WATCHED)
PRIMARY = "average_precision"
COMPARED = (PRIMARY, "f1", "f1_at_threshold", "accuracy")
UNITS = ("row", "scene", "episode")
ROLES = {
    "train": "Learned from.",
    "test": "Held out: watched after each epoch, decides nothing.",
    "valid": "Held out from learning: chooses the decision threshold.",
}
FIGURES = ("forest", "precision_recall", "word_counts")
HISTORY = [
    {"epoch": number, "test_f1": f1, "test_macro_f1": f1}
    for number, f1 in enumerate((0.2, 0.6, 0.6, 0.5), start=1)
]
"""What is recorded of the epochs of every training."""

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="30"><text y="20">{}</text></svg>\n'
)


def scores(decisions, labels):
    """The published metrics by scikit-learn, as `scores.json` has them of a split."""
    return {
        metric.name: float(metric.score(np.asarray(labels, int), np.asarray(decisions, int)))
        for metric in PUBLISHED_METRICS
    }


def write_columns(path, columns):
    """Write one file of predictions from its columns by name."""
    logits = np.column_stack([columns["logit_not"], columns["logit_target"]])
    write_predictions(path, columns["row"], columns["label"], logits, columns["abstained"])


def interval(value, width=0.03):
    return [value - width, value + width]


def trivial(rows, positives, prior):
    def scores(hits, wrong):
        missed = positives - hits
        return {
            "accuracy": (rows - wrong - missed) / rows,
            "f1": 2 * hits / (2 * hits + wrong + missed),
            "precision": hits / (hits + wrong) if hits + wrong else 0.0,
            "recall": hits / positives,
            "average_precision": positives / rows,
        }

    negatives = rows - positives
    return {
        "never": scores(0, 0),
        "always": scores(positives, negatives),
        "prior_random": scores(prior * positives, prior * negatives),
    }


def metric_file(variant, split, rows, positives, prior=0.17, seeds=(42,), published=False):
    """A metric file with numbers that depend on the names alone."""
    chance = random.Random(f"{variant} {split}")
    metrics = {name: chance.uniform(0.2, 0.9) for name in METRICS}
    figures = {name: chance.uniform(0.2, 0.9) for name in WATCHED}
    many = len(seeds) > 1
    return {
        "experiment": "toy",
        "variant": variant,
        "split": split,
        "role": ROLES[split],
        "rows": rows,
        "positives": positives,
        "abstained": {"rows": 0, "positives": 0},
        "refused": {"rows": 0, "positives": 0},
        "metrics": metrics,
        "answered": None,
        "spread": {name: chance.uniform(0.001, 0.02) if many else None for name in METRICS},
        "seeds": {str(seed): metrics for seed in seeds},
        "unit": "row",
        "intervals": {name: interval(value) for name, value in metrics.items()}
        if split != "train"
        else None,
        "threshold_beta": 1.0,
        "standard_error_by_unit": {unit: chance.uniform(0.01, 0.04) for unit in UNITS}
        if split == "test"
        else None,
        "in_train": {"rows": rows // 5, "share": rows // 5 / rows},
        "trivial": trivial(rows, positives, prior),
        "published": figures if published else None,
        "difference": {k: metrics[k] - figures[k] for k in figures} if published else None,
        "notes": [],
    }


def comparison_of(variant, rows, track, compared_with, family="variants", seeds=(42,)):
    chance = random.Random(f"{variant} compared")
    metrics = {}
    for name in COMPARED:
        difference = chance.uniform(-0.09, 0.09)
        low, high = interval(difference)
        metrics[name] = {
            "variant": 0.4 + difference,
            "reference": 0.4,
            "difference": difference,
            "interval": [low, high],
            "smallest_detectable_difference": 0.042,
        }
        if name == PRIMARY:
            verdict = "better" if low > 0 else "worse" if high < 0 else "cannot tell"
            metrics[name] |= {"p": 0.02, "p_corrected": 0.04, "verdict": verdict}
    return {
        "family": family,
        "track": track,
        "compared_with": compared_with,
        "rows": rows,
        "positives": rows // 6,
        "unit": "row",
        "units": rows // 6,
        "about": "recipe" if len(seeds) > 1 else "one model",
        "notes": [],
        "metrics": metrics,
    }


def slices_of(variant, rows):
    chance = random.Random(f"{variant} sliced")

    def entry(label, rows):
        metrics = {name: chance.uniform(0.2, 0.9) for name in WATCHED}
        of_metrics = {name: interval(value) for name, value in metrics.items()}
        counts = {"slice": label, "rows": rows, "positives": rows // 6}
        return counts | {"metrics": metrics, "intervals": of_metrics}

    def speaker(label, rate):
        return {"slice": label, "rows": rows // 4, "rate": rate, "interval": interval(rate)}

    return {
        "word_count": [entry("1-5", rows // 3), entry("6-10", rows // 3), entry("11+", rows // 3)],
        "season": [entry("1", rows // 2), entry("2", rows - rows // 2)],
        "columns": {"filmed_in": [entry("a barn", rows // 2), entry("2 others", rows // 2)]},
        "mistaken_speaker": [
            speaker(name, rate) for name, rate in (("michael", 0.3), ("a|b", 0.2), ("pam", 0.1))
        ],
        "missed": {"rows": rows // 6, "rate": 0.6, "interval": interval(0.6)},
    }


class Experiment:
    """The files below `root` and the settings of an experiment; tests change both.

    `rows` are those of each variant's test split; train has twice as many. The `baselines` are
    those of the variants that need no encoder. `tracks` are those of variants that know more than
    the line; the first variant of each track is compared with none.
    """

    def __init__(
        self,
        root: Path,
        rows: dict[str, int],
        seeds=(42,),
        published=(),
        titles=None,
        baselines=(),
        tracks=None,
    ):
        self.root, self.files, self.names = root, {}, list(rows)
        self.settings = {
            "experiment": "toy",
            "question": "target",
            "target_speaker": "dwight",
            "reference": self.names[0],
            "split_seed": 27,
            "division": "splits",
            "ignore_warnings": [],
            "variants": [
                {
                    "name": name,
                    "title": (titles or {}).get(name, name.title()),
                    "seeds": list(seeds),
                    "is_baseline": name in baselines,
                    "track": (tracks or {}).get(name, "A"),
                    "published_seconds": 588 if name in published else None,
                }
                for name in rows
            ],
        }
        self.metrics, self.records, self.runtimes = [], [], []
        for name, of_test in rows.items():
            for split in SPLITS:
                count = 2 * of_test if split == "train" else of_test
                content = metric_file(
                    *(name, split, count, count // 6), seeds=seeds, published=name in published
                )
                self.metrics.append(self.add(f"results/toy/metrics/{name}/{split}.json", content))
            for number, seed in enumerate(seeds):
                path = f"data/toy/models/{name}/seed_{seed}/training.json"
                record = {"seed": seed, "device": "CPU (2 threads)", "seconds": 587.6 + number}
                record |= {"precision": "float32", "versions": {"torch": "2.13.0"}}
                record["history"] = [] if name in baselines else HISTORY
                self.records.append(self.add(path, record))
                runtime = {split: {"seconds": 0.5, "rows_per_second": 800} for split in SPLITS}
                path = f"results/toy/predictions/{name}/seed_{seed}/runtime.json"
                self.runtimes.append(self.add(path, runtime))
        of_variants = {name: (tracks or {}).get(name, "A") for name in self.names}
        first = {track: name for name, track in reversed(of_variants.items())}
        families = {
            name: "baselines" if name in baselines else "variants"
            for name, track in of_variants.items()
            if name != first[track]
        }
        others = {
            name: comparison_of(name, rows[name], track, first[track], family, seeds)
            for name, family in families.items()
            for track in [of_variants[name]]
        }
        tests = {kind: [*families.values()].count(kind) for kind in ("variants", "baselines")}
        comparison = {
            "experiment": "toy",
            "split": "test",
            "reference": self.names[0],
            "primary": PRIMARY,
            "confidence": 0.95,
            "resamples": 1000,
            "tests": tests,
            "correction": "Bonferroni, over the variants and over the baselines",
            "variants": others,
        }
        self.comparison = self.add("results/toy/comparison.json", comparison)
        sliced = {name: slices_of(name, of_test) for name, of_test in rows.items()}
        slices = {"experiment": "toy", "split": "test", "confidence": 0.95, "variants": sliced}
        self.slices = self.add("results/toy/slices.json", slices)
        corpus = {"csv": "script_data.csv", "rows": 54321, "files": {"script_data.csv": 64 * "a"}}
        self.corpus = self.add("data/toy/corpus.json", corpus)

    def add(self, path, content):
        self.files[path] = content
        return path

    def metric_file(self, variant, split="test"):
        return self.files[f"results/toy/metrics/{variant}/{split}.json"]

    def compared(self, variant):
        return self.files[self.comparison]["variants"][variant]

    def figure(self, name):
        return f"results/toy/figures/{name}.svg"

    def write(self):
        """Write every file; the stages are to be run in `root`."""
        for path, content in self.files.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(json.dumps(content), encoding="utf-8")
        for name in FIGURES:
            (self.root / self.figure(name)).parent.mkdir(parents=True, exist_ok=True)
            (self.root / self.figure(name)).write_text(SVG.format(name), encoding="utf-8")

    def summarize(self):
        """Run the stage `summarize` and return the page."""
        import summarize

        self.write()
        summarize.main(
            corpus=self.corpus,
            metrics=self.metrics,
            records=self.records,
            comparison=self.comparison,
            figures=[self.figure(name) for name in FIGURES],
            summary="results/summary.md",
            kept=f"results/{self.settings['experiment']}/summary.md",
            numbers="results/summary.json",
            **self.settings,
        )
        return (self.root / "results" / "summary.md").read_text(encoding="utf-8")
