import numpy as np
import pandas as pd
import predict_splits
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from datasets import load_from_disk
from transformers import AutoModelForSequenceClassification

SPLITS = ("train", "test", "valid")


@pytest.fixture(scope="module")
def predict(model, annotated_tokenized, tmp_path_factory):
    """A function that runs the stage and returns the predictions of each split."""

    def run(batch_size):
        folder = tmp_path_factory.mktemp("predictions")
        outputs = {name: str(folder / f"{name}.parquet") for name in SPLITS}
        predict_splits.main(
            model=str(model),
            tokenized=str(annotated_tokenized),
            outputs=outputs,
            per_device_eval_batch_size=batch_size,
            precision="float32",
        )
        return outputs

    return run


@pytest.fixture(scope="module")
def predictions(predict):
    return predict(batch_size=16)


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
        }


def test_the_size_of_the_batches_does_not_matter(predictions, predict):
    one, other = (pd.read_parquet(paths["test"]) for paths in (predictions, predict(batch_size=7)))
    assert np.allclose(one, other, atol=1e-4)
