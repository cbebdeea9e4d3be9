import json

import numpy as np
import pandas as pd
import predict_splits
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from datasets import load_from_disk
from transformers import AutoModelForSequenceClassification

from whosaid.refusal import refused_logits

SPLITS = ("train", "test", "valid")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A function that runs the stage and returns the paths of the predictions."""

    def run(model, tokenized, splits, batch_size=16):
        folder = tmp_path_factory.mktemp("predictions")
        outputs = {name: str(folder / f"{name}.parquet") for name in SPLITS}
        predict_splits.main(
            model=str(model),
            tokenized=str(tokenized),
            split_audit=str(splits / "split_audit.json"),
            outputs=outputs,
            per_device_eval_batch_size=batch_size,
            precision="float32",
        )
        return outputs

    return run


@pytest.fixture(scope="module")
def predictions(run, model, annotated_tokenized, annotated_splits):
    return run(model, annotated_tokenized, annotated_splits)


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
    for path in predictions.values():
        schema = pq.read_schema(path)
        assert dict(zip(schema.names, schema.types, strict=True)) == {
            "row": pa.int64(),
            "label": pa.int8(),
            "logit_not": pa.float32(),
            "logit_target": pa.float32(),
            "refused": pa.bool_(),
        }


def test_the_size_of_the_batches_does_not_matter(
    predictions, run, model, annotated_tokenized, annotated_splits
):
    others = run(model, annotated_tokenized, annotated_splits, batch_size=7)
    one, other = (pd.read_parquet(paths["test"]) for paths in (predictions, others))
    pd.testing.assert_frame_equal(one, other, atol=1e-4)


def test_a_refused_row_is_answered_by_the_counts_and_any_other_by_the_model(
    run, model, encoders, deal, tokenize
):
    counting = {"min_words": 6, "word_tokenizer": "preserve_line"}
    splits = deal(**counting, min_words_scope="train")
    tokenized = tokenize(splits, encoders["distilbert"])
    found = pd.read_parquet(run(model, tokenized, splits)["test"])
    logits = found[["logit_not", "logit_target"]]
    assert 0 < found["refused"].sum() < len(found)
    counts = json.loads((splits / "split_audit.json").read_text())["refused_in_train"]
    assert np.allclose(logits[found["refused"]], refused_logits(counts))
    # The same rows of a variant that refuses nothing.
    everything = deal()
    others = run(model, tokenize(everything, encoders["distilbert"]), everything)
    whole = pd.read_parquet(others["test"]).set_index("row").loc[found["row"]].reset_index()
    judged = ~found["refused"]
    assert np.allclose(logits[judged], whole[judged][logits.columns], atol=1e-4)


def test_refused_rows_are_not_what_a_training_watches(encoders, deal, tokenize, train):
    counting = {"min_words": 6, "word_tokenizer": "preserve_line"}
    splits = deal(**counting, min_words_scope="train")
    tokenized = tokenize(splits, encoders["distilbert"])
    folder = train(tokenized, encoders["distilbert"], num_train_epochs=1)
    record = json.loads((folder / "training.json").read_text())
    dealt = {name: pd.read_parquet(splits / f"{name}.parquet") for name in SPLITS}
    judged = {name: int((~rows["refused"]).sum()) for name, rows in dealt.items()}
    assert record["rows"] == judged
    assert judged["test"] < len(dealt["test"])
