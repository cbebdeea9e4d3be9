"""Keeps the weights of the epoch that is best on valid, by the Trainer's own means.

`test` is watched as ever and decides nothing.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from transformers import EarlyStoppingCallback, TrainerCallback, TrainerState
from transformers.trainer import TRAINER_STATE_NAME

from whosaid.errors import InputError
from whosaid.tokens.tokenized_rows import labels_of

SPLIT = "valid"
"""The split that judges the epochs."""


def best_epoch_arguments(metric: str) -> dict[str, Any]:
    """TrainingArguments that keep the epoch with the best `metric` on valid."""
    return {
        "load_best_model_at_end": True,
        "metric_for_best_model": f"{SPLIT}_{metric}",
        "greater_is_better": metric != "loss",
        # The Trainer would delete checkpoints before the new one has its manifest, among them the
        # one that is best so far; SealedCheckpoints deletes them after that.
        "save_total_limit": None,
        # How long there has been no better epoch.
        "restore_callback_states_from_checkpoint": True,
    }


def check_judge(rows: Dataset, source: str) -> None:
    """Raise InputError if the rows of valid cannot tell one epoch from another.

    `source` names the rows in the message.
    """
    labels = labels_of(rows)
    classes = len(np.unique(labels))
    if classes < 2:
        raise InputError(
            f"{source}: training.best_epoch needs rows of two classes to choose by, but the "
            f"{len(labels)} rows are of {classes}; set it to null, or lower min_words, which "
            "leaves lines out"
        )


def steps_left(checkpoint: Path, patience: int) -> dict[str, Any]:
    """TrainingArguments for a training that ran out of `patience` at this checkpoint; else none.

    Resumed from there, the Trainer would take another step before it asks whether to go on.
    """
    state = TrainerState.load_from_json(str(checkpoint / TRAINER_STATE_NAME))
    stored = state.stateful_callbacks[EarlyStoppingCallback.__name__]
    waited = stored["attributes"]["early_stopping_patience_counter"]
    return {"max_steps": state.global_step} if waited >= patience else {}


class SameCourse(TrainerCallback):
    """Lets a training take the course that it would take if valid were not evaluated.

    An evaluation draws from the global random state, as dropout does.
    """

    def on_evaluate(self, args, state, control, metrics=None, **kwargs):
        """Remember the random state after test, and go back to it after valid."""
        if f"eval_{SPLIT}_loss" in metrics:
            torch.set_rng_state(self.random_state)
        else:
            self.random_state = torch.get_rng_state()


def kept_epoch(state: TrainerState) -> float:
    """The epoch whose weights are kept; the last one may be a part of an epoch."""
    steps = {entry["step"]: entry["epoch"] for entry in state.log_history}
    return steps[state.best_global_step]
