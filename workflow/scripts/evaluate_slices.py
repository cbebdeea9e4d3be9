"""Compute the metrics on slices of the test split: by word count, season and speaker.

In: the predictions of every variant and seed on the test split, the lines of the corpus. Out: a
JSON file with the metrics by word count and season, and the share of every speaker's lines that
each variant predicts as the target's. The predicted class is the one with the larger logit.
"""

import json
import logging
from typing import Any

import pyarrow.parquet as pq

from whosaid.caching.json_files import write_json
from whosaid.evaluation.predictions import read_variants
from whosaid.evaluation.slices import lines_of, slice_variant
from whosaid.jobs.stage import stage
from whosaid.reported_split import REPORTED

logger = logging.getLogger(__name__)


def main(
    predictions: list[str],
    lines: str,
    slices: str,
    experiment: str,
    variants: list[dict[str, Any]],
    bootstrap: dict[str, Any],
) -> None:
    """Write the slices of the `predictions` to the path `slices`.

    `predictions` holds a path per variant and seed, in the order of `variants`. `lines` is the path
    of `lines.parquet`. `bootstrap` has the keys confidence, resamples and seed.
    """
    corpus = pq.read_table(lines, columns=["row", "season", "speaker", "line"])
    of_variants = {}
    for variant, rows in zip(variants, read_variants(predictions, variants), strict=True):
        of_variant = slice_variant(rows, lines_of(corpus, rows.row), bootstrap)
        of_variants[variant["name"]] = of_variant
    write_json(
        slices,
        {
            "experiment": experiment,
            "split": REPORTED,
            "confidence": bootstrap["confidence"],
            "resamples": bootstrap["resamples"],
            "prediction": "the class with the larger logit; a row on which the variant abstains is "
            "not the target's",
            "word_count": "words of the line between white space, not NLTK's tokens",
            "undefined": "null is a share of no rows",
            "variants": of_variants,
        },
    )
    logger.info("%s: %d variants", slices, len(of_variants))


if __name__ == "__main__":
    with stage(snakemake):
        main(
            predictions=list(snakemake.input.predictions),
            lines=snakemake.input.lines,
            slices=snakemake.output.slices,
            **json.loads(snakemake.params.settings),
        )
