"""Put the summary, the pictures and the slices into one page that needs nothing else.

In: the summary and its settings, the slices, the pictures, a caption for each, the template of the
page. Out: `report.html`, with the pictures in it.
"""

import base64
import html
import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from whosaid.markdown import escaped, table
from whosaid.numbers import Numbers
from whosaid.stage import stage
from whosaid.whole import whole

logger = logging.getLogger(__name__)

F1 = ("metrics", "f1"), ("intervals", "f1")
RATE = ("rate",), ("interval",)


def slices_page(slices: str, titles: Mapping[str, str]) -> str:
    """The slices as Markdown; `titles` are those of the variants by name, in config order."""
    numbers = Numbers()
    confidence = numbers.text(slices, "confidence", form="percent")
    return "\n\n".join(
        [
            "## Slices of the test split",
            f"Brackets: {confidence} intervals. Each slice's accuracy, precision and recall stand "
            "in `slices.json`.",
            "### F1 by number of words",
            *slice_tables(numbers, slices, "word_count", titles, *F1),
            "### F1 by season",
            *slice_tables(numbers, slices, "season", titles, *F1),
            "### Whose lines are taken for the target's",
            "Cells hold the share of a speaker's lines that is answered as the target's; the last "
            "row holds the share of the target's own lines that is not.",
            *slice_tables(numbers, slices, "mistaken_speaker", titles, *RATE),
        ]
    )


def slice_tables(
    numbers: Numbers,
    slices: str,
    kind: str,
    titles: Mapping[str, str],
    value: Sequence[str],
    interval: Sequence[str],
) -> list[str]:
    """A table for each set of test rows: a row per slice, a column per variant with these rows.

    `value` and `interval` are the keys within an entry of the slices of this `kind`.
    """
    alike: dict[str, dict[str, dict[str, tuple]]] = {}
    for name in titles:
        entries = slice_entries(numbers, slices, kind, name)
        rows = {label: numbers.value(slices, *keys, "rows") for label, keys in entries.items()}
        alike.setdefault(json.dumps(rows, sort_keys=True), {})[name] = entries
    tables = []
    for of_variants in alike.values():
        first = next(iter(of_variants.values()))
        rows = [
            [
                escaped(label),
                numbers.text(slices, *keys, "rows", form=",d"),
                *(
                    numbers.estimate(
                        slices, (*entries[label], *value), (*entries[label], *interval)
                    )
                    for entries in of_variants.values()
                ),
            ]
            for label, keys in first.items()
        ]
        headers = [escaped(titles[name]) for name in of_variants]
        tables.append(table(rows, [kind.replace("_", " "), "rows", *headers]))
    return tables


def slice_entries(numbers: Numbers, slices: str, kind: str, name: str) -> dict[str, tuple]:
    """The keys of each slice's entry, by the slice."""
    of_variant = ("variants", name)
    listed = enumerate(numbers.value(slices, *of_variant, kind))
    entries = {entry["slice"]: (*of_variant, kind, place) for place, entry in listed}
    if kind == "mistaken_speaker":
        entries["the target, missed"] = (*of_variant, "missed")
    return entries


def to_html(markdown: str, pictures: Mapping[str, str]) -> str:
    """`markdown` with each image replaced by the one in `pictures`, HTML by the image's stem."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.add_render_rule("image", _picture)
    parser.add_render_rule("table_open", lambda *_: '<div class="scroll"><table>\n')
    parser.add_render_rule("table_close", lambda *_: "</table></div>\n")
    env = {"pictures": pictures}
    tokens = parser.parse(markdown, env)
    for opening, token, closing in zip(tokens, tokens[1:], tokens[2:], strict=False):
        kinds = {child.type for child in token.children or []}
        if kinds and kinds <= {"image", "softbreak"}:
            opening.hidden = closing.hidden = True  # HTML has no figure within a paragraph
    return parser.renderer.render(tokens, parser.options, env)


def _picture(_: Any, tokens: Sequence[Token], place: int, __: Any, env: dict) -> str:
    return env["pictures"][Path(tokens[place].attrs["src"]).stem]


def inlined(figure: str, caption: str) -> str:
    """An SVG file and the Markdown file of its caption as HTML."""
    name = Path(figure).stem
    data = base64.b64encode(Path(figure).read_bytes()).decode("ascii")
    return (
        f'<figure id="{name}">\n'
        f'<img src="data:image/svg+xml;base64,{data}" alt="{name.replace("_", " ")}">\n'
        f"<figcaption>{to_html(read_text(caption), {})}</figcaption>\n</figure>\n"
    )


def read_text(path: str) -> str:
    """The content of a text file."""
    return Path(path).read_text(encoding="utf-8")


def main(
    summary: str,
    numbers: str,
    slices: str,
    figures: list[str],
    captions: list[str],
    template: str,
    report: str,
    experiment: str,
    target_speaker: str,
) -> None:
    """Write the page to `report`; `figures` and `captions` are in the same order."""
    variants = json.loads(read_text(numbers))["settings"]["variants"]
    titles = {variant["name"]: variant["title"] for variant in variants}
    pictures = {
        Path(figure).stem: inlined(figure, caption)
        for figure, caption in zip(figures, captions, strict=True)
    }
    page = Template(read_text(template)).substitute(
        title=html.escape(f"{experiment}: which lines are {target_speaker}'s?"),
        body=to_html(f"{read_text(summary)}\n{slices_page(slices, titles)}\n", pictures),
    )
    with whole(report) as partial:
        partial.write_text(page, encoding="utf-8")
    logger.info("%s: %d pictures, %d bytes", report, len(pictures), len(page))


if __name__ == "__main__":
    with stage(snakemake):
        main(
            summary=snakemake.input.summary,
            numbers=snakemake.input.numbers,
            slices=snakemake.input.slices,
            figures=list(snakemake.input.figures),
            captions=list(snakemake.input.captions),
            template=snakemake.input.template,
            report=snakemake.output.report,
            **json.loads(snakemake.params.settings),
        )
