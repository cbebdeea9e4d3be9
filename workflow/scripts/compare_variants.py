"""Say of every variant whether it is better or worse than the reference.

In: the predictions of all variants on test, their thresholds. Out: a JSON file with the paired
differences on the rows that both variants hold out, their intervals, p values and verdicts.
"""

import json
import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from whosaid.bootstrap import Replicates, resampled_confusion, resampled_counts, total_error
from whosaid.comparison import (
    difference_interval,
    holm,
    mcnemar,
    mcnemar_interval,
    smallest_detectable_difference,
    verdict,
)
from whosaid.evaluation_metrics import Ranking, halves, scored_metrics
from whosaid.metrics import Confusion, accuracy, confusion, f1
from whosaid.predictions import Predictions, read_variants
from whosaid.stage import stage
from whosaid.undefined import nan_to_null
from whosaid.whole import write_json

logger = logging.getLogger(__name__)

METRICS = ("f1", "f1_at_threshold", "accuracy", "average_precision")


class Side(NamedTuple):
    """One of two variants: its predictions on the shared rows, its seeds and their thresholds."""

    predictions: Predictions
    seeds: Sequence[int]
    thresholds: Sequence[float]


def share_rows(one: Side, other: Side) -> tuple[Side, Side]:
    """Both sides on the rows that both hold, each row once and in the same order."""
    _, of_one, of_other = np.intersect1d(
        one.predictions.row, other.predictions.row, return_indices=True
    )
    return (
        one._replace(predictions=one.predictions.take(of_one)),
        other._replace(predictions=other.predictions.take(of_other)),
    )


def evaluate_models(sides: tuple[Side, Side], resamples: int, seed: int) -> dict[str, Replicates]:
    """The `METRICS` of every model of both sides, on the rows and on the same resampled rows.

    The models of the first side come first.
    """
    rng = np.random.default_rng(seed)
    label, lines = sides[0].predictions.label, sides[0].predictions.row
    larger_logit = [side.predictions.decide() for side in sides]
    at_threshold = [side.predictions.decide_at(side.thresholds) for side in sides]
    decisions = np.vstack(larger_logit + at_threshold)
    rankings = [[Ranking(label, odds)] for side in sides for odds in side.predictions.log_odds]
    once = [np.ones((1, len(label)), np.uint8)]

    def metrics(counts: Confusion, scored: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        by_logit, by_threshold = halves(counts)
        values = (f1(by_logit), f1(by_threshold), accuracy(by_logit), scored["average_precision"])
        return dict(zip(METRICS, values, strict=True))

    found = metrics(confusion(decisions, label), scored_metrics(rankings, once))
    found["average_precision"] = found["average_precision"][:, 0]
    resampled = metrics(
        resampled_confusion(label, decisions, lines, resamples, rng),
        scored_metrics(rankings, resampled_counts(lines, resamples, rng)),
    )
    return {name: Replicates(found[name], resampled[name]) for name in METRICS}


def describe_difference(
    variant: Replicates, reference: Replicates, confidence: float
) -> dict[str, Any]:
    """The difference of the means over the seeds of both sides, its interval and p value.

    Not a number where the metric is undefined, or where no resample differs from another: rows
    that are all alike tell nothing of other rows.
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
    """What is known of the difference of two variants, on the rows that they share.

    One model a side: whether they differ in accuracy is McNemar's exact test. With more the
    variance of the seeds belongs into the test, as in the other metrics.
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
        "notes": list(notes(sides, metrics)),
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


def notes(sides: tuple[Side, Side], metrics: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each thing that a reader of the differences must know."""
    names = ("the variant", "the reference")
    single = [name for name, side in zip(names, sides, strict=True) if len(side.seeds) == 1]
    if single:
        verb = "have" if len(single) > 1 else "has"
        yield (
            f"{' and '.join(single).capitalize()} {verb} one seed: what another seed would change "
            "is not in the intervals and tests."
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
    """What stands for a variant that shares no test row with the reference."""
    keys = ("variant", "reference", "difference", "interval", "p")
    keys += ("smallest_detectable_difference",)
    return {
        "rows": 0,
        "positives": 0,
        "notes": ["No row is in the test split of both variants."],
        "metrics": {name: dict.fromkeys(keys, math.nan) for name in METRICS},
        "mcnemar": [],
    }


def judge(results: Mapping[str, Mapping[str, Any]], confidence: float) -> None:
    """Add to the metrics of every variant the p value adjusted for the variants, and a verdict."""
    for name in METRICS:
        found = [result["metrics"][name] for result in results.values()]
        for each, adjusted in zip(found, holm([each["p"] for each in found]), strict=True):
            each["p_holm"] = adjusted
            each["verdict"] = verdict(each["difference"], adjusted, confidence)


def main(
    predictions: Sequence[str],
    thresholds: Sequence[str],
    comparison: str,
    experiment: str,
    reference: str,
    variants: Sequence[Mapping[str, Any]],
    bootstrap: Mapping[str, Any],
) -> None:
    """Write what is known of the variants' differences to the path `comparison`.

    `variants` have the keys name and seeds; `predictions` hold a path per variant and seed,
    `thresholds` one per variant, both in that order. `bootstrap` has the keys confidence, resamples
    and seed.
    """
    sides = {}
    answers = read_variants(predictions, variants)
    for variant, path, answered in zip(variants, thresholds, answers, strict=True):
        seeds = variant["seeds"]
        chosen = json.loads(Path(path).read_text(encoding="utf-8"))["seeds"]
        cutoffs = [chosen[str(seed)]["threshold"] for seed in seeds]
        sides[variant["name"]] = Side(answered, seeds, cutoffs)
    results = {}
    for name, side in sides.items():
        if name != reference:
            shared = share_rows(side, sides[reference])
            comparable = len(shared[0].predictions.row) > 0
            results[name] = compare(shared, bootstrap) if comparable else incomparable()
    judge(results, bootstrap["confidence"])
    write_json(
        comparison,
        {
            "experiment": experiment,
            "split": "test",
            "reference": reference,
            "confidence": bootstrap["confidence"],
            "resamples": bootstrap["resamples"],
            "correction": f"Holm, over the {len(results)} comparisons of a metric",
            "variants": nan_to_null(results),
        },
    )
    for name, result in results.items():
        verdicts = ", ".join(f"{key} {each['verdict']}" for key, each in result["metrics"].items())
        rows = result["rows"]
        logger.info("%s against %s on %d shared rows: %s", name, reference, rows, verdicts)


if __name__ == "__main__":
    with stage(snakemake):
        main(
            predictions=list(snakemake.input.predictions),
            thresholds=list(snakemake.input.thresholds),
            comparison=snakemake.output.comparison,
            **json.loads(snakemake.params.settings),
        )
