"""The tokenized rows of a split, in memory, and the batches made of them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import torch

import whosaid.lean_arrow  # noqa: F401


class Rows(torch.utils.data.Dataset):
    """Rows of token ids with their labels; a list of indices gives a padded batch of tensors.

    `ids` holds the token ids of all rows, one after the other, and row i those from `starts[i]`,
    `lengths[i]` of them. `numbers` are the rows' numbers in the corpus; `refused` marks those that
    the variant does not judge.
    """

    def __init__(self, ids, starts, lengths, labels, numbers, refused, padding: int):
        self.ids = ids
        self.starts = starts
        self.lengths = lengths
        self.labels = labels
        self.numbers = numbers
        self.refused = refused
        self.padding = padding
        # Matrix units of a GPU like multiples of 8; on a CPU padding is only work.
        self.multiple = 8 if torch.accelerator.is_available() else 1

    @classmethod
    def load(cls, folder: Path, padding: int) -> Self:
        """The rows of the split saved in `folder` by `datasets`; `padding` is the filling id."""
        state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        tables = []
        for file in state["_data_files"]:
            with pa.memory_map(str(folder / file["filename"])) as source:
                tables.append(pa.ipc.open_stream(source).read_all())
        table = pa.concat_tables(tables)
        texts = table["input_ids"].combine_chunks()
        lengths = texts.value_lengths().to_numpy()
        return cls(
            ids=texts.flatten().to_numpy(),
            starts=np.cumsum(lengths) - lengths,
            lengths=lengths,
            labels=table["label"].to_numpy(),
            numbers=table["row"].to_numpy(),
            refused=table["refused"].to_numpy(),
            padding=padding,
        )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, indices: Sequence[int]) -> dict[str, torch.Tensor]:
        """The rows at `indices`, from the longest to the shortest, padded on the right.

        `input_ids` and `attention_mask` are rows x tokens, `labels` has one number a row.
        """
        chosen = np.asarray(indices)
        chosen = chosen[np.argsort(-self.lengths[chosen], kind="stable")]
        lengths = self.lengths[chosen]
        width = -(-int(lengths[0]) // self.multiple) * self.multiple
        columns = np.arange(width)
        mask = columns < lengths[:, None]
        ids = np.full(mask.shape, self.padding, dtype=np.int64)
        ids[mask] = self.ids[(self.starts[chosen, None] + columns)[mask]]
        return {
            "input_ids": torch.from_numpy(ids),
            "attention_mask": torch.from_numpy(mask.astype(np.int64)),
            "labels": torch.from_numpy(self.labels[chosen].astype(np.int64)),
        }

    __getitems__ = __getitem__  # by this name a data loader asks for a whole batch

    def by_length(self) -> np.ndarray:
        """The indices of the rows from the longest to the shortest."""
        return np.argsort(-self.lengths, kind="stable")

    def judged(self) -> Self:
        """The rows that the variant does not refuse."""
        kept = ~self.refused
        columns = (self.starts, self.lengths, self.labels, self.numbers, self.refused)
        return type(self)(self.ids, *(column[kept] for column in columns), self.padding)
