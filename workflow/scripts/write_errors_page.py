"""Write a page with every prediction on held-out rows, to see where the models are wrong.

In: the predictions of every variant and seed on test and valid, the lines of the corpus, the
weights of words of the variants that have any, the template of the page, its styles and scripts, a
license. Out: `errors.html`, one file that needs no other.
"""

import logging
from collections.abc import Sequence
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from whosaid.caching.atomic import atomic_write
from whosaid.caching.json_files import read_json
from whosaid.corpus.label_names import label_names
from whosaid.evaluation.mean_prediction import READERS, mean_prediction
from whosaid.evaluation.predictions import read_variants
from whosaid.jobs.stage import arguments, stage
from whosaid.reporting.errors_page import PLACE, errors_page, page_data
from whosaid.split_names import HELD_OUT

logger = logging.getLogger(__name__)

COLUMNS = ("row", "speaker", "line", *PLACE)


def main(
    test: list[str],
    valid: list[str],
    lines: str,
    template: str,
    styles: list[str],
    scripts: list[str],
    notice: str,
    page: str,
    experiment: str,
    question: str,
    target_speaker: str | None,
    reference: str,
    variants: list[dict[str, Any]],
    words: Sequence[str] = (),
) -> None:
    """Write the page to `page`.

    `test` and `valid` hold a path per variant and seed, in the order of `variants`, which have a
    `name`, a `title` and `seeds`; `words` holds one for each variant with weights. The page first
    shows the variant named `reference`. `scripts` run in the given order; `notice` is the license
    of those that are not ours.
    """
    columns = [name for name in COLUMNS if name in pq.read_schema(lines).names]
    corpus = pd.read_parquet(lines, columns=columns)
    labels = label_names(target_speaker, []) if question == "target" else None
    names = [variant["name"] for variant in variants]
    weighed = [
        (names.index(found["variant"]), HELD_OUT.index(found["split"]), found)
        for found in map(read_json, words)
    ]
    predicted = []
    for split, paths in enumerate((test, valid)):
        of_variants = read_variants(paths, variants, READERS[question])
        for number, predictions in enumerate(of_variants):
            predicted.append((number, split, mean_prediction(predictions)))
            labels = labels or list(predictions.names)
    title = f"{experiment}: where the models are wrong"
    head = {
        "question": question,
        "labels": labels,
        "variants": variants,
        "splits": HELD_OUT,
        "reference": names.index(reference),
    }
    data = head | page_data(corpus, predicted, weighed)
    text = errors_page(template, styles, scripts, notice, title, data)
    with atomic_write(page) as partial:
        partial.write_text(text, encoding="utf-8")
    logger.info("%s: %d rows, %d characters", page, len(data["rows"]["line"]), len(text))


if __name__ == "__main__":
    with stage(snakemake):
        main(**arguments(snakemake))
