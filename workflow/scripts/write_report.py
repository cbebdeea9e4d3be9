"""Put the summary, the figures, the slices and the corpus into one self-contained HTML page.

In: the summary and its settings, the slices, the page of the corpus, the figures, a caption for
each, the template of the page. Out: `report.html`, with the figures in it.
"""

import html
import logging
from pathlib import Path
from string import Template

from whosaid.caching.atomic import atomic_write
from whosaid.caching.json_files import read_json
from whosaid.jobs.stage import arguments, stage
from whosaid.reporting.report_page import demoted, inlined, slices_page, to_html

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
) -> None:
    """Write the page to `report`; `figures` and `captions` are in the same order."""
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
        body=to_html(body, by_name),
    )
    with atomic_write(report) as partial:
        partial.write_text(page, encoding="utf-8")
    logger.info("%s: %d figures, %d bytes", report, len(by_name), len(page))


if __name__ == "__main__":
    with stage(snakemake):
        main(**arguments(snakemake))
