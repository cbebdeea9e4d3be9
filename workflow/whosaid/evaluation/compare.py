"""Compares a variant with the reference, on the test rows that both hold out."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from whosaid.evaluation.bootstrap import (
    Replicates,
    resampled_confusion,
    resampled_counts,
    total_error,
)
from whosaid.evaluation.metric_entry import confusion
from whosaid.evaluation.metrics import (
    COMPARED,
    Ranking,
    halves,
    metrics_of_decisions,
    metrics_of_scores,
)
from whosaid.evaluation.paired_tests import (
    difference_interval,
    holm,
    mcnemar,
    mcnemar_interval,
    smallest_detectable_difference,
    verdict,
)
from whosaid.evaluation.predictions import Predictions


class Side(NamedTuple):
    """One of two compared variants: its predictions, its seeds and the threshold of each seed."""

    predictions: Predictions
    seeds: Sequence[int]
    thresholds: Sequence[float]


def share_rows(one: Side, other: Side) -> tuple[Side, Side]:
    """Both sides with only the rows that both hold, each row once, in the same order."""
    _, of_one, of_other = np.intersect1d(
        one.predictions.row, other.predictions.row, return_indices=True
    )
    return (
        one._replace(predictions=one.predictions.take(of_one)),
        other._replace(predictions=other.predictions.take(of_other)),
    )


def evaluate_models(sides: tuple[Side, Side], resamples: int, seed: int) -> dict[str, Replicates]:
    """The COMPARED metrics of every model of both sides, on the rows and on common resamples.

    The models of the first side come first.
    """
    rng = np.random.default_rng(seed)
    label, lines = sides[0].predictions.label, sides[0].predictions.row
    by_argmax = [side.predictions.decide() for side in sides]
    at_threshold = [side.predictions.decide_at(side.thresholds) for side in sides]
    decisions = np.vstack(by_argmax + at_threshold)
    rankings = [[Ranking(label, odds)] for side in sides for odds in side.predictions.log_odds]
    once = [np.ones((1, len(label)), np.uint8)]
    values = metrics_of_decisions(*halves(confusion(decisions, label)))
    values |= {name: each[:, 0] for name, each in metrics_of_scores(rankings, once).items()}
    counts = resampled_confusion(label, decisions, lines, resamples, rng)
    resampled = metrics_of_decisions(*halves(counts))
    resampled |= metrics_of_scores(rankings, resampled_counts(lines, resamples, rng))
    return {name: Replicates(values[name], resampled[name]) for name in COMPARED}


def describe_difference(
    variant: Replicates, reference: Replicates, confidence: float
) -> dict[str, Any]:
    """The difference between the two means over seeds, its interval and its p value.

    They are NaN where the metric is undefined. If all resamples give the same difference, the
    interval and the p value are NaN too, unless the difference is 0 (then the p value is 1): rows
    that are all alike say nothing about other rows.
    """
    means = [float(side.values.mean()) for side in (variant, reference)]
    difference = means[0] - means[1]
    resampled = variant.resampled.mean(axis=0) - reference.resampled.mean(axis=0)
    resampled = resampled[~np.isnan(resampled)]
    ends = smallest = p_value = math.nan
    if len(resampled):
        error = total_error(resampled, variant, reference)
        if error.standard_error > 0:
            p_value = error.p_value(difference)
            ends = difference_interval(difference, error, confidence)
            smallest = smallest_detectable_difference(error, confidence)
        elif difference == 0:
            p_value, ends = 1.0, (0.0, 0.0)
    return {
        "variant": means[0],
        "reference": means[1],
        "difference": difference,
        "interval": ends,
        "p": p_value,
        "smallest_detectable_difference": smallest,
    }


def compare(sides: tuple[Side, Side], bootstrap: Mapping[str, Any]) -> dict[str, Any]:
    """The differences between two variants on the rows that they share.

    With one model on each side, McNemar's exact test compares the accuracy. With more models, the
    test has to include the spread over the seeds, as for the other metrics.
    """
    label = sides[0].predictions.label
    of_first, confidence = len(sides[0].seeds), bootstrap["confidence"]
    found = evaluate_models(sides, bootstrap["resamples"], bootstrap["seed"])
    metrics = {}
    for name, (values, resampled) in found.items():
        variant = Replicates(values[:of_first], resampled[:of_first])
        reference = Replicates(values[of_first:], resampled[of_first:])
        metrics[name] = describe_difference(variant, reference, confidence)
    right = [side.predictions.decide() == label for side in sides]
    tables = {
        (seed, other): mcnemar(right[0][i], right[1][j])
        for i, seed in enumerate(sides[0].seeds)
        for j, other in enumerate(sides[1].seeds)
    }
    if len(tables) == 1:
        (table,) = tables.values()
        ends = mcnemar_interval(table, len(label), confidence)
        metrics["accuracy"] |= {"p": table.p, "interval": ends}
    return {
        "rows": len(label),
        "positives": int(label.sum()),
        "notes": list(remarks(sides, metrics)),
        "metrics": metrics,
        "mcnemar": [
            {
                "seed": seed,
                "reference_seed": other,
                "only_variant_right": table.only_first_right,
                "only_reference_right": table.only_second_right,
                "p": table.p,
            }
            for (seed, other), table in tables.items()
        ],
    }


def remarks(sides: tuple[Side, Side], metrics: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each limit to what the differences can say."""
    names = ("the variant", "the reference")
    single = [name for name, side in zip(names, sides, strict=True) if len(side.seeds) == 1]
    if single:
        verb = "have" if len(single) > 1 else "has"
        yield (
            f"{' and '.join(single).capitalize()} {verb} one seed: the intervals and tests do not "
            "cover what another seed would change."
        )
    if not sides[0].predictions.label.any():
        yield "No shared row is the target's: F1 is 0 and average precision is undefined."
    alike = [
        name
        for name, found in metrics.items()
        if math.isnan(found["p"]) and not math.isnan(found["difference"])
    ]
    if alike:
        yield f"The shared rows are all alike: nothing can be said of {', '.join(alike)}."


def incomparable() -> dict[str, Any]:
    """The result for a variant that shares no test row with the reference."""
    keys = ("variant", "reference", "difference", "interval", "p")
    keys += ("smallest_detectable_difference",)
    return {
        "rows": 0,
        "positives": 0,
        "notes": ["No row is in the test split of both variants."],
        "metrics": {name: dict.fromkeys(keys, math.nan) for name in COMPARED},
        "mcnemar": [],
    }


def judge(results: Mapping[str, Mapping[str, Any]], confidence: float) -> None:
    """Add a p value adjusted for the number of variants, and a verdict, to each metric."""
    for name in COMPARED:
        found = [result["metrics"][name] for result in results.values()]
        for each, adjusted in zip(found, holm([each["p"] for each in found]), strict=True):
            each["p_holm"] = adjusted
            each["verdict"] = verdict(each["difference"], adjusted, confidence)
