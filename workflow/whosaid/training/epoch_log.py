"""The log line and the recorded history of each epoch of a training."""

import logging
import math
from collections.abc import Iterator, Mapping
from typing import Any

from transformers import TrainerCallback

from whosaid.errors import InputError
from whosaid.evaluation.watched_metrics import WATCHED

logger = logging.getLogger(__name__)


FORMS = {"eval": "test", "eval_test": "test", "eval_valid": "valid"}
"""How the Trainer's figures of a split begin: with `eval` alone if it watches one split only."""


def watched_figures(question: str, goal: str | None = None) -> list[str]:
    """The loss and the watched metrics, with the metric by which the best epoch is chosen."""
    figures = ["loss", *(metric.name for metric in WATCHED[question])]
    return figures if goal is None or goal in figures else [*figures, goal]


def evaluated(entry: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    """The split that an entry of the Trainer's log is about, if any, and how its figures begin."""
    yield from ((split, form) for form, split in FORMS.items() if f"{form}_loss" in entry)


class EpochLog(TrainerCallback):
    """Logs one line per epoch, in place of the Trainer's dicts; two where there is a `goal`.

    The `goal` is the metric by which the best epoch is chosen on valid.
    """

    def __init__(self, question: str, goal: str | None = None):
        self.metrics = [metric.name for metric in WATCHED[question]]
        self.goal = goal

    def on_log(self, args, state, control, logs=None, **kwargs):
        """Log the figures of an epoch after each evaluation at its end.

        Raises InputError if a loss is not finite: no prediction would be a number either.
        """
        for split, form in evaluated(logs):
            loss = logs[f"{form}_loss"]
            if not math.isfinite(loss):
                raise InputError(
                    f"the {split} loss is {loss} after epoch {logs['epoch']:g}: the training "
                    "diverged, or the encoder's weights are damaged; lower learning_rate "
                    f"(it is {args.learning_rate:g}) or max_grad_norm (it is "
                    f"{args.max_grad_norm:g}), or fetch the encoder again"
                )
            epoch = f"epoch {logs['epoch']:g} of {args.num_train_epochs:g}"
            if split == "test":
                trained = next(entry for entry in reversed(state.log_history) if "loss" in entry)
                figures = (f"{name} {logs[f'{form}_{name}']:.4f}" for name in self.metrics)
                losses = f"test loss {loss:.4f}, train loss {trained['loss']:.4f}"
                logger.info("%s: %s, %s", epoch, ", ".join(figures), losses)
            else:
                figure = logs[f"{form}_{self.goal}"]
                logger.info("%s: %s %s %.4f", epoch, split, self.goal, figure)


def epoch_history(
    question: str, log_history: list[dict[str, float]], goal: str | None = None
) -> list[dict[str, Any]]:
    """One entry per epoch: train loss, learning rate, and loss and metrics on the test split.

    With a `goal`, the metric by which the best epoch is chosen, they are there for valid, too.
    """
    history: list[dict[str, Any]] = []
    for entry in log_history:
        if "loss" in entry:
            rate = entry["learning_rate"]
            history.append(
                {"epoch": entry["epoch"], "train_loss": entry["loss"], "learning_rate": rate}
            )
        for split, form in evaluated(entry):
            watched = watched_figures(question, goal)
            history[-1] |= {f"{split}_{name}": entry[f"{form}_{name}"] for name in watched}
    return history
