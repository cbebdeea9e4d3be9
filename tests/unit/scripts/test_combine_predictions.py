"""Ensembles of linear baselines that were fitted on the made-up corpus."""

import json

import combine_predictions
import numpy as np
import pyarrow.parquet as pq
import pytest
import train_linear

from whosaid.config.recipe_section import Linear, Resample
from whosaid.errors import StageError
from whosaid.evaluation.class_predictions import read_class_predictions
from whosaid.evaluation.predictions import read_predictions
from whosaid.evaluation.probability import sigmoid

SPLITS = ("train", "test", "valid")
MEMBERS = {
    "words": {"features": ["word_ngrams"]},
    "length": {"features": ["word_count"]},
}
RECIPES = {
    "words": {"min_words": 4, "min_words_scope": "train", "word_tokenizer": "preserve_line"},
    "length": {"resample": Resample(oversample_positives=3).model_dump()},
}
QUESTIONS = {
    "target": {},
    "speakers": {"target_speaker": None, "top_speakers": 3, "other_speakers": "class"},
}


@pytest.fixture(scope="module", params=QUESTIONS)
def made(request, lines, deal, tmp_path_factory):
    """The question, and the folders of two members and of the ensemble's splits."""
    question, folders = request.param, {}
    for name, linear in MEMBERS.items():
        splits = deal(**QUESTIONS[question], **RECIPES[name])
        folder = tmp_path_factory.mktemp(name)
        train_linear.main(
            splits=[str(splits / f"{split}.parquet") for split in SPLITS],
            split_counts=str(splits / "split_counts.json"),
            lines=str(lines),
            model=str(folder / "model"),
            predictions=[str(folder / f"{split}.parquet") for split in SPLITS],
            scores=str(folder / "scores.json"),
            runtime=str(folder / "runtime.json"),
            question=question,
            linear={**Linear().model_dump(), **linear},
            seed=42,
        )
        folders[name] = folder
    return question, folders, deal(**QUESTIONS[question])


def run(question, folders, splits, lines, folder, test="test", weights="equal", **more):
    combine_predictions.main(
        splits=[str(splits / f"{split}.parquet") for split in SPLITS],
        train=[str(each / "train.parquet") for each in folders.values()],
        test=[str(each / f"{test}.parquet") for each in folders.values()],
        valid=[str(each / "valid.parquet") for each in folders.values()],
        lines=str(lines),
        record=str(folder / "training.json"),
        predictions=[str(folder / f"{split}.parquet") for split in SPLITS],
        scores=str(folder / "scores.json"),
        runtime=str(folder / "runtime.json"),
        question=question,
        members=[{"name": name, "seeds": [42]} for name in folders],
        weights=weights,
        unit="scene" if weights == "learned" else None,
        neighbours=1 if weights == "learned" else 0,
        neighbours_by=list(folders),
        seed=42,
        **more,
    )


def read(question, path):
    """The predictions in a file, with the probabilities (rows x classes) of its one seed."""
    if question == "speakers":
        found = read_class_predictions([path])
        return found, np.exp(found.log_probabilities[0])
    found = read_predictions([path])
    of_target = sigmoid(found.log_odds[0])
    return found, np.column_stack([1 - of_target, of_target])


def test_the_ensemble_is_the_mean_of_its_members_on_each_row(made, lines, tmp_path):
    question, folders, splits = made
    run(question, folders, splits, lines, tmp_path)
    found, mean = read(question, tmp_path / "test.parquet")
    of_members = [read(question, folder / "test.parquet") for folder in folders.values()]
    (words, of_words), (length, of_length) = of_members
    assert found.row.tolist() == words.row.tolist() == length.row.tolist()
    assert found.label.tolist() == words.label.tolist()
    # The words abstain on short lines, where the length alone has a vote.
    assert words.abstained.any() and not found.abstained.any()
    expected = np.where(words.abstained[:, None], of_length, (of_words + of_length) / 2)
    assert mean == pytest.approx(expected, abs=1e-6)


