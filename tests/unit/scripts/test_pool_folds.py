"""The folds of a linear baseline on the made-up corpus, and what is pooled of them."""

import evaluate_splits
import numpy as np
import pandas as pd
import pool_folds
import pyarrow.parquet as pq
import pytest
import train_linear

from whosaid.caching.json_files import read_json
from whosaid.config.recipe_section import Linear
from whosaid.evaluation.class_predictions import read_class_predictions
from whosaid.evaluation.predictions import read_predictions

SPLITS = ("train", "test", "valid")
FOLDS = 4
QUESTIONS = {
    "target": {},
    "speakers": {"target_speaker": None, "top_speakers": 3, "other_speakers": "class"},
}
READ = {"target": read_predictions, "speakers": read_class_predictions}


def split(fold):
    kfold = {"method": "group_kfold", "group_by": "scene", "folds": FOLDS, "fold": fold}
    return {"split": {**kfold, "fractions": dict.fromkeys(SPLITS, 1 / 3), "seed": 27}}


def predicted(folder):
    return [str(folder / f"{name}.parquet") for name in SPLITS]


@pytest.fixture(scope="module", params=QUESTIONS)
def made(request, lines, deal, tmp_path_factory):
    """The question, the splits of each fold, the folder of its model, and the pooled folder."""
    question, folders = request.param, []
    dealt = [deal(**QUESTIONS[question], **split(fold)) for fold in range(1, FOLDS + 1)]
    for splits in dealt:
        folder = tmp_path_factory.mktemp("fold")
        train_linear.main(
            splits=predicted(splits),
            split_counts=str(splits / "split_counts.json"),
            lines=str(lines),
            model=str(folder / "model"),
            predictions=predicted(folder),
            scores=str(folder / "scores.json"),
            runtime=str(folder / "runtime.json"),
            question=question,
            linear={**Linear().model_dump(), "features": ["word_ngrams"]},
            seed=42,
        )
        folders.append(folder)
    pooled = tmp_path_factory.mktemp("pooled")
    pool_folds.main(
        **{name: [str(each / f"{name}.parquet") for each in folders] for name in SPLITS},
        runtimes=[str(each / "runtime.json") for each in folders],
        trained=[str(each / "model/training.json") for each in folders],
        record=str(pooled / "training.json"),
        predictions=predicted(pooled),
        scores=str(pooled / "scores.json"),
        runtime=str(pooled / "runtime.json"),
        question=question,
        folds=[f"plain_fold_{number}" for number in range(1, FOLDS + 1)],
        seed=42,
    )
    return question, dealt, folders, pooled


def tables(folder):
    return {name: pq.read_table(folder / f"{name}.parquet").to_pandas() for name in SPLITS}


def test_every_row_is_predicted_once_in_each_split(made, deal):
    question, _, _, pooled = made
    everything = deal(**QUESTIONS[question], **split(None))
    for name, table in tables(pooled).items():
        rows = pd.read_parquet(everything / f"{name}.parquet")
        assert table["row"].is_unique
        labels = rows.set_index("row")["label"].sort_index()
        assert table.set_index("row")["label"].astype("int64").equals(labels)


def test_a_row_of_test_is_predicted_by_a_model_that_does_not_know_its_scene(made, lines):
    _, dealt, folders, pooled = made
    scenes = pd.read_parquet(lines, columns=["row", "scene"]).set_index("row")["scene"]
    of_pooled = {name: table.set_index("row") for name, table in tables(pooled).items()}
    for splits, folder in zip(dealt, folders, strict=True):
        learned = {*scenes[pd.read_parquet(splits / "train.parquet")["row"]]}
        for name in ("test", "valid"):
            own = pq.read_table(folder / f"{name}.parquet").to_pandas().set_index("row")
            assert not learned & {*scenes[own.index]}
            same = of_pooled[name].loc[own.index]
            assert same.drop(columns="label").map(str).equals(own.drop(columns="label").map(str))


def test_a_row_of_train_is_predicted_by_a_model_that_learned_from_it(made):
    _, dealt, folders, pooled = made
    of_pooled = tables(pooled)["train"].set_index("row").map(str)
    answered = []
    for splits, folder in zip(dealt, folders, strict=True):
        own = pq.read_table(folder / "train.parquet").to_pandas().set_index("row")
        assert {*own.index} == {*pd.read_parquet(splits / "train.parquet")["row"]}
        same = (of_pooled.loc[own.index] == own.map(str)).all(axis=1)
        answered.append({*own.index[same]})
    assert set.union(*answered) == {*of_pooled.index}
    assert all(answered)


def test_scores_and_record_are_those_of_the_pooled_rows(made):
    question, _, folders, pooled = made
    scores = read_json(pooled / "scores.json")
    test = READ[question]([pooled / "test.parquet"])
    assert scores["test"]["accuracy"] == pytest.approx(np.mean(test.decide()[0] == test.label))
    record = read_json(pooled / "training.json")
    assert record["rows"]["test"] == len(test.row)
    trained = [read_json(each / "model/training.json") for each in folders]
    assert record["seconds"] > sum(each["seconds"] for each in trained)
    assert record["arguments"]["folds"][-1] == f"plain_fold_{FOLDS}"


def test_metrics_are_of_all_rows_and_say_those_of_each_fold(made, lines, tmp_path):
    question, _, folders, pooled = made
    bootstrap = {"confidence": 0.95, "resamples": 100, "seed": 1}

    def evaluate(name, folder, folds=()):
        metrics = {each: str(tmp_path / f"{name}_{each}.json") for each in SPLITS}
        evaluate_splits.main(
            predictions={each: [str(folder / f"{each}.parquet")] for each in SPLITS},
            scores=[str(folder / "scores.json")],
            lines=str(lines),
            metrics=metrics,
            thresholds=str(tmp_path / "thresholds.json") if question == "target" else None,
            experiment="toy",
            question=question,
            variant=name,
            seeds=[42],
            unit="scene",
            is_baseline=True,
            published=None,
            other_question=False,
            bootstrap=bootstrap,
            folds=folds,
        )
        return metrics

    of_folds = [evaluate(f"fold_{n}", folder) for n, folder in enumerate(folders, start=1)]
    paths = [each[name] for name in SPLITS for each in of_folds]
    found = evaluate("plain", pooled, paths)
    for name in ("test", "valid"):
        whole = read_json(found[name])
        parts = [read_json(each[name]) for each in of_folds]
        assert whole["rows"] == sum(part["rows"] for part in parts)
        # The train of the pooled variant holds every row; what counts is that of the own fold.
        known = sum(part["in_train"]["rows"] for part in parts)
        assert whole["in_train"]["rows"] == known < whole["rows"]
        weighed = sum(part["rows"] * part["metrics"]["accuracy"] for part in parts)
        assert whole["metrics"]["accuracy"] == pytest.approx(weighed / whole["rows"])
        assert whole["folds"]["fold_3"] == parts[2]["metrics"]
        assert "predicted by" in whole["role"]
