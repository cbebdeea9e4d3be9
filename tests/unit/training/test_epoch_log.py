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


# Where the best epoch is chosen on valid, the Trainer evaluates two splits.


def log_of_two_splits():
    log = []
    for entry in log_of_two_epochs():
        if "eval_loss" not in entry:
            log.append(entry)
            continue
        for split, surplus in (("test", 0), ("valid", 0.5)):
            figures = {name: value for name, value in entry.items() if "eval_" in name}
            log.append(
                {"epoch": entry["epoch"]}
                | {
                    name.replace("eval", f"eval_{split}"): v + surplus
                    for name, v in figures.items()
                }
                | {f"eval_{split}_average_precision": 0.25 + surplus}
            )
    return log


def test_history_has_the_figures_of_both_splits():
    history = epoch_history("target", log_of_two_splits(), "average_precision")
    assert [entry["epoch"] for entry in history] == [1.0, 2.0]
    assert [entry["test_f1"] for entry in history] == [0.1, 0.2]
    assert [entry["valid_f1"] for entry in history] == [0.6, 0.7]
    assert [entry["valid_average_precision"] for entry in history] == [0.75, 0.75]
    figures = {f"{split}_{name}" for split in ("test", "valid") for name in NAMES}
    figures |= {"test_average_precision", "valid_average_precision"}
    assert {*history[0]} - figures == {"epoch", "train_loss", "learning_rate"}


def test_a_second_line_says_what_valid_judges_by(caplog):
    caplog.set_level("INFO")
    log = log_of_two_splits()
    for number, entry in enumerate(log, start=1):
        state = SimpleNamespace(log_history=log[:number])
        EpochLog("target", "f1").on_log(ARGUMENTS, state, None, logs=entry)
    assert [text.partition(", ")[0] for text in caplog.messages] == [
        "epoch 1 of 2: accuracy 0.1000",
        "epoch 1 of 2: valid f1 0.6000",
        "epoch 2 of 2: accuracy 0.2000",
        "epoch 2 of 2: valid f1 0.7000",
    ]


def test_a_loss_of_valid_that_is_no_number_ends_the_training_too():
    log = log_of_two_splits()[:3]
    log[2]["eval_valid_loss"] = math.nan
    with pytest.raises(InputError, match=r"the valid loss is nan after epoch 1: "):
        EpochLog("target", "f1").on_log(
            ARGUMENTS, SimpleNamespace(log_history=log), None, logs=log[2]
        )
