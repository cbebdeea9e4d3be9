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
from whosaid.reporting.answers import answer_tables
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


def asked(config, variant=None, line=LINE, **values):
    """The cells of the table that the models of the config answer with."""
    corpus, models = config.corpus, ask.trained_models(config, variant)
    given = (corpus.question, corpus.target, corpus.word_tokenizer, None)
    [table] = answer_tables(models, [line], values, *given)
    return cells(table)


def cells(text):
    return [[cell.strip() for cell in row.split("|")[1:-1]] for row in text.splitlines()]


def test_the_row_of_a_model_says_what_it_says_and_what_its_threshold_makes_of_it(place):
    logits = make_linear(place / "data/demo/models/tfidf/seed_42", ["not_dwight", "dwight"])
    thresholds = {"seeds": {"42": {"threshold": THRESHOLD}}}
    (place / "data/demo/models/tfidf/thresholds.json").write_text(json.dumps(thresholds))
    config = config_of()
    [model] = ask.trained_models(config, None)
    assert (model.title, model.seed, model.threshold) == ("TF-IDF", 42, THRESHOLD)
    header, _, row = asked(config)
    assert header[3] == "probability of dwight"
    probability = 1 / (1 + np.exp(-logits[1]))
    expected = "dwight" if probability >= 0.5 else r"not\_dwight"
    assert row[:4] == ["TF-IDF", "42", expected.replace("\\", ""), f"{probability:.3f}"]
    assert row[5] == f"dwight ({THRESHOLD:.3f})"


@pytest.mark.parametrize("question", ["target", "speakers"])
def test_a_calibrated_model_says_calibrated_probabilities(question, place):
    names = ["not_dwight", "dwight"] if question == "target" else ["ann", "bob", "carl"]
    logits = make_linear(place / "data/demo/models/tfidf/seed_42", names)
    chosen = {"temperature": 4.0} | ({"threshold": 0.5} if question == "target" else {})
    path = place / "data/demo/models/tfidf/thresholds.json"
    path.write_text(json.dumps({"seeds": {"42": chosen}}))
    given = {"corpus": {"question": "speakers"}} if question == "speakers" else {}
    config = config_of(**given, defaults={"calibration": "temperature"})
    [*_, row] = asked(config, "tfidf")
    shares = np.exp(logits / 4) / np.exp(logits / 4).sum()
    assert row[3] == f"{shares[1] if question == 'target' else shares.max():.3f}"


def test_with_a_class_for_each_speaker_the_best_three_are_named(place):
    logits = make_linear(place / "data/demo/models/tfidf/seed_42", ["ann", "bob", "carl", "dora"])
    config = config_of(corpus={"question": "speakers"})
    [*_, row] = asked(config, "tfidf")
    shares = np.exp(logits) / np.exp(logits).sum()
    order = np.argsort(-shares, kind="stable")
    names = np.array(["ann", "bob", "carl", "dora"])[order]
    assert row[2:4] == [names[0], f"{shares[order[0]]:.3f}"]
    assert row[4] == f"{names[1]} {shares[order[1]]:.3f}, {names[2]} {shares[order[2]]:.3f}"


def test_a_model_reads_the_columns_that_are_given_and_the_others_are_empty(place):
    folder = place / "data/demo/models/metadata_only/seed_42"
    folder.mkdir(parents=True)
    names = {"directed_by": ["Ken", "Paul"] * 8}
    linear = {"features": ["directed_by"], "C": 1.0, "class_weight": None}
    labels = np.array([0, 1] * 8)
    save_model(fit(names, labels, linear), folder, ["not_dwight", "dwight"])
    write_manifest(folder, key=None)
    features = {"classifier": "linear", "linear": linear}
    config = config_of(variants={"metadata_only": features, "tfidf": None})
    of = {who: float(asked(config, directed_by=who)[2][3]) for who in ("Ken", "Paul", "", "Ann")}
    assert of["Ken"] < of[""] == of["Ann"] < of["Paul"]
    assert float(asked(config)[2][3]) == of[""]


def test_a_line_that_is_shorter_than_all_that_was_learned_is_told(place):
    make_linear(place / "data/demo/models/tfidf/seed_42", ["not_dwight", "dwight"])
    config = config_of(variants={"tfidf": {"min_words": 6, "min_words_scope": "train"}})
    assert asked(config, line="Too short.")[2][2].endswith(
        "(it knows no line of fewer than 6 words)"
    )
    assert "fewer" not in asked(config, line="This is one of enough words.")[2][2]


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
    (place / "config").mkdir()
    (place / "config" / "config.yaml").write_text(BASE.read_text())
    command = ["ask", f"--line={LINE}", "--variant", "", "--configfile", "overlay.yaml"]
    monkeypatch.setattr("sys.argv", command)
    ask.main()
    assert "| TF-IDF" in capsys.readouterr().out


def test_a_column_that_no_model_reads_is_refused(place):
    """A misspelt column was ignored, and the answer was that of an empty one."""
    features = {"classifier": "linear", "linear": {"features": ["directed_by", "word_count"]}}
    make_linear(place / "data/demo/models/metadata_only/seed_42", ["not_dwight", "dwight"])
    config = config_of(variants={"metadata_only": features, "tfidf": None})
    message = r"^WITH=directed_b: .* reads this column; they read directed_by$"
    with pytest.raises(InputError, match=message):
        asked(config, directed_b="Ken")
