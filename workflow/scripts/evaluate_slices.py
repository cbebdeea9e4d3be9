"""Compute the metrics on slices of the test split: by word count, season, column and speaker.

In: the predictions of every variant and seed on the test split, the lines of the corpus. Out: a
JSON file with the metrics by word count, by season and by the columns that the config names beside
these, and the share of every speaker's lines that each variant predicts as the target's. The
predicted class is the one with the larger logit.
"""

import logging
from typing import Any

import pyarrow.parquet as pq

from whosaid.caching.json_files import write_json
from whosaid.corpus.units import read_units, units_of
from whosaid.evaluation.class_slices import ClassSlice
from whosaid.evaluation.predictions import read_variants
from whosaid.evaluation.questions import QUESTIONS
from whosaid.evaluation.resampling import Resamples
from whosaid.evaluation.slices import Slice, lines_of, slice_rows, slice_variant
from whosaid.jobs.stage import arguments, stage
from whosaid.reported_split import REPORTED

logger = logging.getLogger(__name__)

PREDICTION = {
    "target": "the class with the larger logit; a row on which the variant abstains is not the "
    "target's",
    "speakers": "the class with the largest logit",
}
"""What the metrics of the slices count as predicted, for each question."""


def main(
    predictions: list[str],
    lines: str,
    slices: str,
    experiment: str,
    question: str,
    columns: list[str],
    variants: list[dict[str, Any]],
    bootstrap: dict[str, Any],
) -> None:
    """Write the slices of the `predictions` to the path `slices`.

    `predictions` holds a path per variant and seed, in the order of `variants`. `lines` is the path
    of `lines.parquet`; `columns` of it are sliced by too. `bootstrap` has the keys confidence,
    resamples and seed.
    """
    wanted = {"row", "season", "speaker", "line", *columns}
    corpus = pq.read_table(
        lines, columns=[name for name in pq.read_schema(lines).names if name in wanted]
    )
    units = read_units(lines)
    of_variants = {}
    read = read_variants(predictions, variants, QUESTIONS[question].read)
    for variant, rows in zip(variants, read, strict=True):
        of_rows = units_of(units, variant["unit"], rows.row)
        resamples = Resamples([of_rows], bootstrap["resamples"], bootstrap["seed"])
        of_all = (rows, of_rows, resamples, bootstrap["confidence"])
        described = lines_of(corpus, rows.row, columns)
        if question == "target":
            of_variants[variant["name"]] = slice_variant(Slice(*of_all), described)
        else:
            of_variants[variant["name"]] = slice_rows(ClassSlice(*of_all), described)
    write_json(
        slices,
        {
            "experiment": experiment,
            "split": REPORTED,
            "confidence": bootstrap["confidence"],
            "resamples": bootstrap["resamples"],
            "prediction": PREDICTION[question],
            "word_count": "words of the line between white space, not NLTK's tokens",
            "undefined": "null is a share of no rows, or an interval where all resamples are alike",
            "variants": of_variants,
        },
    )
    logger.info("%s: %d variants", slices, len(of_variants))


if __name__ == "__main__":
    with stage(snakemake):
        main(**arguments(snakemake))
