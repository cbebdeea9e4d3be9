"""Compute the metrics on slices of the test split: by word count, season and speaker.

In: the predictions of every variant and seed on the test split, the lines of the corpus. Out: a
JSON file with the metrics by word count and season, and the share of every speaker's lines that
each variant predicts as the target's. The predicted class is the one with the larger logit.
"""

import logging
from typing import Any

import pyarrow.parquet as pq

from whosaid.caching.json_files import write_json
from whosaid.corpus.units import read_units, units_of
from whosaid.evaluation.predictions import read_variants
from whosaid.evaluation.resampling import Resamples
from whosaid.evaluation.slices import Slice, lines_of, slice_variant
from whosaid.jobs.stage import arguments, stage
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
    wanted = {"row", "season", "speaker", "line"}
    columns = [name for name in pq.read_schema(lines).names if name in wanted]
    corpus = pq.read_table(lines, columns=columns)
    units = read_units(lines)
    of_variants = {}
    for variant, rows in zip(variants, read_variants(predictions, variants), strict=True):
        of_rows = units_of(units, variant["unit"], rows.row)
        resamples = Resamples([of_rows], bootstrap["resamples"], bootstrap["seed"])
        everything = Slice(rows, of_rows, resamples, bootstrap["confidence"])
        of_variants[variant["name"]] = slice_variant(everything, lines_of(corpus, rows.row))
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
            "undefined": "null is a share of no rows, or an interval where all resamples are alike",
            "variants": of_variants,
        },
    )
    logger.info("%s: %d variants", slices, len(of_variants))


if __name__ == "__main__":
    with stage(snakemake):
        main(**arguments(snakemake))
