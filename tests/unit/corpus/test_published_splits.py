"""The five splits against a second writing of the published operations, on the whole real CSV.

The reference is written straight from the description of the published code and shares nothing
with the stage. It runs where WHOSAID_OFFICE_CSV and NLTK_DATA lead to the data.
"""

import os
from pathlib import Path

import datasets
import nltk
import pandas as pd
import pytest
import read_lines
import split_lines
import yaml

from whosaid.config import stage_settings
from whosaid.config.parse import parse_config

CSV = os.environ.get("WHOSAID_OFFICE_CSV")
pytestmark = pytest.mark.skipif(
    not CSV or not os.environ.get("NLTK_DATA"),
    reason="WHOSAID_OFFICE_CSV (a CSV of the published form) or NLTK_DATA is not set",
)
CONFIG = Path(__file__).parents[3] / "config" / "office.yaml"


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    folder = tmp_path_factory.mktemp("office")
    read_lines.main(CSV, str(folder / "lines.parquet"), str(folder / "corpus.json"), "dwight", 10)
    return folder / "lines.parquet"


@pytest.fixture(scope="module")
def top_ten():
    frame = pd.read_csv(CSV, index_col=0, keep_default_na=False)
    shares = frame["speaker"].value_counts(normalize=True)
    frame = frame[frame["speaker"].isin(shares.nlargest(10).index)]
    frame = frame.rename(columns={"line": "text"})
    frame["label"] = [int(speaker == "dwight") for speaker in frame["speaker"]]
    return frame


def split_of_the_workflow(variant, lines, folder):
    config = parse_config(yaml.safe_load(CONFIG.read_text()))
    settings = stage_settings.split_lines(config, variant)
    paths = {name: str(folder / f"{name}.parquet") for name in ("train", "test", "valid")}
    split_lines.main(
        lines=str(lines),
        splits=list(paths.values()),
        added_tokens=str(folder / "added_tokens.json"),
        split_counts=str(folder / "split_counts.json"),
        nltk_data=nltk.data.path[0],
        **settings,
    )
    return {name: pd.read_parquet(path) for name, path in paths.items()}


def published_stratified(frame):
    rows = datasets.Dataset.from_dict(
        {"index": list(frame.index), "text": list(frame["text"]), "label": list(frame["label"])}
    ).cast_column("label", datasets.ClassLabel(names=["not_dwight", "dwight"]))
    first = rows.train_test_split(1 - 0.50, shuffle=True, seed=27, stratify_by_column="label")
    second = first["test"].train_test_split(
        0.25 / (0.25 + 0.25), shuffle=True, seed=27, stratify_by_column="label"
    )
    return {"train": first["train"], "test": second["train"], "valid": second["test"]}


def published_per_class(frame, train_fraction, rest_fraction):
    positives, negatives = frame[frame["label"] == 1], frame[frame["label"] == 0]
    train_positives = positives.sample(frac=train_fraction, random_state=27)
    train_negatives = negatives.sample(frac=train_fraction, random_state=27)
    positives = positives[~positives.index.isin(train_positives.index)]
    negatives = negatives[~negatives.index.isin(train_negatives.index)]
    share = rest_fraction / (rest_fraction + rest_fraction)
    test_positives = positives.sample(frac=share, random_state=27)
    test_negatives = negatives.sample(frac=share, random_state=27)
    return {
        "train": [train_positives, train_negatives],
        "test": [test_positives, test_negatives],
        "valid": [positives.drop(test_positives.index), negatives.drop(test_negatives.index)],
    }


def triples(frame):
    return sorted(zip(frame["row"], frame["text"], frame["label"], strict=True))


def assert_same_rows(ours, published):
    for name, parts in published.items():
        expected = pd.concat(parts).rename_axis("row").reset_index()
        assert triples(ours[name]) == triples(expected)


@pytest.mark.parametrize("variant", ["basic_distilbert", "basic_roberta"])
def test_stratified_variants_have_the_published_rows_in_the_published_order(
    variant, lines, top_ten, tmp_path
):
    ours = split_of_the_workflow(variant, lines, tmp_path)
    for name, expected in published_stratified(top_ten).items():
        assert ours[name]["row"].tolist() == expected["index"][:]
        assert ours[name]["text"].tolist() == expected["text"][:]
        assert ours[name]["label"].tolist() == expected["label"][:]


def test_rebalanced_variant_has_the_published_rows(lines, top_ten, tmp_path):
    ours = split_of_the_workflow("rebalanced_distilbert", lines, tmp_path)
    published = published_per_class(top_ten, 0.70, 0.15)
    positives, negatives = published["train"]
    published["train"] = [positives, positives, negatives.sample(frac=0.5, random_state=27)]
    assert_same_rows(ours, published)


def test_low_cutoff_variant_has_the_published_rows(lines, top_ten, tmp_path):
    ours = split_of_the_workflow("low_cutoff_distilbert", lines, tmp_path)
    counts = top_ten["text"].map(lambda text: len(nltk.word_tokenize(text)))
    assert_same_rows(ours, published_per_class(top_ten[~(counts <= 5)], 0.70, 0.15))


def test_augmented_variant_has_the_published_rows_and_texts(lines, top_ten, tmp_path):
    ours = split_of_the_workflow("augmented_vocab_distilbert", lines, tmp_path)
    tagged = top_ten.assign(
        text=[
            f"{row.text} [{row.directed_by}] [{row.writer1}]"
            for row in top_ten.itertuples(index=False)
        ]
    )
    assert_same_rows(ours, published_per_class(tagged, 0.50, 0.25))
