"""Sequence classifiers: a new one from an encoder, a stored one, the check of its token ids."""

from collections.abc import Sequence
from pathlib import Path

import torch
from datasets import Dataset
from transformers import (
    AutoModelForSequenceClassification,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from whosaid.errors import InputError


def load_classifier(folder: str | Path) -> PreTrainedModel:
    """A trained model in float32."""
    return AutoModelForSequenceClassification.from_pretrained(
        folder, dtype=torch.float32, use_safetensors=True
    )


def new_classifier(
    encoder: str | Path, tokenizer: PreTrainedTokenizerBase, names: Sequence[str]
) -> PreTrainedModel:
    """The encoder with a new head for the classes with these `names`, in float32.

    Added tokens get new embeddings, drawn as in the published code: from a normal distribution with
    the model's initializer range, not around the mean of the existing embeddings.
    """
    model = AutoModelForSequenceClassification.from_pretrained(
        encoder,
        num_labels=len(names),
        id2label=dict(enumerate(names)),
        label2id={name: number for number, name in enumerate(names)},
        problem_type="single_label_classification",
        dtype=torch.float32,
        use_safetensors=True,
    )
    if len(tokenizer) > model.get_input_embeddings().num_embeddings:
        model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    return model


def check_token_ids(rows: Dataset, model: PreTrainedModel, source: str) -> None:
    """Raise InputError if a row of `rows` has a token id for which the model has no embedding.

    `source` names the rows in the message.
    """
    known = model.get_input_embeddings().num_embeddings
    for number, ids in enumerate(rows["input_ids"]):
        unknown = next((token for token in ids if not 0 <= token < known), None)
        if unknown is not None:
            raise InputError(
                f"{source}: row {number} has the token id {unknown}, but the model knows the ids "
                f"0 to {known - 1}; tokenize with the tokenizer of this model"
            )
