"""Write a page about the corpus: its lines, its speakers, and what each recipe makes of them.

In: `lines.parquet` and `corpus.json`, the `split_counts.json` of every variant, the reference's
`train.parquet`. Out: `corpus.md`.
"""

import logging
from pathlib import Path

import pandas as pd

from whosaid.caching.atomic import atomic_write
from whosaid.caching.json_files import read_json
from whosaid.jobs.stage import arguments, stage
from whosaid.reporting.class_counts import Recipe, class_counts, recipe_steps, sample_lines
from whosaid.reporting.corpus_page import corpus_page
from whosaid.reporting.markdown import escaped

logger = logging.getLogger(__name__)


def main(
    lines: str,
    corpus: str,
    split_counts: list[str],
    train: str,
    page: str,
    experiment: str,
    reference: str,
    variants: list[dict[str, str]],
) -> None:
    """Write the page to `page`.

    `split_counts` holds a path per variant, in the order of `variants`, which have a `name` and a
    `title`; `train` is the split of the `reference`, a name.
    """
    facts = read_json(corpus)
    recipes = {
        variant["name"]: Recipe(variant["title"], read_json(path))
        for variant, path in zip(variants, split_counts, strict=True)
    }
    title, counts = recipes[reference]
    parts = [
        corpus_page(
            experiment,
            pd.read_parquet(lines),
            facts["speakers"],
            facts["merged_speakers"],
            facts["dropped_rows"],
        ),
        "## What each recipe leaves",
        recipe_steps([*recipes.values()]),
        "## Classes before and after each recipe",
        class_counts([*recipes.values()]),
        f"## Lines of each class in train, drawn at random ({escaped(title)})",
        sample_lines(pd.read_parquet(train, columns=["text", "label"]), counts["labels"]),
    ]
    with atomic_write(page) as partial:
        Path(partial).write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    logger.info("%s: %d recipes", page, len(recipes))


if __name__ == "__main__":
    with stage(snakemake):
        main(**arguments(snakemake))
