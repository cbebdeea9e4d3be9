"""What a metric file says of a split where the question is: which speaker says a line."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from whosaid.config.chosen_on_valid import ChosenOnValid
from whosaid.config.warning_codes import warning
from whosaid.evaluation.class_predictions import ClassPredictions
from whosaid.evaluation.macro_metrics import MACRO_METRICS, ClassSums
from whosaid.evaluation.resampling import Evaluated
from whosaid.evaluation.split_metrics import Metrics, summarise

ROLES = {
    "train": "Learned from. These figures say what the model remembers, not how it will do on new "
    "lines.",
    "test": "Held out. It is watched while an encoder is trained, and decides nothing.",
    "valid": "Held out. Nothing is chosen on it.",
}
"""What each split is for."""

CHOOSES: dict[ChosenOnValid, str] = {
    "epoch": "Held out from learning. It chooses the epoch whose weights are kept, so figures are "
    "slightly optimistic here.",
    "weights": "Held out from the members. The weights of the ensemble are learned on it; its own "
    "rows are answered with the weights of its other folds.",
    "member": "Held out from learning. It chooses the one of several models that counts, so "
    "figures are optimistic here.",
}
"""What valid is for where it chooses anything."""

CHOOSES_TEMPERATURE = (
    "Held out from learning. It chooses the temperature alone, so loss and calibration are "
    "slightly optimistic here."
)
"""What valid is for in a variant that is calibrated."""


def role_of(split: str, valid_chooses: ChosenOnValid | None, is_calibrated: bool) -> str:
    """What a split is for; `valid_chooses` is what valid chooses besides a temperature."""
    if split == "valid" and valid_chooses:
        return CHOOSES[valid_chooses]
    return CHOOSES_TEMPERATURE if split == "valid" and is_calibrated else ROLES[split]


def trivial_metrics(label: np.ndarray, in_train: np.ndarray) -> dict[str, dict[str, float]]:
    """The metrics of two trivial classifiers: always the most frequent class of train, at random.

    `label` are the labels of the rows, `in_train` those of train. The random one predicts each
    class as often as it occurs in train; its metrics are those of the expected counts.
    """
    rows = np.bincount(label, minlength=int(in_train.max()) + 1)
    shares = np.bincount(in_train, minlength=len(rows)) / len(in_train)
    predicted = {"most_frequent": np.eye(len(rows))[shares.argmax()], "prior_random": shares}
    unused = dict.fromkeys(ClassSums._fields[3:], np.zeros(1))
    result = {}
    for name, share in predicted.items():
        sums = ClassSums(hits=share * rows, predicted=share * len(label), rows=rows, **unused)
        result[name] = {
            metric.name: float(metric.function(sums).round(12)) for metric in MACRO_METRICS
        }
    return result


def describe_split(
    predictions: ClassPredictions, seeds: Sequence[int], values: Metrics, evaluated: Evaluated
) -> dict[str, Any]:
    """The counts of a split, and the `values` of its metrics: means, spread, and per seed.

    The confusion matrix has a row for each class and a column for each predicted class; it is the
    mean over the seeds.
    """
    found = summarise(seeds, values)
    label, abstained, decided = predictions.label, predictions.abstained, predictions.decide()
    classes = len(predictions.names)
    matrices = np.array([_confusion(label, of_seed, classes) for of_seed in decided])
    on_judged_rows = None
    if abstained.any():
        kept = predictions.take(~abstained)
        on_judged_rows = {
            metric.name: float(np.mean([metric.score(kept.label, each) for each in kept.decide()]))
            for metric in MACRO_METRICS
        }
    counts = np.bincount(label, minlength=classes).tolist()
    return {
        "rows": len(label),
        "labels": list(predictions.names),
        "of_labels": dict(zip(predictions.names, counts, strict=True)),
        "abstained": {"rows": int(abstained.sum())},
        "answered": on_judged_rows,
        **found,
        "confusion_matrix": matrices.mean(axis=0).tolist(),
    }


def _confusion(label: np.ndarray, decided: np.ndarray, classes: int) -> np.ndarray:
    pairs = np.bincount(label.astype(np.int64) * classes + decided, minlength=classes**2)
    return pairs.reshape(classes, classes)


def remarks(
    predictions: ClassPredictions, valid: ClassPredictions, seeds: Sequence[int], values: Metrics
) -> Iterator[str]:
    """A sentence for each case in which a figure does not mean what its name suggests."""
    for seed, decided in zip(seeds, predictions.decide(), strict=True):
        given = {predictions.names[number] for number in np.unique(decided)}
        if len(given) == 1:
            yield warning("W107", f"Seed {seed} predicts the same for every row: {given.pop()}.")
        elif missing := [name for name in predictions.names if name not in given]:
            yield warning(
                "W109", f"Seed {seed} never predicts {', '.join(missing)}: their F1 is 0."
            )
