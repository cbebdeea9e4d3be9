"""What is printed about a line is what the stored models say of it."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from whosaid.caching.manifest import write_manifest
from whosaid.config.parse import merge, parse_config, read_config_file
from whosaid.errors import InputError
from whosaid.reporting import ask
from whosaid.training.linear_model import fit, load_model, save_model

BASE = Path(__file__).parents[3] / "config" / "config.yaml"
TEXTS = ["beets on the farm", "paper in the office", "a farm of beets", "an office of paper"] * 4
LINE = "paper on the farm"
THRESHOLD = 0.01


def config_of(**changes):
    only = dict.fromkeys(("basic_distilbert", "basic_roberta", "rebalanced_distilbert"))
    only |= dict.fromkeys(("low_cutoff_distilbert", "length_only", "metadata_only"))
    return parse_config(merge(read_config_file(str(BASE)), {"variants": only} | changes))


def make_linear(folder, names):
    labels = np.array([n % len(names) for n in range(len(TEXTS))])
    linear = {"features": ["word_ngrams"], "C": 1.0, "class_weight": None}
    folder.mkdir(parents=True)
    save_model(fit({"text": TEXTS}, labels, linear), folder, names)
    write_manifest(folder, key=None)
    return load_model(folder).logits({"text": [LINE]})[0]


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def cells(text):
    return [[cell.strip() for cell in row.split("|")[1:-1]] for row in text.splitlines()]


def test_the_row_of_a_model_says_what_it_says_and_what_its_threshold_makes_of_it(place):
    logits = make_linear(place / "data/demo/models/tfidf/seed_42", ["not_dwight", "dwight"])
    thresholds = {"seeds": {"42": {"threshold": THRESHOLD}}}
    (place / "data/demo/models/tfidf/thresholds.json").write_text(json.dumps(thresholds))
    config = config_of()
    models = ask.trained_models(config, None)
    assert [(model.variant, model.seed) for model in models] == [("tfidf", 42)]
    header, _, row = cells(ask.answer_table(config, models, LINE, {}))
    assert header[3] == "probability of dwight"
    probability = 1 / (1 + np.exp(-logits[1]))
    expected = "dwight" if probability >= 0.5 else r"not\_dwight"
    assert row[:4] == ["TF-IDF", "42", expected.replace("\\", ""), f"{probability:.3f}"]
    assert row[5] == f"dwight ({THRESHOLD:.3f})"


def test_with_a_class_for_each_speaker_the_best_three_are_named(place):
    logits = make_linear(place / "data/demo/models/tfidf/seed_42", ["ann", "bob", "carl", "dora"])
    config = config_of(corpus={"question": "speakers"})
    [*_, row] = cells(ask.answer_table(config, ask.trained_models(config, "tfidf"), LINE, {}))
    shares = np.exp(logits) / np.exp(logits).sum()
    order = np.argsort(-shares, kind="stable")
    names = np.array(["ann", "bob", "carl", "dora"])[order]
    assert row[2:4] == [names[0], f"{shares[order[0]]:.3f}"]
    assert row[4] == f"{names[1]} {shares[order[1]]:.3f}, {names[2]} {shares[order[2]]:.3f}"


def test_a_text_is_annotated_with_the_values_that_are_given_and_short_lines_are_told():
    config = config_of(variants={"low_cutoff_distilbert": {}})
    name = "augmented_vocab_distilbert"
    assert ask.lines_for(config, name, LINE, {})["text"] == [LINE]
    values = {"directed_by": "Ken", "writer1": "Mindy"}
    assert ask.lines_for(config, name, LINE, values)["text"] == [f"{LINE} [Ken] [Mindy]"]
    assert ask.is_too_short(config, "low_cutoff_distilbert", "Too short.")
    assert not ask.is_too_short(config, "low_cutoff_distilbert", "This is one of enough words.")


def test_what_cannot_be_asked_is_refused_in_a_line(place):
    config = config_of()
    with pytest.raises(InputError, match=r"VARIANT=none: no variant; choose from .*tfidf"):
        ask.trained_models(config, "none")
    with pytest.raises(InputError, match=r"no trained model; make the target results/summary.md"):
        ask.trained_models(config, None)
    with pytest.raises(InputError, match="directed_by=Ken Kwapis"):
        dict(ask.read_values(["Ken Kwapis"]))


def test_the_command_line_prints_the_table(place, monkeypatch, capsys):
    make_linear(place / "data/mine/models/tfidf/seed_42", ["not_dwight", "dwight"])
    (place / "overlay.yaml").write_text(yaml.safe_dump({"experiment": "mine"}))
    monkeypatch.setattr(ask, "BASE", str(BASE))
    command = ["ask", f"--line={LINE}", "--variant", "", "--configfile", "overlay.yaml"]
    monkeypatch.setattr("sys.argv", command)
    ask.main()
    assert "| TF-IDF" in capsys.readouterr().out
