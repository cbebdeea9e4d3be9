"""Compare every variant with the reference: better, worse, or cannot tell.

In: the predictions of all variants on test and valid, the lines of the corpus. Out: a JSON file
with the paired differences on the rows that both variants hold out, their intervals and, on the
tested metrics, the verdicts.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from whosaid.caching.json_files import write_json
from whosaid.corpus.units import read_units
from whosaid.evaluation.compare import Side, compare, describe, incomparable
from whosaid.evaluation.predictions import read_variants
from whosaid.evaluation.questions import QUESTIONS
from whosaid.jobs.stage import arguments, stage
from whosaid.reported_split import REPORTED

logger = logging.getLogger(__name__)


def main(
    predictions: Sequence[str],
    valid: Sequence[str],
    lines: str,
    comparison: str,
    experiment: str,
    question: str,
    reference: str,
    variants: Sequence[Mapping[str, Any]],
    bootstrap: Mapping[str, Any],
) -> None:
    """Write the comparison of every variant with the reference to the path `comparison`.

    `variants` have the keys name, seeds, unit, is_baseline and threshold_beta; `predictions` and
    `valid` hold a path per variant and seed, in that order. `bootstrap` has the keys confidence,
    resamples and seed. Baselines are no hypotheses: they are corrected among themselves.
    """
    resamples, seed = bootstrap["resamples"], bootstrap["seed"]
    asked = QUESTIONS[question]
    units = read_units(lines)
    read = (read_variants(paths, variants, asked.read) for paths in (predictions, valid))
    sides = {}
    for variant, *splits in zip(variants, *read, strict=True):
        # A baseline is a logistic regression, which any seed leads to the same optimum.
        is_one_model = len(variant["seeds"]) == 1 and not variant["is_baseline"]
        sides[variant["name"]] = Side(
            *splits, variant["unit"], is_one_model, variant["threshold_beta"]
        )
    families = {
        variant["name"]: "baselines" if variant["is_baseline"] else "variants"
        for variant in variants
        if variant["name"] != reference
    }
    tests = {
        family: list(families.values()).count(family) * len(asked.tested)
        for family in ("variants", "baselines")
    }
    each = f", {' and '.join(asked.tested)} each" if len(asked.tested) > 1 else ""
    results = {}
    others = {name: sides[name] for name in families}
    for name, found in compare(asked, others, sides[reference], units, resamples, seed):
        pair, family = (sides[name], sides[reference]), families[name]
        if found is None:
            of_pair = incomparable(asked)
        else:
            of_pair = describe(asked, found, pair, tests[family], bootstrap["confidence"])
        results[name] = {"family": family, **of_pair}
        verdict, rows = of_pair["metrics"][asked.primary]["verdict"], of_pair["rows"]
        logger.info("%s against %s on %d shared rows: %s", name, reference, rows, verdict)
    write_json(
        comparison,
        {
            "experiment": experiment,
            "split": REPORTED,
            "reference": reference,
            "primary": asked.primary,
            "tested": list(asked.tested),
            "confidence": bootstrap["confidence"],
            "resamples": resamples,
            "tests": tests,
            "correction": f"Bonferroni, over the variants and over the baselines{each}",
            "variants": results,
        },
    )


if __name__ == "__main__":
    with stage(snakemake):
        main(**arguments(snakemake))
