"""Turn the predictions of one variant into metrics with intervals.

In: the predictions of each seed on each split. Out: the decision threshold of each seed, chosen on
valid, and for each split a JSON file with the metrics' means over the seeds, their spread and
intervals, each seed's own, and those of the trivial classifiers on the same rows.
"""

import json
import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from whosaid.bootstrap import interval, resampled_confusion, resampled_counts
from whosaid.evaluation_metrics import (
    COUNT_METRICS,
    Calibration,
    Ranking,
    halves,
    scored_metrics,
    sigmoid,
)
from whosaid.metrics import WATCHED, Confusion, confusion
from whosaid.predictions import Predictions, read_predictions
from whosaid.stage import stage
from whosaid.thresholds import Threshold, choose_threshold
from whosaid.undefined import nan_to_null
from whosaid.whole import write_json

logger = logging.getLogger(__name__)

ROLES = {
    "train": "Learned from: these figures say what the model has kept, not what it can do.",
    "test": "Held out: watched while a model with epochs is trained, and decides nothing.",
    "valid": "Held out from learning: chooses the decision threshold, so figures at the threshold "
    "are a little flattered here.",
}

BOUNDS = {"mcc": (-1.0, 1.0), "loss": (0.0, math.inf)}
"""Of the metrics that do not lie between 0 and 1."""

INFLATED = {"expected_calibration_error"}

Metrics = dict[str, np.ndarray]


def name_metrics(larger_logit: Confusion, at_threshold: Confusion, scored: Metrics) -> Metrics:
    """Every metric by name, from the counts of both decisions and the metrics of the scores."""
    metrics = {name: metric(larger_logit) for name, metric in COUNT_METRICS.items()} | scored
    return metrics | {
        f"{name}_at_threshold": metric(at_threshold) for name, metric in WATCHED.items()
    }


def evaluate(predictions: Predictions, thresholds: Sequence[float]) -> Metrics:
    """The value of every metric for each seed."""
    once = np.ones((1, len(predictions.label)), np.uint8)
    scored = scored_metrics(_scores(predictions), [once])
    return name_metrics(
        confusion(predictions.decide(), predictions.label),
        confusion(predictions.decide_at(thresholds), predictions.label),
        {name: values[:, 0] for name, values in scored.items()},
    )


def evaluate_resampled(
    predictions: Predictions, thresholds: Sequence[float], resamples: int, seed: int
) -> Metrics:
    """Every metric (seeds x resamples) on rows drawn from those of the predictions."""
    rng = np.random.default_rng(seed)
    lines = predictions.row
    decisions = np.vstack([predictions.decide(), predictions.decide_at(thresholds)])
    counts = resampled_confusion(predictions.label, decisions, lines, resamples, rng)
    scored = scored_metrics(_scores(predictions), resampled_counts(lines, resamples, rng))
    return name_metrics(*halves(counts), scored)


def _scores(predictions: Predictions) -> list[list[Ranking | Calibration]]:
    label = predictions.label
    return [[Ranking(label, odds), Calibration(label, odds)] for odds in predictions.log_odds]


def trivial_metrics(label: np.ndarray, share_in_train: float) -> dict[str, dict[str, float]]:
    """The metrics of answering the target never, always, and at random as often as in train.

    Of the random answers the expected counts are taken; they are no whole numbers, so what is
    exactly 0 is so only after rounding. None of the three orders the rows.
    """
    positives, rows = int(label.sum()), len(label)
    order = Ranking(label, np.zeros(rows)).metrics(np.ones((1, rows), np.uint8))
    shares = {"never": 0.0, "always": 1.0, "prior_random": share_in_train}
    result = {}
    for name, share in shares.items():
        hits, alarms = share * positives, share * (rows - positives)
        counts = Confusion(hits, alarms, positives - hits, rows - positives - alarms)
        result[name] = {
            key: float(metric(counts).round(12)) for key, metric in COUNT_METRICS.items()
        }
        result[name] |= {key: float(value[0]) for key, value in order.items()}
    return result


def notes(
    predictions: Predictions, seeds: Sequence[int], chosen: Sequence[Threshold], metrics: Metrics
) -> Iterator[str]:
    """A sentence for each case in which a figure is not what its name promises."""
    label, answers = predictions.label, predictions.decide()
    if len(seeds) == 1:
        yield "There is one seed: the intervals do not hold what another seed would change."
    if label.min() == label.max():
        kept, zero = ("no", " and recall and F1 are 0") if label.max() == 0 else ("every", "")
        undefined = [name for name, values in metrics.items() if np.isnan(values).any()]
        yield f"The target says {kept} row: {', '.join(undefined)} are undefined{zero}."
    for number, seed in enumerate(seeds):
        odds, decisions = predictions.log_odds[number], answers[number]
        if odds.min() == odds.max():
            yield f"Seed {seed} gives every row the same score."
        elif decisions.min() == decisions.max():
            answer = "the target" if decisions[0] else "not the target, so precision and F1 are 0"
            yield f"Seed {seed} answers every row alike: {answer}."
        if chosen[number].note is not None:
            yield f"The threshold of seed {seed} is 0.5, for on valid {chosen[number].note}."


