import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import predict_splits
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from datasets import load_from_disk
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from whosaid.errors import InputError
from whosaid.evaluation.abstention import abstention_logits
from whosaid.evaluation.published_metrics import PUBLISHED_METRICS

SPLITS = ("train", "test", "valid")


ABSTAINING = {"min_words": 6, "min_words_scope": "train", "word_tokenizer": "preserve_line"}


@pytest.fixture(scope="module")
def predictions(predict_rows, model, annotated_tokenized, annotated_splits):
    return predict_rows(model, annotated_tokenized, annotated_splits)


@pytest.mark.parametrize("split", SPLITS)
def test_logits_are_those_of_each_row_alone(split, predictions, model, annotated_tokenized):
    rows = load_from_disk(annotated_tokenized)[split]
    classifier = AutoModelForSequenceClassification.from_pretrained(model).eval()
    with torch.no_grad():
        alone = [classifier(torch.tensor([ids])).logits[0].tolist() for ids in rows["input_ids"]]
    found = pd.read_parquet(predictions[split])
    assert np.allclose(found[["logit_not", "logit_target"]], alone, atol=1e-4)
    assert found["logit_target"].std() > 0.1


@pytest.mark.parametrize("split", SPLITS)
def test_rows_and_labels_are_in_the_order_of_the_split(split, predictions, annotated_splits):
    found = pd.read_parquet(predictions[split])
    dealt = pd.read_parquet(annotated_splits / f"{split}.parquet")
    assert found["row"].tolist() == dealt["row"].tolist()
    assert found["label"].tolist() == dealt["label"].tolist()


def test_the_columns_have_the_promised_types(predictions):
    for split in SPLITS:
        schema = pq.read_schema(predictions[split])
        assert dict(zip(schema.names, schema.types, strict=True)) == {
            "row": pa.int64(),
            "label": pa.int8(),
            "logit_not": pa.float32(),
            "logit_target": pa.float32(),
            "abstained": pa.bool_(),
        }


def test_the_size_of_the_batches_does_not_matter(
    predictions, predict_rows, model, annotated_tokenized, annotated_splits
):
    others = predict_rows(model, annotated_tokenized, annotated_splits, batch_size=7)
    one, other = (pd.read_parquet(paths["test"]) for paths in (predictions, others))
    pd.testing.assert_frame_equal(one, other, atol=1e-4)


def test_a_row_without_a_judgement_follows_from_the_counts_and_any_other_from_the_model(
    predict_rows, model, encoders, deal, tokenize
):
    splits = deal(**ABSTAINING)
    tokenized = tokenize(splits, encoders["distilbert"])
    outputs = predict_rows(model, tokenized, splits)
    found = pd.read_parquet(outputs["test"])
    logits = found[["logit_not", "logit_target"]]
    assert 0 < found["abstained"].sum() < len(found)
    dealt = pd.read_parquet(splits / "test.parquet")
    for name in ("row", "label", "abstained"):
        assert found[name].tolist() == dealt[name].tolist()
    counts = json.loads((splits / "split_counts.json").read_text())["abstained_in_train"]
    assert np.allclose(logits[found["abstained"]], abstention_logits(counts, has_target=True))
    # The same rows of a variant that abstains on none.
    everything = deal()
    others = predict_rows(model, tokenize(everything, encoders["distilbert"]), everything)
    whole = pd.read_parquet(others["test"]).set_index("row").loc[found["row"]].reset_index()
    judged = ~found["abstained"]
    assert np.allclose(logits[judged], whole[judged][logits.columns], atol=1e-4)
    check_scores(outputs)


