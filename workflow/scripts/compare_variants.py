"""Compare every variant with the reference: better, worse, or cannot tell.

In: the predictions of all variants on test, and their thresholds. Out: a JSON file with the paired
differences on the rows that both variants hold out, their intervals, p values and verdicts.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from whosaid.caching.json_files import read_json, write_json
from whosaid.evaluation.compare import Side, compare, incomparable, judge, share_rows
from whosaid.evaluation.predictions import read_variants
from whosaid.jobs.stage import stage
from whosaid.reported_split import REPORTED

logger = logging.getLogger(__name__)


def main(
    predictions: Sequence[str],
    thresholds: Sequence[str],
    comparison: str,
    experiment: str,
    reference: str,
    variants: Sequence[Mapping[str, Any]],
    bootstrap: Mapping[str, Any],
) -> None:
    """Write the comparison of every variant with the reference to the path `comparison`.

    `variants` have the keys name and seeds; `predictions` hold a path per variant and seed,
    `thresholds` one per variant, both in that order. `bootstrap` has the keys confidence, resamples
    and seed.
    """
    sides = {}
    of_variants = read_variants(predictions, variants)
    for variant, path, predicted in zip(variants, thresholds, of_variants, strict=True):
        seeds = variant["seeds"]
        chosen = read_json(path)["seeds"]
        cutoffs = [chosen[str(seed)]["threshold"] for seed in seeds]
        sides[variant["name"]] = Side(predicted, seeds, cutoffs)
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
            "split": REPORTED,
            "reference": reference,
            "confidence": bootstrap["confidence"],
            "resamples": bootstrap["resamples"],
            "correction": f"Holm, over the {len(results)} comparisons of a metric",
            "variants": results,
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
