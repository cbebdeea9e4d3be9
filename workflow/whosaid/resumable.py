"""What makes a training one that can be killed at any moment and goes on as if it had not been."""

import logging
import signal
import time
from pathlib import Path

from transformers import Trainer, TrainerCallback

from whosaid.batches import BatchOrder
from whosaid.errors import InterruptedStageError
from whosaid.manifest import read_manifest, write_manifest

logger = logging.getLogger(__name__)


class ResumableTrainer(Trainer):
    """A Trainer of `Batches` that are the same ones after a resume.

    The loss of a batch is the mean over its rows, in however many pieces they go through the model.
    """

    def __init__(self, **arguments):
        super().__init__(data_collator=lambda batch: batch, **arguments)

    def _get_train_sampler(self, train_dataset=None):
        return BatchOrder(
            self.train_dataset.rows.lengths,
            self.args.train_batch_size,
            is_grouped=self.args.train_sampling_strategy == "group_by_length",
            seed=self.args.seed,
        )

    def _get_eval_sampler(self, eval_dataset):
        return eval_dataset.by_length().tolist()

    def training_step(self, model, inputs, num_items_in_batch=None):
        """The mean loss of the rows of a batch, given in pieces; adds up its gradients."""
        total = 0.0
        rows = sum(len(piece["labels"]) for piece in inputs)
        for piece in inputs:
            # The Trainer divides the loss by this number.
            self.current_gradient_accumulation_steps = rows / len(piece["labels"])
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
