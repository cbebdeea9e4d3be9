"""Scenes in packed batches: no path leads from a line's name to its answer."""

import itertools

import numpy as np
import pytest
import torch
from classifiers import new_model
from datasets import load_from_disk
from transformers import AutoTokenizer, EvalPrediction

from whosaid.tokens.first_position import first_position
from whosaid.tokens.token_kinds import ANSWER, EARLIER_NAME, NAME, SCENE_NAME, TEXT
from whosaid.training.loss import MeanLoss
from whosaid.training.packing import LAYERS, PackingCollator, enable_packing
from whosaid.training.scene_packing import IGNORED
from whosaid.training.watched_scores import compute_metrics


def window(lines, name_kind=NAME, cast=(), asked=None):
    """A scene as `scene_windows` lays it out; each line is its ids and the id of its name."""
    found = {"input_ids": list(cast), "kind": [SCENE_NAME] * len(cast), "line": [-1] * len(cast)}
    found |= {"answers": [], "label": []}
    for number, (ids, name) in enumerate(lines):
        if asked is None or number in asked:
            found["answers"].append(len(found["input_ids"]))
            found["label"].append(number % 2)
        found["input_ids"] += [2, *ids, 3, name]
        found["kind"] += [ANSWER, *[TEXT] * (len(ids) + 1), name_kind]
        found["line"] += [number] * (len(ids) + 3)
    return found


LINES = [([11, 12, 13], 50), ([14], 51), ([15, 16], 52), ([17, 18, 19, 20], 50)]


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


def renamed(number, **options):
    """The scene with another name of one line."""
    lines = [(ids, 60 if place == number else name) for place, (ids, name) in enumerate(LINES)]
    return window(lines, **options)


@pytest.mark.parametrize("number", range(4))
def test_an_answer_knows_every_name_but_its_own(model, number):
    """In every layer of the encoder: texts and names carry no name to the answer either."""
    [before], [after] = answers(model, window(LINES)), answers(model, renamed(number))
    for line in range(4):
        is_same = torch.equal(before[line], after[line])
        assert is_same == (line == number), line


@pytest.mark.parametrize("number", range(4))
def test_an_earlier_name_is_known_to_later_lines_only(model, number):
    options = {"name_kind": EARLIER_NAME}
    [before], [after] = (
        answers(model, window(LINES, **options)),
        answers(model, renamed(number, **options)),
    )
    for line in range(4):
        assert torch.equal(before[line], after[line]) == (line <= number), line


def test_every_answer_knows_every_text_and_the_cast(model):
    [before] = answers(model, window(LINES, cast=[55, 56]))
    for place in range(4):
        lines = [
            ([*ids[:-1], 70], name) if n == place else (ids, name)
            for n, (ids, name) in enumerate(LINES)
        ]
        [after] = answers(model, window(lines, cast=[55, 56]))
        assert not any(torch.equal(before[line], after[line]) for line in range(4))
    [after] = answers(model, window(LINES, cast=[55, 57]))
    assert not any(torch.equal(before[line], after[line]) for line in range(4))


def test_an_answer_does_not_depend_on_what_else_is_asked_or_in_the_batch(model):
    [alone] = answers(model, window(LINES, asked=[2]))
    other = window(LINES[:2])
    together = answers(model, other, window(LINES), other)
    assert together.shape == (3, 4, 2)
    torch.testing.assert_close(together[1, 2], alone[0], rtol=0, atol=1e-5)
    torch.testing.assert_close(together[0, :2], together[2, :2], rtol=0, atol=1e-5)


def test_labels_are_padded_as_in_token_classification():
    batch = PackingCollator(0, 0)([window(LINES), window(LINES[:1])])
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


def test_a_training_on_scenes_predicts_every_row_of_the_split(scenes, trained, tmp_path):
    import json

    import pandas as pd
    import predict_splits

    splits, tokenized = scenes
    names = ("train", "test", "valid")
    record = json.loads((trained / "training.json").read_text(encoding="utf-8"))
    rows = {name: pd.read_parquet(splits / f"{name}.parquet") for name in names}
    assert record["rows"] == {name: len(of_split) for name, of_split in rows.items()}
    predict_splits.main(
        model=str(trained),
        splits=[str(splits / f"{name}.parquet") for name in names],
        tokenized=str(tokenized),
        split_counts=str(splits / "split_counts.json"),
        predictions=[str(tmp_path / f"{name}.parquet") for name in names],
        scores=str(tmp_path / "scores.json"),
        runtime=str(tmp_path / "runtime.json"),
        question="target",
        per_device_eval_batch_size=7,
    )
    history = record["history"][-1]
    scores = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))
    for metric in ("accuracy", "f1", "precision", "recall"):
        assert scores["test"][metric] == pytest.approx(history[f"test_{metric}"], abs=0.02)
    for name in names:
        found = pd.read_parquet(tmp_path / f"{name}.parquet")
        assert found["row"].tolist() == rows[name]["row"].tolist()
        assert found["label"].tolist() == rows[name]["label"].tolist()
    in_scenes = load_from_disk(tokenized)["test"]["row"]
    assert sorted(itertools.chain(*in_scenes)) == sorted(rows["test"]["row"])
