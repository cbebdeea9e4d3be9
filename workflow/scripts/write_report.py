"""Put everything about an experiment into one self-contained HTML page.

In: the summary and its settings, the figures with a caption for each, the slices, the pages about
the corpus, the tokens and the leak audit, what was recorded of each model, the template of the
page. Out: `report.html`.
"""

import html
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

import yaml

from whosaid.caching.atomic import atomic_write
from whosaid.caching.json_files import read_json
from whosaid.caching.output_records import read_records
from whosaid.jobs.stage import arguments, stage
from whosaid.reporting import provenance
from whosaid.reporting.model_facts import Model, models_table
from whosaid.reporting.recipe_differences import recipes
from whosaid.reporting.report_page import (
    contents,
    demoted,
    errors_link,
    folded,
    inlined,
    preformatted,
    slices_page,
    to_html,
    tokens_section,
)
from whosaid.reporting.search_table import searches

logger = logging.getLogger(__name__)

CLASSES = """\
What each recipe leaves of the lines, and the classes of each split, stand
[below](#classes-before-and-after-each-recipe)."""


def models_of(
    variants: Sequence[Mapping[str, Any]],
    metrics: Sequence[str],
    records: Sequence[str],
    runtimes: Sequence[str],
) -> Iterator[Model]:
    """Every model, in the order of the `variants` and their seeds."""
    of_splits = {(each["variant"], each["split"]): each for each in map(read_json, metrics)}
    files = zip(map(read_json, records), map(read_json, runtimes), strict=True)
    for variant in variants:
        for seed in variant["seeds"]:
            scores = (of_splits[variant["name"], name]["seeds"] for name in ("train", "test"))
            yield Model(variant["title"], seed, *next(files), *(of[str(seed)] for of in scores))


def main(
    summary: str,
    numbers: str,
    slices: str,
    corpus: str,
    facts: str,
    audit: str,
    metrics: Sequence[str],
    records: Sequence[str],
    runtimes: Sequence[str],
    figures: Sequence[str],
    captions: Sequence[str],
    template: str,
    report: str,
    logs: str,
    question: str,
    reference: str,
    config: dict[str, Any],
    encoder_manifests: Sequence[str] = (),
    token_counts: Sequence[str] = (),
    token_pages: Sequence[str] = (),
    informal: Sequence[str] = (),
) -> None:
    """Write the page to `report`.

    `figures` and `captions` are in the same order. `metrics` holds a path per variant and split,
    `records` and `runtimes` one per model, `encoder_manifests` one per encoder that is used,
    `token_counts` and `token_pages` one per variant with an encoder. `facts` is the path of
    `corpus.json`, `logs` the folder with the records of the jobs. `config` is the merged config
    without the files of the corpus, which are in `facts`.
    """
    variants = read_json(numbers)["settings"]["variants"]
    titles = {variant["name"]: variant["title"] for variant in variants}
    models = [*models_of(variants, metrics, records, runtimes)]
    files = read_json(facts)["files"]
    config["corpus"]["csv"] = [*files]
    by_name = {
        Path(figure).stem: inlined(figure, caption)
        for figure, caption in zip(figures, captions, strict=True)
    }
    tables, described, audited = (
        Path(page).read_text(encoding="utf-8") for page in (summary, corpus, audit)
    )
    licences = {
        Path(path).parent.name: read_json(path).get("license") for path in encoder_manifests
    }
    trainings = [model.record for model in models]
    before_tokens = [
        tables,
        slices_page(slices, titles, question),
        errors_link(config["experiment"]),
        "## How the variants differ",
        recipes(config, titles, reference, licences),
        CLASSES,
        "## The models",
        models_table(models, question),
        *searches(models, titles),
        *(demoted(Path(page).read_text(encoding="utf-8")) for page in informal),
        demoted(described),
    ]
    after_tokens = [
        demoted(audited),
        "## Where this comes from",
        provenance.system(Path(template).resolve().parents[2], trainings),
        provenance.data_files(files),
        provenance.packages(trainings),
        "### The stages",
        provenance.stages(
            [*read_records(logs).values()], [summary, corpus, audit, *informal, *token_pages]
        ),
    ]
    body = (
        to_html("\n\n".join(before_tokens), by_name)
        + tokens_section(token_counts, token_pages, titles)
        + to_html("\n\n".join(after_tokens), {})
        + folded("The config", preformatted(yaml.safe_dump(config, allow_unicode=True)))
    )
    page = Template(Path(template).read_text(encoding="utf-8")).substitute(
        title=html.escape(tables.partition("\n")[0].removeprefix("# ")),
        contents=contents(body),
        body=body,
    )
    with atomic_write(report) as partial:
        partial.write_text(page, encoding="utf-8")
    logger.info("%s: %d figures, %d bytes", report, len(by_name), len(page))


if __name__ == "__main__":
    with stage(snakemake):
        main(**arguments(snakemake), logs=snakemake.params.logs)
