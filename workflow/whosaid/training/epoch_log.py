"""The log line and the recorded history of each epoch of a training."""

import logging
import math
from typing import Any

from transformers import TrainerCallback

from whosaid.errors import InputError
from whosaid.evaluation.watched_metrics import WATCHED

logger = logging.getLogger(__name__)


def watched_figures(question: str) -> list[str]:
    """The loss and the watched metrics."""
    return ["loss", *(metric.name for metric in WATCHED[question])]


class EpochLog(TrainerCallback):
    """Logs one line per epoch, in place of the Trainer's dicts."""

    def __init__(self, question: str):
        self.metrics = [metric.name for metric in WATCHED[question]]

    def on_log(self, args, state, control, logs=None, **kwargs):
        """Log the figures of an epoch after the evaluation at its end.

        Raises InputError if the test loss is not finite: no prediction would be a number either.
        """
        if "eval_loss" not in logs:
            return
        if not math.isfinite(logs["eval_loss"]):
            raise InputError(
                f"the test loss is {logs['eval_loss']} after epoch {logs['epoch']:g}: the training "
                "diverged, or the encoder's weights are damaged; lower learning_rate "
                f"(it is {args.learning_rate:g}) or max_grad_norm (it is {args.max_grad_norm:g}), "
                "or fetch the encoder again"
            )
        trained = next(entry for entry in reversed(state.log_history) if "loss" in entry)
        logger.info(
            "epoch %g of %g: %s, test loss %.4f, train loss %.4f",
            *(logs["epoch"], args.num_train_epochs),
            ", ".join(f"{name} {logs[f'eval_{name}']:.4f}" for name in self.metrics),
            *(logs["eval_loss"], trained["loss"]),
        )


def epoch_history(question: str, log_history: list[dict[str, float]]) -> list[dict[str, Any]]:
    """One entry per epoch: train loss, learning rate, and loss and metrics on the test split."""
    history: list[dict[str, Any]] = []
    for entry in log_history:
        if "loss" in entry:
            rate = entry["learning_rate"]
            history.append(
                {"epoch": entry["epoch"], "train_loss": entry["loss"], "learning_rate": rate}
            )
        elif "eval_loss" in entry:
            watched = watched_figures(question)
            history[-1] |= {f"test_{name}": entry[f"eval_{name}"] for name in watched}
    return history
