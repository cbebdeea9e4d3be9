"""Checkpoints that survive a kill, and a clean stop on SIGTERM or SIGINT."""

import logging
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import torch
import torch.distributed
from transformers import TrainerCallback, TrainerState
from transformers.trainer import TRAINER_STATE_NAME

from whosaid.caching.manifest import is_complete, read_manifest, write_manifest
from whosaid.errors import InterruptedStageError

logger = logging.getLogger(__name__)

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
"""On these a training saves a checkpoint and stops."""


FORM = 2
"""Of what a checkpoint holds. Before, one of a GPU held the embeddings of all tokens."""


class SealedCheckpoints(TrainerCallback):
    """Adds a manifest to each finished checkpoint; on SIGTERM or SIGINT saves one and stops.

    A checkpoint without a manifest is incomplete. The manifest also holds the seconds of training
    so far.
    """

    def __init__(self, resumed_from: Path | None):
        manifest = read_manifest(resumed_from) if resumed_from else {"seconds": 0.0}
        self.seconds_before = manifest["seconds"]
        self.started = time.perf_counter()
        self.is_asked_to_stop = False
        for number in STOP_SIGNALS:
            signal.signal(number, self._stop)

    def seconds(self) -> float:
        """Seconds of training so far, including those before a resume."""
        return round(self.seconds_before + time.perf_counter() - self.started, 3)

    def _stop(self, number, frame):
        self.is_asked_to_stop = True
        logger.info("%s: saving a checkpoint", signal.Signals(number).name)
        # A second signal ends the process at once. One of several gets each signal again from the
        # launcher, and ends with the process that started it.
        is_alone = not torch.distributed.is_initialized()
        signal.signal(number, signal.SIG_DFL if is_alone else signal.SIG_IGN)

    def on_step_end(self, args, state, control, **kwargs):
        """Ask for a checkpoint if asked to stop; at the end of an epoch one is saved anyway."""
        is_asked = in_any_process(self.is_asked_to_stop, args.device)
        control.should_save |= is_asked and not state.epoch.is_integer()

    def on_save(self, args, state, control, **kwargs):
        """Add a manifest to the checkpoint that was just written, and stop if asked to.

        Stops by raising InterruptedStageError.
        """
        # A later signal stops after the next step. Each process has written its part by now.
        is_last = in_any_process(self.is_asked_to_stop, args.device)
        if state.is_world_process_zero:
            self._seal(args, state)
        if in_any_process(is_last, args.device):  # once the checkpoint is sealed
            raise InterruptedStageError(
                f"stopped after step {state.global_step} of {state.max_steps}; the same command "
                "continues"
            )

    def _seal(self, args, state):
        checkpoint = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        write_manifest(checkpoint, seconds=self.seconds(), form=FORM)
        if args.load_best_model_at_end and not is_end_within_epoch(state):
            needed = {state.global_step, state.best_global_step}
            for step, other in checkpoints_by_step(checkpoint.parent):
                if step not in needed:
                    shutil.rmtree(other)


def in_any_process(flag: bool, device: torch.device) -> bool:
    """Whether the `flag` is true in any process of the training; all wait for the answer."""
    if not torch.distributed.is_initialized():
        return flag
    flags = torch.tensor(int(flag), device=device)
    torch.distributed.all_reduce(flags, torch.distributed.ReduceOp.MAX)
    return bool(flags)


class EpochSeed(TrainerCallback):
    """Makes the groups of `group_by_length` depend on the seed and the epoch only.

    Transformers draws them from the global random state, which differs after a resume in the middle
    of an epoch. Without this callback some rows would be trained on twice and others never.
    """

    def on_epoch_begin(self, args, state, control, **kwargs):
        """Seed the global random state for the groups of this epoch."""
        if args.train_sampling_strategy == "group_by_length":
            seeds = np.random.SeedSequence((args.seed, int(state.epoch or 0)))
            torch.manual_seed(int(seeds.generate_state(1)[0]))

    # Also before the checkpoint at the end of an epoch, whose state begins the next epoch.
    on_evaluate = on_epoch_begin


def is_end_within_epoch(state: TrainerState) -> bool:
    """Whether the last step is taken, within an epoch.

    Resumed from there, the Trainer would take another step before it looks whether to go on.
    """
    return state.global_step >= state.max_steps and not state.epoch.is_integer()


def checkpoints_by_step(folder: Path) -> list[tuple[int, Path]]:
    """The step of each checkpoint in `folder` and its path, the latest first."""
    checkpoints = folder.glob("checkpoint-*")
    return sorted(((int(path.name.partition("-")[2]), path) for path in checkpoints), reverse=True)


def last_complete_checkpoint(folder: Path) -> Path | None:
    """The latest complete checkpoint in `folder` to go on from; those after it are deleted.

    A checkpoint that names another one as the best is complete together with that one. Nothing goes
    on from the end of a training within an epoch.
    """
    for _, checkpoint in checkpoints_by_step(folder):
        fault = _fault_of(checkpoint)
        if fault is None:
            return checkpoint
        logger.info("%s %s: deleted", checkpoint, fault)
        shutil.rmtree(checkpoint)
    return None


def _fault_of(checkpoint: Path) -> str | None:
    """Why no training can go on from the checkpoint; None if one can."""
    if not is_complete(checkpoint):
        return "was not written to its end"
    if read_manifest(checkpoint).get("form") != FORM:
        return "was written by another version"
    state = TrainerState.load_from_json(str(checkpoint / TRAINER_STATE_NAME))
    if is_end_within_epoch(state):
        return "is the end, which is trained again"
    best = state.best_global_step
    if best is not None and not is_complete(checkpoint.parent / f"checkpoint-{best}"):
        return f"needs checkpoint-{best}, which is not complete"
    return None
