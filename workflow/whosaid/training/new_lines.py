"""What a trained model says of lines that are in no split."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from scipy.special import softmax
from transformers import AutoTokenizer

from whosaid.caching.json_files import read_json
from whosaid.caching.manifest import check_manifest
from whosaid.training.classifier import load_classifier
from whosaid.training.linear_model import Lines, load_model


class Answers(NamedTuple):
    """The logits of lines (lines x classes, float64), and the names of the classes."""

    logits: np.ndarray
    names: list[str]

    @property
    def probabilities(self) -> np.ndarray:
        """The softmax of the logits (lines x classes)."""
        return softmax(self.logits, axis=1)


def answer(folder: Path, lines: Lines) -> Answers:
    """What the model in `folder`, an encoder or a linear one, says of the `lines`.

    Texts are cut as in training. Raises InputError if a file of the model was lost or changed.
    """
    if (folder / "features.json").is_file():
        names = read_json(folder / "features.json")["id2label"]
        return Answers(load_model(folder).logits(lines), in_order(names))
    check_manifest(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    batch = tokenizer(
        list(lines["text"]),
        truncation=True,
        padding=True,
        return_token_type_ids=False,
        return_tensors="pt",
    )
    model = load_classifier(folder).eval()
    with torch.inference_mode():
        logits = model(**batch).logits
    return Answers(logits.double().numpy(), in_order(model.config.id2label))


def in_order(names: Mapping[str | int, str]) -> list[str]:
    """The names of the classes in the order of their numbers, which JSON keeps as texts."""
    return [names[number] for number in sorted(names, key=int)]
