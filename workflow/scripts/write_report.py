"""Put the summary, the figures, the slices, the corpus and the tokens into one HTML page.

In: the summary and its settings, the slices, the page of the corpus, a page about the tokens of
each variant and their totals, the figures, a caption for each, the template of the page. Out:
`report.html`, which is self-contained, with the figures in it.
"""

import html
import logging
from collections.abc import Sequence
from pathlib import Path
from string import Template

from whosaid.caching.atomic import atomic_write
from whosaid.caching.json_files import read_json
from whosaid.jobs.stage import arguments, stage
from whosaid.reporting.report_page import (
    demoted,
    inlined,
    slices_page,
    to_html,
    tokens_section,
)

logger = logging.getLogger(__name__)


def main(
    summary: str,
    numbers: str,
    slices: str,
    corpus: str,
    figures: list[str],
    captions: list[str],
    template: str,
    report: str,
    question: str,
    token_counts: Sequence[str] = (),
    token_pages: Sequence[str] = (),
) -> None:
    """Write the page to `report`; `figures` and `captions` are in the same order.

    `token_counts` and `token_pages` hold a path for each variant with an encoder.
    """
    variants = read_json(numbers)["settings"]["variants"]
    titles = {variant["name"]: variant["title"] for variant in variants}
    by_name = {
        Path(figure).stem: inlined(figure, caption)
        for figure, caption in zip(figures, captions, strict=True)
    }
    tables, described = (Path(page).read_text(encoding="utf-8") for page in (summary, corpus))
    body = f"{tables}\n{slices_page(slices, titles, question)}\n\n{demoted(described)}\n"
    page = Template(Path(template).read_text(encoding="utf-8")).substitute(
        title=html.escape(tables.partition("\n")[0].removeprefix("# ")),
        body=to_html(body, by_name) + tokens_section(token_counts, token_pages, titles),
    )
    with atomic_write(report) as partial:
        partial.write_text(page, encoding="utf-8")
    logger.info("%s: %d figures, %d bytes", report, len(by_name), len(page))


if __name__ == "__main__":
    with stage(snakemake):
        main(**arguments(snakemake))