def test_on_train_each_row_counts_once_that_some_member_has(made, lines, tmp_path):
    question, folders, splits = made
    run(question, folders, splits, lines, tmp_path)
    found, _ = read(question, tmp_path / "train.parquet")
    assert found.row.tolist() == pq.read_table(splits / "train.parquet")["row"].to_pylist()
    of_words, of_length = (
        read(question, folder / "train.parquet")[0] for folder in folders.values()
    )
    assert len(of_words.row) < len(found.row)
    assert set(of_length.row) == set(found.row)


def test_the_scores_are_those_of_the_written_predictions(made, lines, tmp_path):
    question, folders, splits = made
    run(question, folders, splits, lines, tmp_path)
    scores = json.loads((tmp_path / "scores.json").read_text())
    for split in SPLITS:
        found, _ = read(question, tmp_path / f"{split}.parquet")
        accuracy = float((found.decide()[0] == found.label).mean())
        assert scores[split]["accuracy"] == pytest.approx(accuracy)
    record = json.loads((tmp_path / "training.json").read_text())
    assert [each["name"] for each in record["arguments"]["members"]] == list(MEMBERS)
    assert record["history"] == []


def test_members_with_other_held_out_rows_are_refused(made, lines, tmp_path):
    question, folders, splits = made
    with pytest.raises(StageError, match=r"^words has no prediction of row \d+ of test"):
        run(question, folders, splits, lines, tmp_path, test="valid")


def test_the_best_member_on_valid_answers_for_all_and_each_trial_is_recorded(made, lines, tmp_path):
    question, folders, splits = made
    trained = []
    for name, seconds in (("one", 20.0), ("two", 30.0)):
        trained.append(str(tmp_path / f"{name}.json"))
        (tmp_path / f"{name}.json").write_text(json.dumps({"seconds": seconds}))
    tried = [{"linear.C": 1}, {"linear.C": 2}]
    more = {"settings": tried, "trained": trained}
    run(question, folders, splits, lines, tmp_path, weights="best", **more)
    record = json.loads((tmp_path / "training.json").read_text())
    # The words know more of who speaks than the length alone.
    assert record["arguments"]["best"] == "words"
    scores = record["arguments"]["scores"]
    assert len(scores) == 2 and scores[0] > scores[1]
    assert record["arguments"]["settings"] == tried
    assert 50 < record["seconds"] < 60
    for split in SPLITS:
        found, probability = read(question, tmp_path / f"{split}.parquet")
        theirs, expected = read(question, folders["words"] / f"{split}.parquet")
        assert found.row.tolist() == theirs.row.tolist()
        assert found.abstained.tolist() == theirs.abstained.tolist()
        assert probability == pytest.approx(expected, abs=1e-6)


def test_learned_weights_answer_for_every_held_out_row_and_are_recorded(made, lines, tmp_path):
    question, folders, splits = made
    run(question, folders, splits, lines, tmp_path, weights="learned")
    for split in ("test", "valid"):
        found, _ = read(question, tmp_path / f"{split}.parquet")
        assert found.row.tolist() == pq.read_table(splits / f"{split}.parquet")["row"].to_pylist()
    # The members are two; the words leave short lines out of train.
    found, _ = read(question, tmp_path / "train.parquet")
    assert set(found.row) == set(read(question, folders["words"] / "train.parquet")[0].row)
    coefficients = json.loads((tmp_path / "training.json").read_text())["arguments"]["coefficients"]
    assert list(coefficients) == list(MEMBERS)
    # Its own score, and those of a line before and after, each with whether it is there.
    own = {"target": 1, "speakers": len(getattr(found, "names", ()))}[question]
    of_each = own + 2 * (own + 1)
    rows = 1 if question == "target" else own
    assert {len(each) for each in coefficients.values()} == {rows * of_each}


@pytest.mark.parametrize("weights", ["equal", "learned", "best"])
def test_the_outputs_are_the_same_every_time(weights, made, lines, tmp_path):
    question, folders, splits = made
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        run(question, folders, splits, lines, tmp_path / name, weights=weights)
    for split in SPLITS:
        one, two = (tmp_path / name / f"{split}.parquet" for name in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()
