"""A trained model as an ONNX file, which runs without PyTorch."""

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from scipy.special import softmax
from torch.export import Dim
from transformers import AutoTokenizer

from whosaid.training.classifier import load_classifier

NAME = "model.onnx"
TOLERANCE = 1e-4
"""The largest difference of a probability: other operators sum in another order."""

SOME_TEXTS = ["One line of dialogue.", "Another, longer line of dialogue."]


def tokenized(folder: Path, texts: Sequence[str], tensors: str) -> dict:
    """Token ids and attention mask (texts x tokens); `tensors` is `pt` or `np`."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    batch = tokenizer(
        list(texts),
        truncation=True,
        padding=True,
        return_tensors=tensors,
        return_token_type_ids=False,
        return_attention_mask=True,
    )
    return dict(batch)


def write_onnx(model: Path, path: Path) -> None:
    """Write the classifier in the folder `model` to `path`, for any number of texts and tokens."""
    classifier = load_classifier(model).eval()
    batch = tokenized(model, SOME_TEXTS, "pt")
    sizes = {0: Dim("texts"), 1: Dim("tokens")}
    for chatty in ("torch.onnx", "onnxscript", "onnx_ir"):  # they tell of each step
        logging.getLogger(chatty).setLevel(logging.ERROR)
    with warnings.catch_warnings(action="ignore"):
        torch.onnx.export(
            classifier,
            kwargs=batch,
            f=path,
            input_names=list(batch),
            output_names=["logits"],
            dynamic_shapes=dict.fromkeys(batch, sizes),
            dynamo=True,
            external_data=False,
            verbose=False,
        )


def onnx_probabilities(folder: Path, texts: Sequence[str]) -> np.ndarray:
    """What the ONNX file in `folder` says (texts x classes): of the first text alone, then all."""
    import onnxruntime  # an optional package

    session = onnxruntime.InferenceSession(folder / NAME, providers=["CPUExecutionProvider"])
    logits = [
        session.run(["logits"], tokenized(folder, part, "np"))[0]
        for part in (texts[:1], texts[1:])
        if len(part)
    ]
    return softmax(np.concatenate(logits).astype(np.float64), axis=1)
