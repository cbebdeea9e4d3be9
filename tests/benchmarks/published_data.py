"""The data stages as published, in code of our own: one process per variant, all in one batch."""

from typing import Any

import pandas as pd
from datasets import ClassLabel, Dataset, DatasetDict
from transformers import AutoTokenizer

DTYPES = {
    **dict.fromkeys(("season", "episode"), "int8"),
    "scene": "int16",
    **dict.fromkeys(("title", "speaker", "line", "written_by"), "string"),
    **dict.fromkeys(("directed_by", "writer1", "writer2", "writer3"), "category"),
}


def chosen_lines(csv: str, recipe: dict[str, Any]) -> pd.DataFrame:
    """The lines of the most frequent speakers with `text` and `label`, short ones dropped."""
    frame = pd.read_csv(csv, index_col=0, keep_default_na=False).astype(DTYPES)
    shares = frame["speaker"].value_counts(normalize=True)
    frame = frame[frame["speaker"].isin(shares.nlargest(recipe["top_speakers"]).index)]
    frame = frame.rename(columns={"line": "text"})
    frame["label"] = (frame["speaker"] == recipe["target_speaker"]).astype("int8")
    if recipe["min_words"] is not None:
        import nltk

        preserve_line = recipe["word_tokenizer"] == "preserve_line"
        words = frame["text"].apply(
            lambda text: len(nltk.word_tokenize(text, preserve_line=preserve_line))
        )
        frame = frame[words >= recipe["min_words"]]
    return frame


def annotated(frame: pd.DataFrame, columns: list[str]) -> tuple[pd.DataFrame, list[str]]:
    """The lines with the values of `columns` in brackets behind the text, and these tokens."""
    tokens: dict[str, None] = {}
    for column in columns:
        tags = "[" + frame[column].astype("string") + "]"
        tokens |= dict.fromkeys(tags.unique())
        frame = frame.assign(text=frame["text"] + " " + tags)
    return frame, list(tokens)


def split_by_datasets(frame: pd.DataFrame, split: dict[str, Any]) -> DatasetDict:
    """Two stratified splits by `datasets`."""
    rows = Dataset.from_pandas(frame[["text", "label"]].reset_index(), preserve_index=False)
    rows = rows.cast_column("label", ClassLabel(names=["rest", "target"]))
    shares, seed = split["fractions"], split["seed"]
    options = {"shuffle": True, "seed": seed, "stratify_by_column": "label"}
    first = rows.train_test_split(test_size=1 - shares["train"], **options)
    share = shares["valid"] / (shares["test"] + shares["valid"])
    second = first["test"].train_test_split(test_size=share, **options)
    return DatasetDict(train=first["train"], test=second["train"], valid=second["test"])


def split_by_pandas(
    frame: pd.DataFrame, split: dict[str, Any], resample: dict[str, float] | None
) -> DatasetDict:
    """A sample of each class by `pandas`, the training split re-balanced, each split shuffled."""
    shares, seed = split["fractions"], split["seed"]
    share = shares["test"] / (shares["test"] + shares["valid"])
    parts: dict[str, list[pd.DataFrame]] = {"train": [], "test": [], "valid": []}
    for label in (1, 0):
        members = frame[frame["label"] == label]
        train = members.sample(frac=shares["train"], random_state=seed)
        rest = members.drop(train.index)
        test = rest.sample(frac=share, random_state=seed)
        parts["test"].append(test)
        parts["valid"].append(rest.drop(test.index))
        if resample is not None and label == 1:
            parts["train"] += [train] * resample["oversample_positives"]
        elif resample is not None:
            kept = resample["undersample_negatives"]
            parts["train"].append(train.sample(frac=kept, random_state=seed))
        else:
            parts["train"].append(train)
    return DatasetDict(
        {
            name: Dataset.from_pandas(
                pd.concat(frames).sample(frac=1.0)[["text", "label"]].reset_index(),
                preserve_index=False,
            )
            for name, frames in parts.items()
        }
    )


def prepare_variant(csv: str, encoder: str, recipe: dict[str, Any]) -> dict[str, int]:
    """Read, choose, split and tokenize one variant; returns the rows of each split.

    Each split is tokenized in one batch and padded to its longest line.
    """
    frame, tokens = annotated(chosen_lines(csv, recipe), recipe["annotate"])
    if recipe["split"]["method"] == "datasets_stratified":
        dataset = split_by_datasets(frame, recipe["split"])
    else:
        dataset = split_by_pandas(frame, recipe["split"], recipe["resample"])
    tokenizer = AutoTokenizer.from_pretrained(encoder)
    tokenizer.add_tokens(tokens, special_tokens=True)
    encoded = dataset.map(
        lambda batch: tokenizer(
            batch["text"],
            padding=True,
            truncation=True,
            max_length=recipe["max_length"],
            return_tensors="pt",
        ),
        batched=True,
        batch_size=None,
    )
    encoded.set_format("torch", columns=["input_ids", "attention_mask", "label"])
    return {name: len(rows) for name, rows in encoded.items()}
