"""The question which of the main speakers says a line, from the CSV to the report."""

import copy
import json
import re

import numpy as np
import pandas as pd
import pytest
from addresses import unaddressed
from configs import SMALL
from isolated import answers
from tree import run_project

from whosaid.config.output_paths import FIGURES
from whosaid.evaluation.class_predictions import read_class_predictions
from whosaid.tokens.tokenize_texts import read_split

pytestmark = pytest.mark.slow

TARGETS = "results/summary.md results/report.html results/tiny/errors.html results/audit.md"

SPEAKERS = copy.deepcopy(SMALL)
SPEAKERS["corpus"] |= {
    "question": "speakers",
    "target_speaker": None,
    "top_speakers": 4,
    "other_speakers": "class",
}
SPEAKERS["defaults"]["training"]["num_train_epochs"] = 1
SPEAKERS["variants"] = {
    "basic": {"min_words": 4, "min_words_scope": "train"},
    "balanced": {
        "resample": {"undersample_to": 0.2, "oversample_to": 0.5},
        "training": {"class_weight": "balanced", "seeds": [1, 2]},
    },
    "words": {"classifier": "linear", "calibration": "temperature"},
    "all": {"classifier": "ensemble", "ensemble": {"members": ["basic", "balanced", "words"]}},
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A finished experiment about five classes: two variants, a baseline, an ensemble of all."""
    return run_project(tmp_path_factory.mktemp("speakers") / "whosaid", SPEAKERS, TARGETS)


def metrics(tree, variant, split="test"):
    path = tree.root / "results" / "tiny" / "metrics" / variant / f"{split}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_classes_are_the_most_frequent_speakers_and_the_others(made):
    lines = pd.read_parquet(made.root / "data/tiny/lines.parquet").set_index("row")["speaker"]
    top = lines.value_counts().index[:4].tolist()
    rows = read_split(made.root / "data/tiny/splits/words/test.parquet")
    assert rows.features["label"].names == [*top, "others"]
    said = lines.loc[rows["row"]]
    speakers = said.where(said.isin(top), "others")
    assert [rows.features["label"].names[label] for label in rows["label"]] == speakers.tolist()
    assert "others" in set(speakers) and top[0] in set(speakers)


def test_the_model_names_its_classes(made):
    config = made.root / "data/tiny/models/balanced/seed_1/config.json"
    named = json.loads(config.read_text(encoding="utf-8"))["id2label"]
    assert list(named.values()) == metrics(made, "balanced")["labels"]
    features = made.root / "data/tiny/models/words/seed_42/features.json"
    assert json.loads(features.read_text(encoding="utf-8"))["id2label"] == named


def test_the_metrics_are_those_of_the_stored_predictions(made):
    of_variants = {"basic": [42], "balanced": [1, 2], "words": [42], "all": [42]}
    for variant, seeds in of_variants.items():
        folder = made.root / "results/tiny/predictions" / variant
        found = read_class_predictions([folder / f"seed_{s}" / "test.parquet" for s in seeds])
        accuracy = (found.decide() == found.label).mean(axis=1)
        written = metrics(made, variant)
        assert [written["seeds"][str(s)]["accuracy"] for s in seeds] == pytest.approx(accuracy)
        low, high = written["intervals"]["macro_f1"]
        assert low < written["metrics"]["macro_f1"] < high
        assert np.sum(written["confusion_matrix"]) == written["rows"] == len(found.label)


def test_a_row_that_is_too_short_gets_the_class_of_most_short_rows(made):
    path = made.root / "results/tiny/predictions/basic/seed_42/test.parquet"
    found = read_class_predictions([path])
    counts = json.loads((made.root / "data/tiny/splits/basic/split_counts.json").read_text())
    most = int(np.argmax(counts["abstained_in_train"]["of_labels"]))
    assert found.abstained.any()
    assert set(found.decide()[0][found.abstained]) == {most}


def test_valid_is_said_to_choose_the_temperature_of_a_calibrated_variant(made):
    """It once read "Nothing is chosen on it." although the temperature was."""
    folder = made.root / "results/tiny/metrics"
    roles = {
        name: json.loads((folder / name / "valid.json").read_text(encoding="utf-8"))["role"]
        for name in ("words", "basic")
    }
    assert "chooses the temperature" in roles["words"]
    assert roles["basic"] == "Held out. Nothing is chosen on it."


def test_small_classes_are_repeated_and_large_ones_cut(made):
    counts = json.loads((made.root / "data/tiny/splits/balanced/split_counts.json").read_text())
    of_labels = counts["train"]["of_labels"]
    assert min(of_labels) >= 0.5 * max(of_labels) - 1
    plain = json.loads((made.root / "data/tiny/splits/words/split_counts.json").read_text())
    smallest = min(plain["train"]["of_labels"])
    assert max(of_labels) <= round(smallest / 0.2)


def test_every_number_of_the_page_has_its_address_and_what_does_not_apply_is_not_shown(made):
    assert unaddressed(made.root) == []
    page = (made.root / "results/summary.md").read_text(encoding="utf-8")
    assert "who said it, of 5 classes?" in page
    assert "threshold" not in page and "words is calibrated: its logits" in page
    comparison = json.loads((made.root / "results/tiny/comparison.json").read_text())
    assert comparison["tests"] == {"variants": 4, "baselines": 2}
    for compared in comparison["variants"].values():
        for metric in ("macro_f1", "accuracy"):
            verdict, (low, high) = (compared["metrics"][metric][k] for k in ("verdict", "interval"))
            assert (verdict in ("better", "worse")) == (low > 0 or high < 0)


def test_the_figures_are_drawn_and_stand_in_the_report(made):
    report = (made.root / "results/report.html").read_text(encoding="utf-8")
    for name in FIGURES["speakers"]:
        assert (made.root / f"results/tiny/figures/{name}.svg").is_file()
        assert f'<figure id="{name}">' in report
    assert "<title>tiny: who said it, of 5 classes?</title>" in report


def test_every_model_has_its_row_in_the_report(made):
    report = (made.root / "results/report.html").read_text(encoding="utf-8")
    models = report.partition('<h2 id="the-models">')[2].partition("</table>")[0]
    rows = [re.findall("<td[^>]*>(.*?)</td>", row) for row in models.split("<tr>")[2:]]
    seeds = [("basic", "42"), ("balanced", "1"), ("balanced", "2"), ("words", "42"), ("all", "42")]
    assert [tuple(row[:2]) for row in rows] == seeds
    assert [row[5].partition(" (")[0] for row in rows] == ["1 of 1"] * 3 + ["—"] * 2


def test_an_exported_model_names_the_speakers_and_gives_the_stored_probabilities(made):
    exported = made.run("make export VARIANT=balanced SEED=2 2>&1")
    assert exported.returncode == 0, exported.stdout
    folder = made.root / "results/tiny/export/balanced/seed_2"
    path = made.root / "results/tiny/predictions/balanced/seed_2/test.parquet"
    stored = read_class_predictions([path])
    texts = pd.read_parquet(made.root / "data/tiny/splits/balanced/test.parquet")["text"][:40]
    for said, expected in zip(
        answers(folder, texts.tolist()), np.exp(stored.log_probabilities[0]), strict=False
    ):
        assert [said[name] for name in stored.names] == pytest.approx(expected, abs=1e-5)
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert f"of 5 classes: {', '.join(stored.names)}" in card and "threshold" not in card


def test_a_card_says_on_which_lines_the_figures_are_not_the_models(made):
    exported = made.run("make export VARIANT=basic 2>&1")
    assert exported.returncode == 0, exported.stdout
    card = (made.root / "results/tiny/export/basic/seed_42/README.md").read_text(encoding="utf-8")
    count = metrics(made, "basic")["abstained"]["rows"]
    assert f"On {count} of them, which are too short for the model" in card
    assert "It has learned from lines of at least 4 words." in card


def test_verify_finds_every_output_whole(made):
    run = made.run("snakemake --cores 1 verify 2>&1")
    assert run.returncode == 0, run.stdout
