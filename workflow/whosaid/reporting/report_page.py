"""The parts of the report, as Markdown and as HTML: slices, tokens, figures."""

import base64
import html
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from whosaid.caching.json_files import read_json
from whosaid.reporting.addressed_numbers import AddressedNumbers
from whosaid.reporting.formats import COUNT
from whosaid.reporting.markdown import escaped, table
from whosaid.reporting.token_page import LEGEND, totals_table

RATE = ("rate",), ("interval",)


def slices_page(slices: str, titles: Mapping[str, str], question: str) -> str:
    """The slices as Markdown; `titles` maps names of variants to titles, in config order."""
    numbers = AddressedNumbers()
    metric, title = ("f1", "F1") if question == "target" else ("macro_f1", "Macro F1")
    keys = ("metrics", metric), ("intervals", metric)
    confidence = numbers.text(slices, "confidence", form="percent")
    parts = [
        "## Slices of the test split",
        f"Brackets: {confidence} intervals. Other metrics of each slice stand in `slices.json`.",
        f"### {title} by number of words",
        *slice_tables(numbers, slices, ("word_count",), titles, *keys),
        *under(f"### {title} by season", slice_tables(numbers, slices, ("season",), titles, *keys)),
    ]
    for column in numbers.value(slices, "variants", next(iter(titles)), "columns"):
        tables = slice_tables(numbers, slices, ("columns", column), titles, *keys)
        parts += [f"### {title} by {escaped(column.replace('_', ' '))}", *tables]
    if question == "target":
        parts += [
            "### Whose lines are taken for the target's",
            "Cells: the share of a speaker's lines that are predicted as the target's. The last "
            "row holds the share of the target's own lines that are not.",
            *slice_tables(numbers, slices, ("mistaken_speaker",), titles, *RATE),
        ]
    return "\n\n".join(parts)


def under(heading: str, tables: list[str]) -> list[str]:
    """The heading and its tables, or nothing if there are none."""
    return [heading, *tables] if tables else []


