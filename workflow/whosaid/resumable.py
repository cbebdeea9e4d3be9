"""What makes a training one that can be killed at any moment and goes on as if it had not been."""

import logging
import math
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from transformers import Trainer, TrainerCallback

from whosaid.errors import InterruptedStageError
from whosaid.manifest import read_manifest, write_manifest

logger = logging.getLogger(__name__)


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


def split_batch(
    batch: dict[str, torch.Tensor], tokens: int, cost: float
) -> list[dict[str, torch.Tensor]]:
    """A batch of `Rows` in pieces, each as wide as its own longest row.

    A piece has at most `tokens` tokens, padding included, or a single row. Beyond that a batch is
    only cut where it saves more tokens of padding than the `cost` of a further piece.
    """
    if batch["input_ids"].numel() <= tokens and math.isinf(cost):
        return [batch]
    lengths = batch["attention_mask"].sum(1).numpy(force=True)
    pieces = []
    for start, end in _cuts(lengths, tokens, cost):
        piece = {name: column[start:end] for name, column in batch.items()}
        for name in ("input_ids", "attention_mask"):
            piece[name] = piece[name][:, : lengths[start]]
        pieces.append(piece)
    return pieces


def _cuts(lengths: np.ndarray, tokens: int, cost: float) -> Iterator[tuple[int, int]]:
    """First row and end of each piece; the lengths fall from row to row."""
    start, ends = 0, [len(lengths)]
    while ends:
        end = ends[-1]
        width = int(lengths[start])
        saved = (width - lengths[start:end]) * np.arange(end - start, 0, -1)
        best = int(saved.argmax())
        if saved[best] > cost:
            ends.append(start + best)
            continue
        cut = min(end, start + max(1, tokens // width))
        yield start, cut
        start = cut
        if start == end:
            ends.pop()


class ResumableTrainer(Trainer):
    """A Trainer of `Rows` whose batches are the same ones after a resume.

    A batch goes through the model in the pieces of `split_batch`; its loss is the mean over all its
    rows all the same.
    """

    def __init__(self, piece_tokens: int, piece_cost: float, **arguments):
        super().__init__(data_collator=lambda batch: batch, **arguments)
        self.piece_tokens = piece_tokens
        self.piece_cost = piece_cost

    def _get_train_sampler(self, train_dataset=None):
        return BatchOrder(
            self.train_dataset.lengths,
            self.args.train_batch_size,
            is_grouped=self.args.train_sampling_strategy == "group_by_length",
            seed=self.args.seed,
        )

    def _get_eval_sampler(self, eval_dataset):
        return eval_dataset.by_length().tolist()

    def training_step(self, model, inputs, num_items_in_batch=None):
        """The mean loss of the rows of a batch; adds up its gradients."""
        total = 0.0
        for piece in split_batch(inputs, self.piece_tokens, self.piece_cost):
            # The Trainer divides the loss by this number.
            self.current_gradient_accumulation_steps = len(inputs["labels"]) / len(piece["labels"])
            total += super().training_step(model, piece)
        return total

    def floating_point_ops(self, inputs):
        """Nothing: the Trainer would count the parameters at each step, for a log nobody reads."""
        return 0


class SealedCheckpoints(TrainerCallback):
    """Seals each checkpoint with a manifest; on SIGTERM or SIGINT saves one and stops.

    A checkpoint without its manifest was not written to its end. The manifest also carries the
    seconds of training up to it.
    """

    def __init__(self, resumed_from: Path | None):
        manifest = read_manifest(resumed_from) if resumed_from else {"seconds": 0.0}
        self.seconds_before = manifest["seconds"]
        self.started = time.perf_counter()
        self.is_told_to_stop = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def seconds(self) -> float:
        """Seconds of training so far, those before a resume included."""
        return round(self.seconds_before + time.perf_counter() - self.started, 3)

    def _stop(self, number, frame):
        self.is_told_to_stop = True
        logger.info("%s: saving a checkpoint", signal.Signals(number).name)
        # A second signal ends the process at once.
        signal.signal(number, signal.SIG_DFL)

    def on_step_end(self, args, state, control, **kwargs):
        """Ask for a checkpoint if the process was told to stop."""
        control.should_save |= self.is_told_to_stop

    def on_save(self, args, state, control, **kwargs):
        """Seal the checkpoint that was just written, and stop if told to."""
        is_last = self.is_told_to_stop  # told later, it stops after the next step
        checkpoint = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        write_manifest(checkpoint, seconds=self.seconds())
        if is_last:
            raise InterruptedStageError(
                f"stopped after step {state.global_step} of {state.max_steps}; the same command "
                "goes on from there"
            )
