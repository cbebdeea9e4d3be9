"""Write the tables of an experiment, and the address of each number in them.

In: the metric files of every variant and split, the training records, the comparison, the corpus
facts, the figures. Out: `summary.md`, with one row per variant in config order, and
`summary.json`, with the address of each of its numbers: file, keys, form. The same page lies in the
folder of the experiment, where it stays when another experiment runs.
"""

import logging
from pathlib import Path
from typing import Any

from whosaid.caching.atomic import atomic_write
from whosaid.caching.json_files import write_json
from whosaid.jobs.stage import arguments, stage
from whosaid.reported_split import REPORTED
from whosaid.reporting.addressed_numbers import AddressedNumbers
from whosaid.reporting.every_split import EverySplit
from whosaid.reporting.paragraphs import figure_links
from whosaid.reporting.summary import Summary
from whosaid.reporting.summary_of_speakers import SummaryOfSpeakers
from whosaid.reporting.summary_variant import read_variants

logger = logging.getLogger(__name__)


def main(
    corpus: str,
    metrics: list[str],
    records: list[str],
    comparison: str,
    figures: list[str],
    summary: str,
    kept: str,
    numbers: str,
    experiment: str,
    question: str,
    target_speaker: str | None,
    reference: str,
    split_seed: int,
    ignore_warnings: list[str],
    variants: list[dict[str, Any]],
    division: str = "splits",
) -> None:
    """Write the page to `summary` and `kept`, and the addresses of its numbers to `numbers`.

    `metrics` holds a path per variant and split, `records` one per variant and seed, both in the
    order of `variants`. `ignore_warnings` are codes of notes that are left out. The settings are
    written to `numbers` too, under `settings`.
    """
    settings = {
        "experiment": experiment,
        "question": question,
        "target_speaker": target_speaker,
        "reference": reference,
        "split_seed": split_seed,
        "division": division,
        "ignore_warnings": ignore_warnings,
        "variants": variants,
    }
    addresses = AddressedNumbers({numbers: {"settings": settings}})
    files = read_variants(addresses, numbers, variants, metrics, records)
    pages = {"target": Summary, "speakers": SummaryOfSpeakers}
    page = pages[question](addresses, files, comparison, reference)
    every_split = EverySplit(addresses, files, page.reference, page.asked)
    parts = [
        page.introduction(numbers, corpus),
        page.test_split(),
        page.legend(),
        f"## Decisions on the {REPORTED} split",
        page.decisions(),
        "## Every split",
        every_split.table(),
        every_split.devices(),
        page.notes(ignore_warnings),
        "## Figures",
    ]
    for path in (summary, kept):
        links = figure_links(figures, Path(path).parent)
        with atomic_write(path) as unfinished:
            text = "\n\n".join(filter(None, [*parts, links]))
            unfinished.write_text(f"{text}\n", encoding="utf-8")
    write_json(numbers, {"settings": settings, "numbers": addresses.shown})
    logger.info("%s: %d variants", summary, len(variants))


if __name__ == "__main__":
    with stage(snakemake):
        main(**arguments(snakemake))
