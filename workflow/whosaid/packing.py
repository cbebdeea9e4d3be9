"""Rows end to end in sequences of one width, almost without padding.

Random rows padded to the longest of their batch are three quarters padding. Here a row shares its
sequence with others; its positions start anew, and attention looks at no other row's tokens, so
that each row gets the answer it would get alone. The technique is called sequence packing (Krell
et al., "Efficient Sequence Packing without Cross-contamination", 2021).
"""

import numpy as np
import torch

from whosaid.rows import Rows

WIDTH_STEP = 16
"""Widths are multiples of this: of few shapes, which matrix units and kernel caches like."""

WIDTHS = 5
"""How many widths are tried, from that of the longest row."""

PAIR_COST = 1 / 200
"""What attention from one token to another costs, in parts of all else that a token costs.

Measured on a CPU; twice or half of it makes no difference that can be measured.
"""


def first_fit(lengths: np.ndarray, width: int) -> list[list[int]]:
    """The rows of each sequence of at most `width` tokens: a row goes into the first with room."""
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
    """Width, and rows of each sequence, that cost a model least; lengths fall from row to row."""
    longest = -(-int(lengths[0]) // WIDTH_STEP) * WIDTH_STEP
    packings = [
        (width, first_fit(lengths, width))
        for width in range(longest, longest + WIDTHS * WIDTH_STEP, WIDTH_STEP)
    ]
    return min(packings, key=lambda each: len(each[1]) * each[0] * (1 + PAIR_COST * each[0]))


def pack(
    rows: Rows, sequences: list[np.ndarray], width: int, first_position: int
) -> dict[str, torch.Tensor]:
    """The rows of each sequence end to end, as a model takes them.

    `sequences` has the indices of rows. `input_ids` and `position_ids` are sequences x width;
    `attention_mask` is sequences x 1 x width x width, true from token to token of the same row.
    `first_tokens` and `labels` have an entry for each row in turn: where its first token is when
    all sequences are laid end to end, and its label.
    """
    order = np.concatenate(sequences)
    lengths = rows.lengths[order]
    ends = np.cumsum(lengths)
    members = [len(sequence) for sequence in sequences]
    # How many tokens lie in the sequences before that of a row, and how many places they take.
    tokens_before = np.concatenate([[0], ends])[np.cumsum(members) - members].repeat(members)
    places_before = (np.arange(len(sequences)) * width).repeat(members)
    first_tokens = places_before + ends - lengths - tokens_before
    offsets = np.arange(ends[-1]) - (ends - lengths).repeat(lengths)
    places = first_tokens.repeat(lengths) + offsets

    def lay(values, padding):
        whole = np.full(len(sequences) * width, padding, dtype=np.int64)
        whole[places] = values
        return torch.from_numpy(whole.reshape(len(sequences), width))

    # What is left over of a sequence counts as one more row, whose answer nobody asks for.
    owners = lay(np.arange(len(order)).repeat(lengths), padding=-1)
    return {
        "input_ids": lay(rows.ids[rows.starts[order].repeat(lengths) + offsets], rows.padding),
        "position_ids": lay(first_position + offsets, padding=first_position),
        "attention_mask": owners[:, None, :, None] == owners[:, None, None, :],
        "first_tokens": torch.from_numpy(first_tokens),
        "labels": torch.from_numpy(rows.labels[order].astype(np.int64)),
    }
