"""Sequence packing: several rows share a sequence, almost without padding.

A batch of random rows, padded to its longest row, is three quarters padding. In a packed sequence
the positions of each row start anew, and its tokens attend to no other row's tokens. So each row is
classified as it would be alone (Krell et al., "Efficient Sequence Packing without
Cross-contamination", 2021).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedModel

from whosaid.training.scene_packing import NO_ANSWER, answer_columns, attends

LAYERS = {
    "bert": "bert.encoder",
    "distilbert": "distilbert.transformer",
    "roberta": "roberta.encoder",
}
"""The module that holds the layers, for each architecture (`model_type`) tested with packing.

The modules after these layers must read only the first token of a row.
"""

WIDTH_STEP = 16
"""Widths are multiples of this: few shapes suit matrix units and kernel caches."""

WIDTHS = 5
"""How many widths are tried, starting with the least that fits the longest row."""

PAIR_COST = 1 / 200
"""The cost of attention between two tokens, relative to all other costs of a token.

Measured on a CPU. Half or twice the value makes no measurable difference.
"""


def first_fit(lengths: np.ndarray, width: int) -> list[list[int]]:
    """The rows of each sequence of `width` tokens; a row goes into the first one with room."""
    sequences: list[list[int]] = []
    room: list[int] = []
    for row, length in enumerate(lengths.tolist()):
        number = next((n for n, left in enumerate(room) if length <= left), len(room))
        if number == len(room):
            sequences.append([])
            room.append(width)
        sequences[number].append(row)
        room[number] -= length
    return sequences


def cheapest_packing(lengths: np.ndarray) -> tuple[int, list[list[int]]]:
    """The width, and the rows of each sequence, that cost a model least.

    `lengths` must be sorted, the longest row first.
    """
    longest = -(-int(lengths[0]) // WIDTH_STEP) * WIDTH_STEP
    packings = [
        (width, first_fit(lengths, width))
        for width in range(longest, longest + WIDTHS * WIDTH_STEP, WIDTH_STEP)
    ]
    return min(packings, key=lambda each: len(each[1]) * each[0] * (1 + PAIR_COST * each[0]))


@dataclass(frozen=True)
class PackingCollator:
    """Makes a packed batch of rows, for a model that `enable_packing` has prepared.

    `padding` is the token id that fills the rest of a sequence, `first_position` the position id of
    a row's first token.
    """

    padding: int
    first_position: int

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
        """The batch of `rows`, each with `input_ids` and `label`, or windows of scenes.

        `input_ids` and `position_ids` are sequences x width. `attention_mask` is sequences x 1 x
        width x width, true between tokens of the same row. `first_tokens` and `labels` have one
        entry per row, in the order given: the index of its first token among the tokens of all
        sequences, and its label. Of windows of scenes, `attends` and `answer_columns` say what
        these are.
        """
        lengths = np.array([len(row["input_ids"]) for row in rows])
        by_length = np.argsort(-lengths, kind="stable")
        width, sequences = cheapest_packing(lengths[by_length])
        shape = (len(sequences), width)
        input_ids = np.full(shape, self.padding, dtype=np.int64)
        position_ids = np.full(shape, self.first_position, dtype=np.int64)
        # The padding of a sequence counts as a row of its own, whose logits are not read.
        owners = np.full(shape, -1, dtype=np.int64)
        first_tokens = np.empty(len(rows), dtype=np.int64)
        answer_of = np.full(shape, NO_ANSWER, dtype=np.int64)
        are_scenes = "answers" in rows[0]
        for number, sequence in enumerate(sequences):
            start = 0
            for row in by_length[sequence]:
                end = start + lengths[row]
                input_ids[number, start:end] = rows[row]["input_ids"]
                positions = rows[row]["position"] if are_scenes else np.arange(lengths[row])
                position_ids[number, start:end] = np.add(positions, self.first_position)
                owners[number, start:end] = row
                if are_scenes:
                    answer_of[number, start:end] = rows[row]["answer_of"]
                first_tokens[row] = number * width + start
                start = end
        owner = torch.from_numpy(owners)
        if are_scenes:
            mask = attends(owner, torch.from_numpy(answer_of))
            answers = answer_columns(rows, first_tokens)
        else:
            mask = owner[:, :, None] == owner[:, None, :]
            labels = torch.tensor([int(row["label"]) for row in rows])
            answers = {"first_tokens": torch.from_numpy(first_tokens), "labels": labels}
        return {
            "input_ids": torch.from_numpy(input_ids),
            "position_ids": torch.from_numpy(position_ids),
            "attention_mask": mask[:, None],
            **answers,
        }


def can_be_packed(model: PreTrainedModel) -> bool:
    """Whether the architecture of the classifier has been tested with packed batches."""
    return model.config.model_type in LAYERS


def enable_packing(model: PreTrainedModel) -> None:
    """Let `model` take batches of a PackingCollator and return the logits of each row.

    This adds three hooks. The first takes `first_tokens` from the batch. The second, after the last
    layer, keeps only the first token of each row, as if each row were a sequence of its own. The
    third gives logits of scenes the shape of `first_tokens` (windows x answers x classes). Batches
    without `first_tokens` are processed as before.
    """
    batch: dict[str, Any] = {}

    def take_first_tokens(module, args, kwargs):
        batch["first_tokens"] = kwargs.pop("first_tokens", None)
        return args, kwargs

    def keep_first_tokens(module, args, output):
        if batch["first_tokens"] is not None:
            tokens = output.last_hidden_state.flatten(0, 1)
            first_tokens = batch["first_tokens"].flatten()
            output.last_hidden_state = tokens.index_select(0, first_tokens)[:, None]
        return output

    def shape_logits(module, args, output):
        if batch["first_tokens"] is not None and batch["first_tokens"].ndim > 1:
            output.logits = output.logits.unflatten(0, batch["first_tokens"].shape)
        return output

    model.register_forward_pre_hook(take_first_tokens, with_kwargs=True)
    layers = model.get_submodule(LAYERS[model.config.model_type])
    layers.register_forward_hook(keep_first_tokens)
    model.register_forward_hook(shape_logits)
