"""Packed batches of scenes: every line of a scene is answered for, from one reading of the scene.

What a token attends to keeps an answer from the name of its own line's speaker. Texts attend to
texts alone, so they carry no name; a name attends to texts and to itself, so it carries no other
name; only an answer attends to the names of other lines, and nothing attends to an answer. So no
path, through however many layers, leads from a line's name to its answer.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from whosaid.tokens.token_kinds import ANSWER, EARLIER_NAME, NAME, SCENE_NAME, TEXT

IGNORED = -100
"""The label of what is no line, as in token classification."""


def attends(owner: torch.Tensor, kind: torch.Tensor, line: torch.Tensor) -> torch.Tensor:
    """Which tokens attend to which (sequences x tokens x tokens, bool; the asking token first).

    `owner` is the number of each token's window, -1 for padding; `kind` and `line` are those of
    `scene_layout` (all sequences x tokens).
    """
    asking, asked = kind[:, :, None], kind[:, None, :]
    line_of_asking, line_of_asked = line[:, :, None], line[:, None, :]
    is_own = line_of_asking == line_of_asked
    is_name = (asked == NAME) | (asked == EARLIER_NAME)
    is_known = (asked == NAME) | (line_of_asked < line_of_asking)
    to_text = (asked == TEXT) & (asking != SCENE_NAME)
    to_name = is_name & (((asking == asked) & is_own) | ((asking == ANSWER) & ~is_own & is_known))
    to_scene_name = (asked == SCENE_NAME) & ((asking == ANSWER) | (asking == SCENE_NAME))
    to_itself = (asked == ANSWER) & (asking == ANSWER) & is_own
    is_padding = owner == -1
    among_padding = is_padding[:, :, None] & is_padding[:, None, :]
    is_one_window = owner[:, :, None] == owner[:, None, :]
    return (is_one_window & (to_text | to_name | to_scene_name | to_itself)) | among_padding


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
