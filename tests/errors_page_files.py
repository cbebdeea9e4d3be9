"""A made-up experiment with its metric files and its page of errors, for either question."""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import evaluate_splits
import numpy as np
import pandas as pd
import write_errors_page

from whosaid.evaluation.abstention import abstention_logits
from whosaid.evaluation.mean_prediction import READERS, mean_prediction
from whosaid.evaluation.prediction_files import write_split
from whosaid.evaluation.surest_rows import surest_rows
from whosaid.evaluation.watched_metrics import WATCHED
from whosaid.training.word_weights import words_of

REPORT = Path(write_errors_page.__file__).parents[1] / "report"
TABULATOR = REPORT / "vendored" / "tabulator"
TEMPLATE = REPORT / "errors" / "page.html"
STYLES = [TABULATOR / "tabulator_simple.min.css", REPORT / "errors" / "page.css"]
NAMES = ("rows", "filters", "words", "scene", "table")
OWN_SCRIPTS = [REPORT / "errors" / f"{name}.js" for name in NAMES]
SCRIPTS = [TABULATOR / "tabulator.min.js", *OWN_SCRIPTS]

SPLITS = ("train", "test", "valid")
SPEAKERS = ["dwight", "jim", "<u>pam</u>"]
NASTY = [
    '</script><script>document.title = "broken"</script>',
    "<b>bold</b> & <img src=x onerror=\"document.title = 'broken'\"> <!-- 'quoted' -->",
    "Zoë says \u2028 \\u003c 🙂",
]
TAG = "[<i>Ken</i> Kwapis]"
VARIANTS = [
    {"name": "plain", "title": "Plain", "seeds": [42, 43, 44]},
    {"name": "long", "title": "Long <i>lines</i>", "seeds": [42, 43, 44]},
    {"name": "floor", "title": "Floor", "seeds": [42]},
]
"""The second abstains on lines of two words or less; the last has no word weights."""


class Made(NamedTuple):
    """The path of a page, the metric files by variant and split, and the lines."""

    page: Path
    metrics: dict[tuple[str, str], dict[str, Any]]
    lines: pd.DataFrame

    @property
    def text(self) -> str:
        return self.page.read_text(encoding="utf-8")

    @property
    def data(self) -> dict[str, Any]:
        return data_of(self.text)


def data_of(text: str) -> dict[str, Any]:
    """The columns that a page holds."""
    [found] = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    return json.loads(found)


def made_up_lines(count: int = 300) -> pd.DataFrame:
    """Lines in scenes of six, whose row numbers have gaps."""
    chance = np.random.default_rng(1)
    words = ["beets", "paper", "the", "office", "party"]
    texts = [" ".join(chance.choice(words, chance.integers(1, 12))) for _ in range(count)]
    number = np.arange(count)
    return pd.DataFrame(
        {
            "row": 2 * number + 10,
            "season": number // 150 + 1,
            "episode": number // 30 % 5 + 1,
            "scene": number // 6 + 1,
            "speaker": chance.choice(SPEAKERS, count, p=[0.3, 0.5, 0.2]),
            "line": [*NASTY, *texts[len(NASTY) :]],
        }
    )


def write_words(path, variant, question, predictions, lines, names):
    """Write the file of `weigh_words` with made-up weights; the last word of a line is TAG."""
    mean = mean_prediction(READERS[question](predictions))
    chance = np.random.default_rng(3)
    texts = dict(zip(lines["row"], lines["line"] + f" {TAG}", strict=True))
    rows = []
    for kind, place in surest_rows(mean, question):
        text, predicted = texts[mean.row[place]], names[mean.predicted[place]]
        rows.append(
            {
                "row": int(mean.row[place]),
                "kind": kind,
                "predicted": predicted,
                "confidence": float(mean.confidence[place]),
                "evidence_for": names[1] if question == "target" else predicted,
                "text": text,
                "words": [
                    {"word": text[start:end], "start": start, "end": end, "weight": weight}
                    for start, end in words_of(text, [TAG])
                    for weight in chance.normal(0, 1, 1).round(3).tolist()
                ],
            }
        )
    unit = "log odds" if question == "target" else "log probability"
    found = {"variant": variant["name"], "split": "test", "unit": unit, "rows": rows}
    Path(path).write_text(json.dumps(found), encoding="utf-8")