def slice_tables(
    numbers: AddressedNumbers,
    slices: str,
    kind: tuple[str, ...],
    titles: Mapping[str, str],
    value: Sequence[str],
    interval: Sequence[str],
) -> list[str]:
    """A table for each set of variants with equal slices: a row per slice, a column per variant.

    Slices are equal if they have the same names and numbers of rows. The keys `kind` lead to the
    slices of a variant, `value` and `interval` to the numbers of a slice.
    """
    alike: dict[str, dict[str, dict[str, tuple]]] = {}
    for name in titles:
        entries = slice_entries(numbers, slices, kind, name)
        if not entries:  # a corpus without seasons
            continue
        rows = {label: numbers.value(slices, *keys, "rows") for label, keys in entries.items()}
        alike.setdefault(json.dumps(rows, sort_keys=True), {})[name] = entries
    tables = []
    for of_variants in alike.values():
        first = next(iter(of_variants.values()))
        rows = [
            [
                escaped(label),
                numbers.text(slices, *keys, "rows", form=COUNT),
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
        tables.append(table(rows, [kind[-1].replace("_", " "), "rows", *headers]))
    return tables


def slice_entries(
    numbers: AddressedNumbers, slices: str, kind: tuple[str, ...], name: str
) -> dict[str, tuple]:
    """The keys that lead to each slice's entry, by the slice's name."""
    of_variant = ("variants", name)
    listed = enumerate(numbers.value(slices, *of_variant, *kind))
    entries = {entry["slice"]: (*of_variant, *kind, place) for place, entry in listed}
    if kind == ("mistaken_speaker",):
        entries["the target, missed"] = (*of_variant, "missed")
    return entries


def tokens_section(counts: Sequence[str], pages: Sequence[str], titles: Mapping[str, str]) -> str:
    """The totals of the tokens of every variant, and a folded page about each, as HTML.

    `counts` and `pages` are paths of JSON files and of Markdown pages, in the same order. There is
    no section if no variant has an encoder.
    """
    found = [(titles[each["variant"]], each) for each in map(read_json, counts)]
    if not found:
        return ""
    texts = (Path(page).read_text(encoding="utf-8") for page in pages)
    folded_pages = (
        folded(title, to_html(demoted(text.partition("\n")[2], levels=2), {}))
        for (title, _), text in zip(found, texts, strict=True)
    )
    return to_html(f"## Tokens\n\n{totals_table(found)}\n\n{LEGEND}", {}) + "".join(folded_pages)


def contents(body: str) -> str:
    """Links to the chapters of a page, as HTML."""
    chapters = re.findall(r'<h2 (id="[^"]*")>(.*?)</h2>', body)
    return "\n".join(f'<a href="#{place[4:-1]}">{title}</a>' for place, title in chapters)


def preformatted(text: str) -> str:
    """A text with all its blanks and line ends, as HTML."""
    return f"<pre>{html.escape(text)}</pre>\n"


def folded(title: str, content: str) -> str:
    """HTML that is unfolded with a click on its title."""
    return f"<details>\n<summary>{html.escape(title)}</summary>\n{content}</details>\n"


def errors_link(experiment: str) -> str:
    """A link to the page of errors, which is a file and a target of its own."""
    page = f"{experiment}/errors.html"
    return (
        "## Where the models are wrong\n\n"
        f"[{page}]({page}) shows every prediction on held-out rows with its line and its scene. "
        f"The target `results/{page}` writes it."
    )


def demoted(page: str, levels: int = 1) -> str:
    """A page of Markdown with lower headings, as a part of another page."""
    return re.sub("^#", "#" * (levels + 1), page, flags=re.MULTILINE)


def to_html(markdown: str, figures: Mapping[str, str]) -> str:
    """`markdown` as HTML; `figures` holds the HTML that replaces an image, by its file's stem."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.add_render_rule("image", _figure)
    parser.add_render_rule("table_open", lambda *_: '<div class="scroll"><table>\n')
    parser.add_render_rule("table_close", lambda *_: "</table></div>\n")
    parser.add_render_rule("heading_open", _heading)
    parser.add_render_rule("text", _text)
    env = {"figures": figures}
    tokens = parser.parse(markdown, env)
    for opening, token, closing in zip(tokens, tokens[1:], tokens[2:], strict=False):
        kinds = {child.type for child in token.children or []}
        if kinds and kinds <= {"image", "softbreak"}:
            opening.hidden = closing.hidden = True  # HTML allows no figure inside a paragraph
    return parser.renderer.render(tokens, parser.options, env)


INTERVAL = re.compile(r"\[[-+\d.%]+, [-+\d.%]+\]")


def _text(_: Any, tokens: Sequence[Token], place: int, *__: Any) -> str:
    """A text in which no interval is broken over two lines."""
    return INTERVAL.sub(r'<span class="unbroken">\g<0></span>', html.escape(tokens[place].content))


def _heading(_: Any, tokens: Sequence[Token], place: int, *__: Any) -> str:
    """A heading that links can lead to."""
    tag, words = tokens[place].tag, re.findall(r"\w+", tokens[place + 1].content.lower())
    return f'<{tag} id="{"-".join(words)}">' if tag in ("h2", "h3") and words else f"<{tag}>"


def _figure(_: Any, tokens: Sequence[Token], place: int, __: Any, env: dict) -> str:
    return env["figures"][Path(tokens[place].attrs["src"]).stem]


def inlined(figure: str, caption: str) -> str:
    """An SVG file, and its caption from a Markdown file, as one HTML figure."""
    name = Path(figure).stem
    text = Path(caption).read_text(encoding="utf-8")
    data = base64.b64encode(Path(figure).read_bytes()).decode("ascii")
    return (
        f'<figure id="{name}">\n'
        f'<img src="data:image/svg+xml;base64,{data}" alt="{name.replace("_", " ")}">\n'
        f"<figcaption>{to_html(text, {})}</figcaption>\n</figure>\n"
    )
