"""Ask all models of the experiment the lines of the informal test.

In: the model folder of every variant and seed, their thresholds. Out: a page with a table for each
line, which the report shows too.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from whosaid.jobs.environment import quiet_transformers  # before the libraries that read it

# isort: split
from datasets import disable_progress_bars

from whosaid.caching.atomic import atomic_write
from whosaid.evaluation.threshold_files import read_temperatures, read_thresholds
from whosaid.jobs.stage import arguments, stage
from whosaid.reporting.answers import Model, answer_tables, left_out
from whosaid.reporting.markdown import escaped

logger = logging.getLogger(__name__)

ABOUT = (
    "What each model says of lines that are in no split. Columns that a model reads beside the "
    "line are left empty."
)


def main(
    page: str,
    lines: list[str],
    question: str,
    target: str | None,
    word_tokenizer: str,
    variants: list[dict[str, Any]],
    models: Sequence[str] = (),
    thresholds: list[str] | None = None,
    nltk_data: str | None = None,
    ensembles: Sequence[str] = (),
) -> None:
    """Write the `page`. `models` are in the order of the `variants` and their seeds.

    `thresholds` has a file for each variant where there are thresholds or temperatures.
    `ensembles` are the titles of the variants that have no models.
    """
    quiet_transformers()
    disable_progress_bars()
    folders = iter(models)
    asked = []
    for place, variant in enumerate(variants):
        chosen = read_thresholds(thresholds[place]) if thresholds else {}
        temperatures = read_temperatures(thresholds[place]) if thresholds else {}
        keys = ("title", "annotate", "features", "reading", "min_words")
        reads = {key: variant[key] for key in keys}
        asked += [
            Model(
                seed=seed,
                folder=Path(next(folders)),
                threshold=chosen.get(seed),
                temperature=temperatures.get(seed, 1.0),
                **reads,
            )
            for seed in variant["seeds"]
        ]
    parts = ["# Informal test", ABOUT, *left_out(ensembles)]
    if asked:
        tables = answer_tables(asked, lines, {}, question, target, word_tokenizer, nltk_data)
        for line, table in zip(lines, tables, strict=True):
            parts += [f"**{escaped(line)}**", table]
    with atomic_write(page) as unfinished:
        unfinished.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    logger.info("%d lines, %d models", len(lines), len(asked))


if __name__ == "__main__":
    with stage(snakemake):
        main(**arguments(snakemake))
