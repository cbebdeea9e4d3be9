"""Turn the predictions of one variant into metrics with intervals.

In: the predictions of each seed on each split, and their scores. Out: the decision threshold of
each seed, chosen on valid, and a JSON file for each split. It holds the metrics as means over the
seeds with their spread and intervals, the metrics of each seed, and those of the trivial
classifiers on the same rows.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from whosaid.caching.json_files import read_json, write_json
from whosaid.evaluation.predictions import read_predictions
from whosaid.evaluation.probability import sigmoid
from whosaid.evaluation.split_metrics import (
    ROLES,
    describe_split,
    evaluate,
    evaluate_resampled,
    find_intervals,
    remarks,
    trivial_metrics,
)
from whosaid.evaluation.thresholds import choose_threshold
from whosaid.jobs.stage import stage

logger = logging.getLogger(__name__)

OTHER_QUESTION = "The published figures answer another question and are left out."


def main(
    predictions: Mapping[str, Sequence[str]],
    scores: Sequence[str],
    metrics: Mapping[str, str],
    thresholds: str,
    experiment: str,
    variant: str,
    seeds: Sequence[int],
    published: Mapping[str, Mapping[str, float]] | None,
    other_question: bool,
    bootstrap: Mapping[str, Any],
) -> None:
    """Write the metrics of each split to the paths in `metrics`, and the `thresholds`.

    `predictions` holds a path per split and seed, `scores` one per seed. `other_question` is true
    if published figures were left out; `bootstrap` has the keys confidence, resamples and seed.
    Raises ValueError if there are not as many files as seeds.
    """
    splits = {name: read_predictions(paths) for name, paths in predictions.items()}
    of_seeds = [read_json(path) for path in scores]
    valid = splits["valid"]
    chosen = [
        choose_threshold(sigmoid(odds), valid.label, valid.abstained) for odds in valid.log_odds
    ]
    by_seed = dict(zip(map(str, seeds), chosen, strict=True))
    cutoffs = [each.value for each in chosen]
    share_in_train = float(splits["train"].label.mean())
    for name, path in metrics.items():
        split = splits[name]
        values = evaluate(split, cutoffs, [each[name] for each in of_seeds])
        resampled = evaluate_resampled(split, cutoffs, bootstrap["resamples"], bootstrap["seed"])
        result = describe_split(split, seeds, values, cutoffs)
        figures = published and {metric: each[name] for metric, each in published.items()}
        difference = figures and {
            metric: result["metrics"][metric] - figure for metric, figure in figures.items()
        }
        result |= {
            "intervals": find_intervals(values, resampled, bootstrap["confidence"]),
            "trivial": trivial_metrics(split.label, share_in_train),
            "published": figures,
            "difference": difference,
            "notes": [
                *remarks(split, seeds, chosen, values),
                *([OTHER_QUESTION] if other_question else []),
            ],
        }
        head = {"experiment": experiment, "variant": variant, "split": name, "role": ROLES[name]}
        write_json(path, {**head, **result})
        logger.info("%s %s: %d rows", variant, name, result["rows"])
    choices = {seed: {"threshold": each.value, "f1": each.f1} for seed, each in by_seed.items()}
    write_json(thresholds, {"chosen_on": "valid", "metric": "f1", "seeds": choices})


if __name__ == "__main__":
    with stage(snakemake):
        main(
            predictions={name: list(snakemake.input[name]) for name in ROLES},
            scores=list(snakemake.input.scores),
            metrics={name: snakemake.output[name] for name in ROLES},
            thresholds=snakemake.output.thresholds,
            **json.loads(snakemake.params.settings),
        )
