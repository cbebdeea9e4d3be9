"""The batches of a training: their order, and the pieces in which they go through a model."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from whosaid.packing import cheapest_packing, pack
from whosaid.rows import Rows


class BatchOrder(torch.utils.data.Sampler):
    """The order of the rows of an epoch, set by the seed and the epoch alone.

    The library's samplers draw from the global random state, which is another one when the middle
    of an epoch is resumed. With `is_grouped` the rows of a batch are of similar length: shuffled
    rows are sorted by length, a pool of batches at a time, and the batches are shuffled in turn.
    """

    def __init__(self, lengths: np.ndarray, batch_size: int, is_grouped: bool, seed: int):
        self.lengths = lengths
        self.batch_size = batch_size
        self.is_grouped = is_grouped
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Take note of the epoch; the data loader calls this before each one."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        random = np.random.default_rng((self.seed, self.epoch))
        order = random.permutation(len(self.lengths))
        if self.is_grouped:
            # The library's size of a pool. Larger ones pad even less, but with batches of one
            # length each a model learns more slowly.
            pool = max(1, min(50, len(order) // (4 * self.batch_size))) * self.batch_size
            for start in range(0, len(order), pool):
                part = order[start : start + pool]
                part[:] = part[np.argsort(-self.lengths[part], kind="stable")]
            # A last batch that is not full stays the last one.
            full = len(order) // self.batch_size * self.batch_size
            random.shuffle(order[:full].reshape(-1, self.batch_size))
        return iter(order.tolist())


class Batches(torch.utils.data.Dataset):
    """Rows to train on; a list of indices gives a batch as a list of pieces.

    A piece has at most `piece_tokens` tokens, padding included, or a single sequence. With a
    `first_position` rows are packed, without it each is padded to the longest of its piece.
    """

    def __init__(self, rows: Rows, piece_tokens: int, first_position: int | None):
        self.rows = rows
        self.piece_tokens = piece_tokens
        self.first_position = first_position

    def __len__(self) -> int:
        return len(self.rows)

    def __getitems__(self, indices: Sequence[int]) -> list[dict[str, torch.Tensor]]:
        """The pieces, of which each row of `indices` is in one."""
        chosen = np.asarray(indices)
        chosen = chosen[np.argsort(-self.rows.lengths[chosen], kind="stable")]
        if self.first_position is None:
            return [self.rows[part] for part in self._padded(chosen)]
        width, sequences = cheapest_packing(self.rows.lengths[chosen])
        sequences = [chosen[sequence] for sequence in sequences]
        at_once = max(1, self.piece_tokens // width)
        return [
            pack(self.rows, sequences[start : start + at_once], width, self.first_position)
            for start in range(0, len(sequences), at_once)
        ]

    def _padded(self, chosen: np.ndarray) -> Iterator[np.ndarray]:
        while len(chosen):
            at_once = max(1, self.piece_tokens // int(self.rows.lengths[chosen[0]]))
            yield chosen[:at_once]
            chosen = chosen[at_once:]
