"""What is said and kept of each epoch of a training."""

import logging
import math

from transformers import ProgressCallback

from whosaid.errors import InputError

logger = logging.getLogger(__name__)


class EpochLines(ProgressCallback):
    """The Trainer's progress bar with one readable line per epoch in place of its dicts."""

    def on_log(self, args, state, control, logs=None, **kwargs):
        """Log the epoch's figures once the evaluation that ends it has added its own.

        Raises InputError if the loss is no number: none of the model's answers would be one.
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
            "epoch %g of %g: train loss %.4f, test loss %.4f, accuracy %.4f, f1 %.4f, "
            "precision %.4f, recall %.4f",
            *(logs["epoch"], args.num_train_epochs, trained["loss"], logs["eval_loss"]),
            *(logs[f"eval_{name}"] for name in ("accuracy", "f1", "precision", "recall")),
        )


def epoch_history(log_history: list[dict[str, float]]) -> list[dict[str, float]]:
    """One entry per epoch: train loss, learning rate, and loss and metrics on the test split."""
    history = []
    for entry in log_history:
        if "loss" in entry:
            history.append(
                {
                    "epoch": entry["epoch"],
                    "train_loss": entry["loss"],
                    "learning_rate": entry["learning_rate"],
                }
            )
        elif "eval_loss" in entry:
            names = ("loss", "accuracy", "f1", "precision", "recall")
            history[-1] |= {f"test_{name}": entry[f"eval_{name}"] for name in names}
    return history
