"""The weights of words, as the stage writes them for real small models."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
import train_linear
import weigh_words
from scipy.special import log_softmax
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from whosaid.config.recipe_section import Linear
from whosaid.training.linear_model import load_model

SPLITS = ("train", "test", "valid")
KINDS = ["true positive", "false positive", "false negative"]


@pytest.fixture(scope="module")
def weigh(lines, tmp_path_factory):
    """A function that runs the stage and returns the text of its file."""

    def run(models, predictions, splits, **changes):
        path = tmp_path_factory.mktemp("words") / "variant.json"
        given = {
            "models": [*map(str, models)],
            "split": str(splits / "test.parquet"),
            "predictions": predictions,
            "lines": str(lines),
            "added_tokens": str(splits / "added_tokens.json"),
            "words": str(path),
            "experiment": "toy",
            "variant": "variant",
            "question": "target",
            "features": [],
            "reading": None,
            "seeds": [*range(len(models))],
            "per_device_eval_batch_size": 16,
        }
        weigh_words.main(**(given | changes))
        return path.read_text(encoding="utf-8")

    return run


@pytest.fixture(scope="module")
def linear(lines, tmp_path_factory):
    """A function that fits a linear baseline on splits; its model and its predictions on test."""

    def run(splits, features, question="target"):
        folder = tmp_path_factory.mktemp("linear")
        train_linear.main(
            splits=[str(splits / f"{name}.parquet") for name in SPLITS],
            split_counts=str(splits / "split_counts.json"),
            lines=str(lines),
            model=str(folder / "model"),
            predictions=[str(folder / f"{name}.parquet") for name in SPLITS],
            scores=str(folder / "scores.json"),
            runtime=str(folder / "runtime.json"),
            question=question,
            linear={**Linear().model_dump(), "features": features},
            seed=1,
        )
        return folder / "model", str(folder / "test.parquet")

    return run


@pytest.fixture(scope="module")
def two(model, train, annotated_tokenized, annotated_splits, encoders, predict_rows):
    """The models of two seeds, and the predictions of each."""
    models = [model, train(annotated_tokenized, encoders["distilbert"], seed=43)]
    predicted = [predict_rows(each, annotated_tokenized, annotated_splits) for each in models]
    return models, [outputs["test"] for outputs in predicted]


@pytest.fixture(scope="module")
def found(two, weigh, annotated_splits):
    return json.loads(weigh(*two, annotated_splits))


def log_odds(models, text):
    """The mean log odds of a text that stands alone."""
    found = []
    for model in models:
        classifier = AutoModelForSequenceClassification.from_pretrained(model).eval()
        with torch.no_grad():
            tokens = AutoTokenizer.from_pretrained(model)(text, return_tensors="pt")
            logits = classifier(**tokens).logits[0].tolist()
        found.append(logits[1] - logits[0])
    return np.mean(found)


def test_the_chosen_rows_are_those_of_the_split(found, annotated_splits):
    split = pd.read_parquet(annotated_splits / "test.parquet").set_index("row")
    rows = pd.DataFrame(found["rows"])
    assert [*dict.fromkeys(rows["kind"])] == [kind for kind in KINDS if kind in {*rows["kind"]}]
    assert rows["kind"].iloc[0] == "true positive" and rows["row"].is_unique
    for row in found["rows"]:
        assert row["text"] == split.loc[row["row"], "text"]
        is_his, says_so = split.loc[row["row"], "label"] == 1, row["predicted"] == "dwight"
        assert (
            row["kind"]
            == {
                (True, True): "true positive",
                (False, True): "false positive",
                (True, False): "false negative",
            }[is_his, says_so]
        )
        assert row["evidence_for"] == "dwight" and found["unit"] == "log odds"
    for _, of_kind in rows.groupby("kind"):
        assert of_kind["confidence"].is_monotonic_decreasing


def test_a_weight_is_the_mean_change_over_the_seeds(found, two):
    for row in found["rows"][:2]:
        whole = log_odds(two[0], row["text"])
        words = row["text"].split(" ")
        for place, word in enumerate(row["words"]):
            if word["word"].startswith("["):
                continue  # it has blanks
            assert words[place] == word["word"]
            without = " ".join(words[:place] + words[place + 1 :])
            assert word["weight"] == pytest.approx(whole - log_odds(two[0], without), abs=0.0006)
    weights = [abs(word["weight"]) for row in found["rows"] for word in row["words"]]
    assert max(weights) > 0.5


def test_the_words_are_those_of_the_text_with_a_tag_as_one(found, annotated_splits):
    tags = json.loads((annotated_splits / "added_tokens.json").read_text(encoding="utf-8"))
    for row in found["rows"]:
        for word in row["words"]:
            assert row["text"][word["start"] : word["end"]] == word["word"]
        *_, director, writer = [word["word"] for word in row["words"]]
        assert {director, writer} <= {*tags}
        between = " ".join(word["word"] for word in row["words"])
        assert between == " ".join(row["text"].split())


def test_the_same_models_give_the_same_file(two, weigh, annotated_splits):
    assert weigh(*two, annotated_splits) == weigh(*two, annotated_splits)


def test_rows_on_which_the_variant_abstains_are_never_chosen(linear, weigh, deal):
    settings = {"min_words_scope": "train", "word_tokenizer": "preserve_line"}
    splits = deal(min_words=6, **settings)
    model, predictions = linear(splits, ["word_ngrams"])
    rows = json.loads(weigh([model], [predictions], splits, features=["word_ngrams"]))["rows"]
    split = pd.read_parquet(splits / "test.parquet").set_index("row")
    assert split["abstained"].any() and rows
    assert not split.loc[[row["row"] for row in rows], "abstained"].any()


def test_a_variant_that_abstains_on_every_row_has_no_weights(linear, weigh, splits, tmp_path):
    model, predictions = linear(splits, ["word_ngrams"])
    everywhere = pd.read_parquet(predictions).assign(abstained=True)
    everywhere.to_parquet(tmp_path / "test.parquet", index=False)
    text = weigh([model], [str(tmp_path / "test.parquet")], splits, features=["word_ngrams"])
    assert json.loads(text)["rows"] == []


@pytest.mark.parametrize("features", [["word_ngrams"], ["word_ngrams", "directed_by"]])
def test_a_linear_baseline_keeps_its_columns(features, linear, weigh, splits, lines):
    model, predictions = linear(splits, features)
    rows = json.loads(weigh([model], [predictions], splits, features=features))["rows"]
    directors = pd.read_parquet(lines).set_index("row")["directed_by"]
    stored = load_model(model)
    for row in rows:
        first = row["words"][0]
        texts = [row["text"], row["text"][first["end"] :].lstrip()]
        columns = {"text": texts, "directed_by": [directors[row["row"]]] * 2}
        whole, without = stored.logits(columns)[:, 1]
        assert first["weight"] == pytest.approx(whole - without, abs=0.0006)


def test_where_speakers_are_classes_the_predicted_one_counts(linear, weigh, deal):
    splits = deal(target_speaker=None, top_speakers=3)
    features = ["word_ngrams", "character_ngrams"]
    model, predictions = linear(splits, features, "speakers")
    given = {"question": "speakers", "features": features}
    found = json.loads(weigh([model], [predictions], splits, **given))
    names = json.loads((splits / "split_counts.json").read_text(encoding="utf-8"))["labels"]
    assert {row["kind"] for row in found["rows"]} == {"surest right", "surest wrong"}
    assert found["unit"] == "log probability"
    stored = load_model(model)
    for row in found["rows"]:
        last = row["words"][-1]
        texts = [row["text"], row["text"][: last["start"]].rstrip()]
        logits = log_softmax(stored.logits({"text": texts}), axis=1)
        place = names.index(row["predicted"])
        assert row["evidence_for"] == row["predicted"] == names[int(logits[0].argmax())]
        assert last["weight"] == pytest.approx(logits[0, place] - logits[1, place], abs=0.0006)
