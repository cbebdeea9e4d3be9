"""Scenes in packed batches: what stands in one answer reaches no other."""

import itertools
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from classifiers import new_model
from datasets import load_from_disk
from transformers import AutoTokenizer, EvalPrediction

from whosaid.tokens.first_position import first_position
from whosaid.training.loss import MeanLoss
from whosaid.training.packing import LAYERS, PackingCollator, enable_packing
from whosaid.training.scene_packing import IGNORED
from whosaid.training.watched_scores import compute_metrics

LINES = [([11, 12, 13], [50, 51]), ([14], [52]), ([15, 16], []), ([17, 18, 19, 20], [50])]
"""The ids of each line, and of the names that its answer knows."""


def window(lines=LINES, asked=None):
    """A scene as `scene_windows` lays it out."""
    found = {"input_ids": [], "position": [], "answer_of": [], "answers": [], "label": []}
    starts = []
    for ids, _ in lines:
        starts.append(len(found["input_ids"]) + len(starts))
        found["input_ids"] += [*ids, 3]
        found["position"] += [starts[-1] + 1 + place for place in range(len(ids) + 1)]
        found["answer_of"] += [-1] * (len(ids) + 1)
    for number, (_, names) in enumerate(lines):
        if asked is None or number in asked:
            found["answers"].append(len(found["input_ids"]))
            found["label"].append(number % 2)
            found["input_ids"] += [2, *names]
            found["position"] += [starts[number], *range(1, len(names) + 1)]
            found["answer_of"] += [number] * (1 + len(names))
    return found


@pytest.fixture(params=LAYERS)
def model(request, encoders):
    family = "roberta" if request.param == "roberta" else "distilbert"
    tokenizer = AutoTokenizer.from_pretrained(encoders[family])
    found = new_model(request.param, tokenizer).eval()
    enable_packing(found)
    return found


def answers(model, *windows):
    """The logits of each answer of each window (windows x most answers x classes)."""
    batch = PackingCollator(0, first_position(model.config))(windows)
    batch.pop("labels")
    with torch.no_grad():
        return model(**batch).logits


def changed(number, ids=None, names=None):
    """The scene with other ids or names of one line."""
    lines = list(LINES)
    lines[number] = (ids or lines[number][0], names or lines[number][1])
    return window(lines)


@pytest.mark.parametrize("number", [0, 1, 3])
def test_the_names_of_an_answer_reach_no_other_answer(model, number):
    """Through no layer: an answer's names are those that its own row may know."""
    [before], [after] = (
        answers(model, window()),
        answers(model, changed(number, names=[60, 61][: len(LINES[number][1])])),
    )
    for line in range(4):
        assert torch.equal(before[line], after[line]) == (line != number), line


@pytest.mark.parametrize("number", range(4))
def test_every_answer_knows_every_text_of_its_scene(model, number):
    [before] = answers(model, window())
    [after] = answers(model, changed(number, ids=[*LINES[number][0][:-1], 70]))
    assert not any(torch.equal(before[line], after[line]) for line in range(4))


def test_an_answer_does_not_depend_on_what_else_is_asked_or_in_the_batch(model):
    [alone] = answers(model, window(asked=[2]))
    other = window(LINES[:2])
    together = answers(model, other, window(), other)
    assert together.shape == (3, 4, 2)
    torch.testing.assert_close(together[1, 2], alone[0], rtol=0, atol=1e-5)
    torch.testing.assert_close(together[0, :2], together[2, :2], rtol=0, atol=1e-5)


def test_labels_are_padded_as_in_token_classification():
    batch = PackingCollator(0, 0)([window(), window(LINES[:1])])
    assert batch["labels"].tolist() == [[0, 1, 0, 1], [0, IGNORED, IGNORED, IGNORED]]
    ids = batch["input_ids"].flatten()
    assert ids[batch["first_tokens"][0]].tolist() == [2, 2, 2, 2]


def test_the_loss_is_the_mean_over_all_answers():
    labels = torch.tensor([[0, 1, 0], [1, IGNORED, IGNORED]])
    logits = torch.randn(2, 3, 2)

    class Outputs:
        pass

    Outputs.logits = logits
    flat = torch.nn.functional.cross_entropy(
        torch.stack([*logits[0], logits[1, 0]]), torch.tensor([0, 1, 0, 1])
    )
    torch.testing.assert_close(MeanLoss()(Outputs, labels), flat)
    torch.testing.assert_close(MeanLoss()(Outputs, labels, torch.tensor(8)), flat / 2)
    torch.testing.assert_close(MeanLoss(gamma=0.0)(Outputs, labels), flat)


def test_the_metrics_count_answers_alone():
    labels = np.array([[0, 1, 0], [1, IGNORED, IGNORED]])
    logits = np.zeros((2, 3, 2))
    logits[..., 1] = np.where(labels == 1, 1, -1)
    found = compute_metrics("target", EvalPrediction(logits, labels), metric="average_precision")
    assert found["accuracy"] == found["f1"] == found["average_precision"] == 1


CONTEXT = {
    "before": "scene",
    "after": "scene",
    "across_scenes": False,
    "texts": True,
    "names": "around",
    "scene_names": None,
    "fewest_lines": 1,
    "reading": "scene",
    "shuffled": False,
}


@pytest.fixture(scope="module")
def scenes(deal, encoders, tokenize):
    """The splits of the made-up corpus with whole scenes, and their tokens."""
    splits = deal(context=CONTEXT)
    return splits, tokenize(splits, encoders["distilbert"], max_length=100)


@pytest.fixture(scope="module")
def trained(scenes, encoders, train):
    return train(scenes[1], encoders["distilbert"], num_train_epochs=3)


def test_a_training_on_scenes_predicts_every_row_of_the_split(scenes, trained, predict_rows):
    splits, tokenized = scenes
    names = ("train", "test", "valid")
    record = json.loads((trained / "training.json").read_text(encoding="utf-8"))
    rows = {name: pd.read_parquet(splits / f"{name}.parquet") for name in names}
    assert record["rows"] == {name: len(of_split) for name, of_split in rows.items()}
    outputs = predict_rows(trained, tokenized, splits, batch_size=7)
    history = record["history"][-1]
    scores = json.loads(Path(outputs["scores"]).read_text(encoding="utf-8"))
    for metric in ("accuracy", "f1", "precision", "recall"):
        assert scores["test"][metric] == pytest.approx(history[f"test_{metric}"], abs=0.02)
    for name in names:
        found = pd.read_parquet(outputs[name])
        assert found["row"].tolist() == rows[name]["row"].tolist()
        assert found["label"].tolist() == rows[name]["label"].tolist()
    in_scenes = load_from_disk(tokenized)["test"]["row"]
    assert sorted(itertools.chain(*in_scenes)) == sorted(rows["test"]["row"])
