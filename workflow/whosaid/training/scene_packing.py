"""Packed batches of scenes: every line of a scene is answered for, from one reading of the scene.

Texts attend to texts alone. The tokens of an answer attend to each other and to all texts of their
scene, and nothing else attends to them. So through no number of layers does an answer know what
stands in another answer, such as the name of its own line's speaker.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

IGNORED = -100
"""The label of what is no line, as in token classification."""

NO_ANSWER = -1
"""In `answer_of`: the token is of a text."""


def attends(owner: torch.Tensor, answer_of: torch.Tensor) -> torch.Tensor:
    """Which tokens attend to which (sequences x tokens x tokens, bool; the asking token first).

    `owner` is the number of each token's window, and `answer_of` the line of whose answer it is
    (both sequences x tokens). Padding has an owner of its own.
    """
    is_one_window = owner[:, :, None] == owner[:, None, :]
    asking, asked = answer_of[:, :, None], answer_of[:, None, :]
    return is_one_window & ((asked == NO_ANSWER) | (asked == asking))


def answer_columns(
    rows: Sequence[Mapping[str, Any]], starts: np.ndarray
) -> dict[str, torch.Tensor]:
    """`first_tokens` and `labels` (windows x most answers of one) of the windows `rows`.

    `starts` is the place of each window's first token among the tokens of all sequences. Where a
    window has fewer answers the label is IGNORED, and the token any.
    """
    shape = (len(rows), max(len(row["answers"]) for row in rows))
    first_tokens = np.zeros(shape, dtype=np.int64)
    labels = np.full(shape, IGNORED, dtype=np.int64)
    for number, row in enumerate(rows):
        count = len(row["answers"])
        first_tokens[number, :count] = starts[number] + np.array(row["answers"])
        labels[number, :count] = row["label"]
    return {"first_tokens": torch.from_numpy(first_tokens), "labels": torch.from_numpy(labels)}
