"""What makes a training one that can be killed at any moment and goes on as if it had not been."""

import logging
import signal
import time
from pathlib import Path

import torch
from transformers import Trainer, TrainerCallback
from transformers.trainer_pt_utils import LengthGroupedSampler

from whosaid.errors import InterruptedStageError
from whosaid.manifest import read_manifest, write_manifest

logger = logging.getLogger(__name__)


class EpochLengthGroupedSampler(LengthGroupedSampler):
    """Rows in groups of similar length, in an order set by the seed and the epoch alone.

    The library's sampler draws from the global random state, which is another one when the middle
    of an epoch is resumed.
    """

    def __init__(self, group_size: int, lengths: list[int], seed: int):
        super().__init__(group_size, lengths=lengths, generator=torch.Generator())
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Take note of the epoch; the data loader calls this before each one."""
        self.epoch = epoch

    def __iter__(self):
        self.generator.manual_seed(self.seed + self.epoch)
        return super().__iter__()


class ResumableTrainer(Trainer):
    """A Trainer whose batches are the same ones after a resume, in length groups too."""

    def _get_train_sampler(self, train_dataset=None):
        if self.args.train_sampling_strategy != "group_by_length":
            return super()._get_train_sampler(train_dataset)
        return EpochLengthGroupedSampler(
            self.args.train_batch_size * self.args.gradient_accumulation_steps,
            lengths=[len(ids) for ids in self.train_dataset["input_ids"]],
            seed=self.args.seed,
        )


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
        checkpoint = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        write_manifest(checkpoint, seconds=self.seconds())
        if self.is_told_to_stop:
            raise InterruptedStageError(
                f"stopped after step {state.global_step} of {state.max_steps}; the same command "
                "goes on from there"
            )
