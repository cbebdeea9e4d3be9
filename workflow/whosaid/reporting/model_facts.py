"""What is known of each trained model: gap between train and test, best epoch, loss, seconds."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from whosaid.reporting.formats import DIFFERENCE, METRIC, UNDEFINED, duration, rendered
from whosaid.reporting.markdown import escaped, table

WATCHED = {"target": ("f1", "F1"), "speakers": ("macro_f1", "macro F1")}
"""The metric of each question by which epochs are compared, and its title."""

LEGEND = """\
*gap*: {metric} on train minus {metric} on test. *best epoch*: the one with the highest {metric} on
test. It decides nothing. *kept epoch*: the one whose weights are used, which is the last, or with
`best_epoch` the best on valid. *training* includes the evaluation after each epoch. *prediction*:
for all three splits together."""


class Model(NamedTuple):
    """A trained model: its variant's title, its seed, and what the stages recorded of it.

    `record` is its `training.json`, `runtime` its `runtime.json`; `train` and `test` are its
    metrics on these splits.
    """

    title: str
    seed: int
    record: Mapping[str, Any]
    runtime: Mapping[str, Any]
    train: Mapping[str, Any]
    test: Mapping[str, Any]


def models_table(models: Sequence[Model], question: str) -> str:
    """A row for each model, and how to read it."""
    metric, title = WATCHED[question]
    rows = [
        [
            escaped(model.title),
            str(model.seed),
            both(model, metric),
            gap(model, metric),
            both(model, "loss"),
            best_epoch(model.record["history"], f"test_{metric}"),
            kept_epoch(model.record),
            duration(model.record["seconds"]),
            prediction(model.runtime),
            escaped(f"{model.record['device']}, {model.record['precision']}"),
        ]
        for model in models
    ]
    headers = ["variant", "seed", f"{title} on train / test", "gap", "loss on train / test"]
    headers += ["best epoch", "kept epoch", "training", "prediction", "device"]
    return f"{table(rows, headers)}\n\n{LEGEND.format(metric=title)}"


def both(model: Model, metric: str) -> str:
    """A metric on train and on test."""
    return f"{rendered(model.train[metric], METRIC)} / {rendered(model.test[metric], METRIC)}"


def gap(model: Model, metric: str) -> str:
    """How much better the metric is on train than on test."""
    train, test = model.train[metric], model.test[metric]
    return UNDEFINED if None in (train, test) else rendered(train - test, DIFFERENCE)


def best_epoch(history: Sequence[Mapping[str, float]], metric: str) -> str:
    """The first epoch with the highest value of a metric, and the last epoch; or a dash."""
    if not history:  # a logistic regression has none
        return UNDEFINED
    best = max(history, key=lambda epoch: epoch[metric])
    return f"{best['epoch']:g} of {history[-1]['epoch']:g} ({rendered(best[metric], METRIC)})"


def kept_epoch(record: Mapping[str, Any]) -> str:
    """The epoch whose weights are used: the last, unless the training chose one; or a dash."""
    if not record["history"]:
        return UNDEFINED
    return f"{record.get('kept_epoch', record['history'][-1]['epoch']):g}"


def prediction(runtime: Mapping[str, Mapping[str, float]]) -> str:
    """The seconds for all splits, and the rows per second."""
    seconds = sum(split["seconds"] for split in runtime.values())
    rows = sum(split["seconds"] * split["rows_per_second"] for split in runtime.values())
    return f"{duration(seconds)}, {rows / seconds:,.0f} rows/s" if seconds else UNDEFINED
