"""What is logged and kept of each epoch."""

import math
from types import SimpleNamespace

import pytest

from whosaid.errors import InputError
from whosaid.training.epoch_log import EpochLog, epoch_history

NAMES = ("loss", "accuracy", "f1", "precision", "recall")
ARGUMENTS = SimpleNamespace(num_train_epochs=2, learning_rate=0.01, max_grad_norm=1.0)


def log_of_two_epochs():
    log = []
    for epoch in (1.0, 2.0):
        log.append({"epoch": epoch, "loss": 0.5 / epoch, "learning_rate": 0.1, "step": 3})
        log.append({"epoch": epoch, **{f"eval_{name}": epoch / 10 for name in NAMES}})
    log.append({"epoch": 2.0, "train_loss": 0.4, "train_runtime": 1.0})
    return log


def test_history_has_train_and_test_figures_of_each_epoch():
    history = epoch_history("target", log_of_two_epochs())
    assert [entry["epoch"] for entry in history] == [1.0, 2.0]
    assert [entry["train_loss"] for entry in history] == [0.5, 0.25]
    assert [entry["test_f1"] for entry in history] == [0.1, 0.2]


def test_one_line_is_logged_per_epoch(caplog):
    caplog.set_level("INFO")
    log = log_of_two_epochs()
    for number, entry in enumerate(log, start=1):
        state = SimpleNamespace(log_history=log[:number])
        EpochLog("target").on_log(ARGUMENTS, state, None, logs=entry)
    assert caplog.messages == [
        f"epoch {epoch} of 2: accuracy {test}, f1 {test}, precision {test}, recall {test}, "
        f"test loss {test}, train loss {loss}"
        for epoch, loss, test in ((1, "0.5000", "0.1000"), (2, "0.2500", "0.2000"))
    ]


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_no_number_ends_the_training(loss):
    log = log_of_two_epochs()[:2]
    log[1]["eval_loss"] = loss
    with pytest.raises(InputError, match=rf"test loss is {loss} after epoch 1: .*it is 0\.01"):
        EpochLog("target").on_log(ARGUMENTS, SimpleNamespace(log_history=log), None, logs=log[1])