def make_page(
    folder: Path, question: str = "target", lines: pd.DataFrame | None = None, **changes: Any
) -> Made:
    """Write the page of three variants into the folder, and their metric files."""
    lines = made_up_lines() if lines is None else lines
    folder.mkdir(exist_ok=True)
    lines.to_parquet(folder / "lines.parquet")
    names = ["not_dwight", "dwight"] if question == "target" else SPEAKERS
    labels = lines["speaker"].map(SPEAKERS.index).to_numpy()
    labels = (labels == 0).astype(int) if question == "target" else labels
    chance = np.random.default_rng(2)
    nasty = np.arange(len(NASTY))
    dealt = chance.permutation(np.arange(len(NASTY), len(lines)))
    splits = {name: dealt[number::3] for number, name in enumerate(SPLITS)}
    splits["test"] = np.concatenate([splits["test"], nasty])
    is_short = lines["line"].str.split().str.len().to_numpy() < 3
    paths: dict[str, list[str]] = {name: [] for name in SPLITS}
    metrics, words = {}, []
    for variant in VARIANTS:
        of_seeds = {name: [] for name in SPLITS}
        scores = []
        for seed in variant["seeds"]:
            watched = {}
            for name, rows in splits.items():
                abstained = is_short[rows] & (variant["name"] == "long")
                logits = chance.normal(0, 1.5, (len(rows), len(names)))
                logits[np.arange(len(rows)), labels[rows]] += 1
                counts = {"of_labels": np.bincount(labels[is_short], minlength=len(names))}
                logits[abstained] = abstention_logits(counts, question == "target")
                path = folder / f"{variant['name']}_{seed}_{name}.parquet"
                columns = (lines["row"].to_numpy()[rows], labels[rows], logits, abstained)
                decided = write_split(question, path, *columns, names)
                of_seeds[name].append(str(path))
                watched[name] = {
                    metric.name: float(metric.score(labels[rows], decided))
                    for metric in WATCHED[question]
                }
            scores.append(str(folder / f"{variant['name']}_{seed}.json"))
            Path(scores[-1]).write_text(json.dumps(watched))
        files = {name: folder / f"{variant['name']}_{name}.json" for name in SPLITS}
        evaluate_splits.main(
            predictions=of_seeds,
            scores=scores,
            lines=str(folder / "lines.parquet"),
            metrics=files,
            thresholds=str(folder / "thresholds.json") if question == "target" else None,
            experiment="toy",
            question=question,
            variant=variant["name"],
            seeds=variant["seeds"],
            unit="row",
            is_baseline=variant["name"] == "floor",
            published=None,
            other_question=False,
            bootstrap={"confidence": 0.95, "resamples": 10, "seed": 1},
        )
        if variant["name"] != "floor":
            words.append(str(folder / f"{variant['name']}_words.json"))
            write_words(words[-1], variant, question, of_seeds["test"], lines, names)
        for name in SPLITS:
            paths[name] += of_seeds[name]
            metrics[variant["name"], name] = json.loads(files[name].read_text())
    arguments = {
        "test": paths["test"],
        "valid": paths["valid"],
        "lines": str(folder / "lines.parquet"),
        "words": words,
        "template": str(TEMPLATE),
        "styles": [*map(str, STYLES)],
        "scripts": [*map(str, SCRIPTS)],
        "notice": str(TABULATOR / "LICENSE"),
        "page": str(folder / "errors.html"),
        "experiment": "toy",
        "question": question,
        "target_speaker": "dwight" if question == "target" else None,
        "reference": "plain",
        "variants": VARIANTS,
    }
    write_errors_page.main(**arguments | changes)
    return Made(folder / "errors.html", metrics, lines)