def test_a_split_on_which_the_variant_abstains_throughout_is_predicted_too(
    predict_rows, model, encoders, splits, tokenize, tmp_path
):
    folder = shutil.copytree(splits, tmp_path / "short")
    table = pq.read_table(folder / "valid.parquet")
    number = table.column_names.index("abstained")
    abstained = pa.array([True] * table.num_rows)
    table = table.set_column(number, table.field(number), abstained)
    pq.write_table(table, folder / "valid.parquet")
    outputs = predict_rows(model, tokenize(folder, encoders["distilbert"]), folder)
    found = pd.read_parquet(outputs["valid"])
    assert len(found) == table.num_rows and found["abstained"].all()
    assert found["logit_target"].nunique() == 1
    assert json.loads(Path(outputs["scores"]).read_text())["valid"]["recall"] == 0
    assert json.loads(Path(outputs["runtime"]).read_text())["valid"]["rows_per_second"] == 0


def check_scores(outputs):
    """The scores are those that the stored decisions have by scikit-learn."""
    scores = json.loads(Path(outputs["scores"]).read_text())
    assert list(scores) == list(SPLITS)
    for name in SPLITS:
        found = pd.read_parquet(outputs[name])
        decisions = (found["logit_target"] > found["logit_not"]) & ~found["abstained"]
        assert scores[name] == {
            metric.name: pytest.approx(metric.score(found["label"], decisions.astype(int)))
            for metric in PUBLISHED_METRICS
        }


def test_scores_are_the_published_metrics_of_each_split(predictions, model):
    check_scores(predictions)
    scores = json.loads(Path(predictions["scores"]).read_text())
    assert list(scores["test"]) == ["accuracy", "f1", "precision", "recall"]
    # The last epoch watched the same model on the same rows.
    last = json.loads((model / "training.json").read_text())["history"][-1]
    assert scores["test"] == pytest.approx({name: last[f"test_{name}"] for name in scores["test"]})
    assert scores["test"]["f1"] > 0.8


def test_runtime_has_the_seconds_and_rows_per_second_of_each_split(predictions):
    runtime = json.loads(Path(predictions["runtime"]).read_text())
    assert list(runtime) == list(SPLITS)
    for name in SPLITS:
        assert set(runtime[name]) == {"seconds", "rows_per_second"}
        seconds, rate = runtime[name]["seconds"], runtime[name]["rows_per_second"]
        assert 0 < seconds < 60
        assert seconds * rate == pytest.approx(
            pq.read_metadata(predictions[name]).num_rows, rel=0.1
        )


def test_a_model_predicts_in_float32(model):
    predictor = predict_splits.load_predictor(
        str(model), AutoTokenizer.from_pretrained(model), "target", 16
    )
    assert not predictor.args.bf16 and not predictor.args.fp16
    assert {value.dtype for value in predictor.model.parameters()} == {torch.float32}


def test_abstained_rows_are_not_what_a_training_watches(encoders, deal, tokenize, train):
    splits = deal(**ABSTAINING)
    tokenized = tokenize(splits, encoders["distilbert"])
    folder = train(tokenized, encoders["distilbert"], num_train_epochs=1)
    record = json.loads((folder / "training.json").read_text())
    dealt = {name: pd.read_parquet(splits / f"{name}.parquet") for name in SPLITS}
    judged = {name: int((~rows["abstained"]).sum()) for name, rows in dealt.items()}
    assert record["rows"] == judged
    assert judged["test"] < len(dealt["test"])


def test_token_ids_that_the_model_does_not_know_are_refused(
    predict_rows, splits, annotated_tokenized, tokenized, encoders, train
):
    """Once such ids were read as another token's: wrong predictions, and no complaint."""
    plain = train(tokenized["distilbert"], encoders["distilbert"], num_train_epochs=1)
    with pytest.raises(InputError, match=r"/train: row 0 has the token id \d+, but"):
        predict_rows(plain, annotated_tokenized, splits)


def test_a_changed_model_is_refused(
    predict_rows, model, annotated_tokenized, annotated_splits, tmp_path
):
    changed = shutil.copytree(model, tmp_path / "model")
    with open(changed / "config.json", "a", encoding="utf-8") as file:
        file.write("\n")
    with pytest.raises(InputError, match=r"config\.json was changed"):
        predict_rows(changed, annotated_tokenized, annotated_splits)