def describe_split(
    predictions: Predictions, seeds: Sequence[int], values: Metrics, thresholds: Sequence[float]
) -> dict[str, Any]:
    """The counts of a split and the `values` of its metrics: means, spread and each seed's own."""
    label, refused = predictions.label, predictions.refused
    counts = confusion(predictions.decide(), label)
    answered = None
    if refused.any():
        kept = predictions.take(~refused)
        of_kept = confusion(kept.decide(), kept.label)
        answered = {name: float(metric(of_kept).mean()) for name, metric in WATCHED.items()}
    several = len(seeds) > 1
    return {
        "rows": len(label),
        "positives": int(label.sum()),
        "refused": {"rows": int(refused.sum()), "positives": int(label[refused].sum())},
        "metrics": {name: float(each.mean()) for name, each in values.items()},
        "answered": answered,
        "spread": {
            name: float(each.std(ddof=1)) if several else None for name, each in values.items()
        },
        "confusion": {name: float(each.mean()) for name, each in counts._asdict().items()},
        "seeds": {
            str(seed): {
                **{name: float(each[number]) for name, each in values.items()},
                "threshold": thresholds[number],
                "confusion": {name: int(each[number]) for name, each in counts._asdict().items()},
            }
            for number, seed in enumerate(seeds)
        },
    }


def find_intervals(
    values: Metrics, resampled: Metrics, confidence: float
) -> dict[str, tuple[float, float] | None]:
    """The interval of every metric, None where it is undefined."""
    result = {}
    for name, each in values.items():
        bounds = BOUNDS.get(name, (0.0, 1.0))
        ends = interval(each, resampled[name], confidence, bounds, name in INFLATED)
        result[name] = None if math.isnan(ends[0]) else ends
    return result


def _summary(result: Mapping[str, Any]) -> str:
    parts = [f"{result['rows']} rows"]
    for name in ("f1", "f1_at_threshold", "average_precision"):
        ends = result["intervals"][name]
        if ends is not None:
            value = result["metrics"][name]
            parts.append(f"{name} {value:.3f} [{ends[0]:.3f}, {ends[1]:.3f}]")
    return ", ".join(parts)


def main(
    predictions: Mapping[str, Sequence[str]],
    metrics: Mapping[str, str],
    thresholds: str,
    experiment: str,
    variant: str,
    seeds: Sequence[int],
    published: Mapping[str, Mapping[str, float]] | None,
    bootstrap: Mapping[str, Any],
) -> None:
    """Write the metrics of each split to the paths in `metrics`, and the `thresholds`.

    `predictions` are one file per seed and split; `bootstrap` has the keys confidence, resamples
    and seed. Raises ValueError if there are not as many files as seeds.
    """
    splits = {name: read_predictions(paths) for name, paths in predictions.items()}
    valid = splits["valid"]
    chosen = [
        choose_threshold(sigmoid(odds), valid.label, valid.refused) for odds in valid.log_odds
    ]
    by_seed = dict(zip(map(str, seeds), chosen, strict=True))
    cutoffs = [each.value for each in chosen]
    share_in_train = float(splits["train"].label.mean())
    for name, path in metrics.items():
        split = splits[name]
        values = evaluate(split, cutoffs)
        resampled = evaluate_resampled(split, cutoffs, bootstrap["resamples"], bootstrap["seed"])
        result = describe_split(split, seeds, values, cutoffs)
        result["intervals"] = find_intervals(values, resampled, bootstrap["confidence"])
        figures = published and {metric: each[name] for metric, each in published.items()}
        difference = figures and {
            metric: result["metrics"][metric] - figure for metric, figure in figures.items()
        }
        result |= {
            "trivial": trivial_metrics(split.label, share_in_train),
            "published": figures,
            "difference": difference,
            "notes": list(notes(split, seeds, chosen, values)),
        }
        head = {"experiment": experiment, "variant": variant, "split": name, "role": ROLES[name]}
        write_json(path, nan_to_null({**head, **result}))
        logger.info("%s %s: %s", variant, name, _summary(result))
    choices = {seed: {"threshold": each.value, "f1": each.f1} for seed, each in by_seed.items()}
    write_json(thresholds, {"chosen_on": "valid", "metric": "f1", "seeds": choices})


if __name__ == "__main__":
    with stage(snakemake):
        main(
            predictions={name: list(snakemake.input[name]) for name in ROLES},
            metrics={name: snakemake.output[name] for name in ROLES},
            thresholds=snakemake.output.thresholds,
            **json.loads(snakemake.params.settings),
        )
