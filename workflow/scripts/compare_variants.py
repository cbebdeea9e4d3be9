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


def with_others(variants: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """For each variant that others are compared with, the names of these others."""
    found: dict[str, list[str]] = {}
    for variant in variants:
        if variant["name"] != variant["compared_with"]:
            found.setdefault(variant["compared_with"], []).append(variant["name"])
    return found


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
    """Write the comparison of every variant with that of its track to the path `comparison`.

    `variants` have the keys name, seeds, unit, is_baseline, threshold_beta, track and
    compared_with: the name of the variant that this one is compared with, or its own if it is that
    one. `predictions` and `valid` hold a path per variant and seed, in that order. `bootstrap` has
    the keys confidence, resamples and seed. Baselines are no hypotheses: they are corrected among
    themselves.
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
        if variant["name"] != variant["compared_with"]
    }
    tests = {
        family: list(families.values()).count(family) * len(asked.tested)
        for family in ("variants", "baselines")
    }
    each = f", {' and '.join(asked.tested)} each" if len(asked.tested) > 1 else ""
    tracks = {variant["name"]: variant["track"] for variant in variants}
    results = {}
    for first, others in with_others(variants).items():
        of_track = {name: sides[name] for name in others}
        for name, found in compare(asked, of_track, sides[first], units, resamples, seed):
            pair, family = (sides[name], sides[first]), families[name]
            if found is None:
                of_pair = incomparable(asked)
            else:
                of_pair = describe(asked, found, pair, tests[family], bootstrap["confidence"])
            of_pair = {"family": family, "track": tracks[name], "compared_with": first, **of_pair}
            results[name] = of_pair
            verdict, rows = of_pair["metrics"][asked.primary]["verdict"], of_pair["rows"]
            logger.info("%s against %s on %d shared rows: %s", name, first, rows, verdict)
    results = {name: results[name] for name in families}  # in config order
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
