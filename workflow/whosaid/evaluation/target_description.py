"""What a metric file says of a split where the question is: is a line the target's or not."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from whosaid.config.chosen_on_valid import ChosenOnValid
from whosaid.config.warning_codes import warning
from whosaid.evaluation.metric_entry import Confusion, confusion
from whosaid.evaluation.metrics import AT_THRESHOLD, METRICS, Ranking, metrics_of_decisions
from whosaid.evaluation.predictions import Predictions
from whosaid.evaluation.published_metrics import PUBLISHED_METRICS
from whosaid.evaluation.resampling import Evaluated
from whosaid.evaluation.split_metrics import Metrics, summarise
from whosaid.evaluation.thresholds import decision_ranking, no_choice

ROLES = {
    "train": "Learned from. These figures say what the model remembers, not how it will do on new "
    "lines.",
    "test": "Held out. It is watched while an encoder is trained, and decides nothing.",
    "valid": "Held out from learning. It chooses the decision threshold, so figures at the "
    "threshold are slightly optimistic here.",
}
"""What each split is for."""

CHOOSES: dict[ChosenOnValid, str] = {
    "epoch": "Held out from learning. It chooses the epoch whose weights are kept, and the "
    "decision threshold, so all figures are slightly optimistic here.",
    "weights": "Held out from the members. The weights of the ensemble are learned on it; its own "
    "rows are answered with the weights of its other folds. It also chooses the decision "
    "threshold, so figures at the threshold are slightly optimistic here.",
    "member": "Held out from learning. It chooses the one of several models that counts, and the "
    "decision threshold, so all figures are optimistic here.",
}
"""What valid is for where it chooses more than a threshold."""


def role_of(split: str, valid_chooses: ChosenOnValid | None, is_calibrated: bool) -> str:
    """What a split is for; `valid_chooses` is what valid chooses besides a threshold.

    A calibration changes nothing of it: valid chooses the threshold in any case.
    """
    return CHOOSES[valid_chooses] if split == "valid" and valid_chooses else ROLES[split]


def trivial_metrics(label: np.ndarray, in_train: np.ndarray) -> dict[str, dict[str, float]]:
    """The metrics of three trivial classifiers, which predict the target never, always, at random.

    `label` are the labels of the rows, `in_train` those of train. The random one predicts the
    target as often as it occurs in train; its metrics are those of the expected counts. These are
    not whole numbers, so results are rounded, or an exact 0 would not be 0. None of the three ranks
    the rows.
    """
    share_in_train = float(in_train.mean())
    positives, rows = int(label.sum()), len(label)
    order = Ranking(label, np.zeros(rows)).sums(np.ones((1, rows), np.uint8))
    shares = {"never": 0.0, "always": 1.0, "prior_random": share_in_train}
    result = {}
    for name, share in shares.items():
        hits, alarms = share * positives, share * (rows - positives)
        counts = Confusion(hits, alarms, positives - hits, rows - positives - alarms)
        result[name] = {
            key: float(values.round(12))
            for key, values in metrics_of_decisions(counts, counts).items()
            if not key.endswith(AT_THRESHOLD)
        }
        result[name] |= {
            metric.name: float(metric.function(order)[0])
            for metric in METRICS.values()
            if metric.basis == "ranking"
        }
    return result


def describe_split(
    predictions: Predictions, seeds: Sequence[int], values: Metrics, evaluated: Evaluated
) -> dict[str, Any]:
    """The counts of a split, and the `values` of its metrics: means, spread, and per seed."""
    found, thresholds = summarise(seeds, values), evaluated.thresholds[:, 0]
    label, abstained = predictions.label, predictions.abstained
    counts = confusion(predictions.decide(), label)
    on_judged_rows = None
    if abstained.any():
        kept = predictions.take(~abstained)
        of_kept = confusion(kept.decide(), kept.label)
        on_judged_rows = {
            metric.name: float(metric.function(of_kept).mean()) for metric in PUBLISHED_METRICS
        }
    for number, of_seed in enumerate(found["seeds"].values()):
        of_seed["threshold"] = float(thresholds[number])
        of_seed["confusion"] = {key: int(each[number]) for key, each in counts._asdict().items()}
    abstentions = {"rows": int(abstained.sum()), "positives": int(label[abstained].sum())}
    return {
        "rows": len(label),
        "positives": int(label.sum()),
        "abstained": abstentions,
        "refused": abstentions,  # the key's earlier name, which users may read
        "metrics": found["metrics"],
        "answered": on_judged_rows,
        "spread": found["spread"],
        "confusion": {name: float(each.mean()) for name, each in counts._asdict().items()},
        "seeds": found["seeds"],
    }


def remarks(
    predictions: Predictions, valid: Predictions, seeds: Sequence[int], values: Metrics
) -> Iterator[str]:
    """A sentence for each case in which a figure does not mean what its name suggests."""
    label, decisions = predictions.label, predictions.decide()
    if label.min() == label.max():
        lines, zero = ("no", " and recall and F1 are 0") if label.max() == 0 else ("every", "")
        undefined = [name for name, each in values.items() if np.isnan(each).any()]
        yield warning(
            "W103", f"The target says {lines} row: {', '.join(undefined)} are undefined{zero}."
        )
    elif label.sum() == 1:
        about = "precision, recall and F1 are about this row alone"
        yield warning("W105", f"One row is the target's: {about}.")
    for number, seed in enumerate(seeds):
        odds, of_seed = predictions.log_odds[number], decisions[number]
        if odds.min() == odds.max():
            yield warning("W106", f"Seed {seed} gives every row the same score.")
        elif of_seed.min() == of_seed.max():
            given = "the target" if of_seed[0] else "not the target, so precision and F1 are 0"
            yield warning("W107", f"Seed {seed} predicts the same for every row: {given}.")
        ranking = decision_ranking(valid.label, valid.log_odds[number], valid.abstained)
        if reason := no_choice(ranking):
            yield warning("W108", f"The threshold of seed {seed} is 0.5: on valid {reason}.")
