import base64
import html
import importlib.metadata
import json
import platform
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import write_report
import yaml
from experiment_files import FIGURES, PRIMARY, Experiment

from whosaid.config import output_paths, stage_settings
from whosaid.config.parse import parse_config
from whosaid.reporting.report_page import tokens_section

REPORT = Path(write_report.__file__).parents[1] / "report"
VOID = {"meta", "img", "br", "hr"}
AUDIT = "# toy: which held-out rows train knows\n\nMany.\n"
CORPUS = "# toy: the corpus\n\n42 lines of 3 speakers.\n\n## Who speaks\n"
CORPUS += "\n## Classes before and after each recipe\n"
SLICES = "Slices of the test split"
NASTY = "one | two <b>& *three*</b>"


class Page(HTMLParser):
    """The elements of a page: tags with attributes, and the tables as lists of rows.

    `under` holds the tables of each chapter, by its heading.
    """

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.heading = [], [], ""
        self.tables, self.under = [], {}
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes), self.open[-1] if self.open else None))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "h2":
            self.heading = ""
        if tag == "table":
            self.tables.append([])
            self.under.setdefault(self.heading, []).append(self.tables[-1])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in {"th", "td"}:
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "h2" in self.open:
            self.heading += data
        if {"th", "td"} & set(self.open):
            self.tables[-1][-1][-1] += data


def config_of(names):
    """A merged config of variants that differ in nothing, as the settings hold it."""
    raw = {
        "experiment": "toy",
        "corpus": {"csv": "lines.csv", "target_speaker": "dwight"},
        "encoders": {"one": {"hub": {"name": "some/bert", "revision": "a" * 40}}},
        "defaults": {"encoder": "one"},
        "variants": {name: {} for name in names},
    }
    return json.loads(stage_settings.settings_text(parse_config(raw), "write_report", {}))["config"]


def tokens_of(folder, names):
    """A page about the tokens of each variant, and its totals: the arguments of the stage."""
    counts, pages = ([folder / f"{name}.{kind}" for name in names] for kind in ("json", "md"))
    facts = {
        "rows": 10,
        "tokens": 1250,
        "longest": 128,
        "truncated": {"rows": 1, "first": 7, "tokens": 22, "longest": 150},
        "unknown": {"tokens": 4, "rows": 3, "texts": {"☃": 4}},
        "added": {"occurrences": {"[Ann Roe]": 9}, "lost": 1},
    }
    for name, path, page in zip(names, counts, pages, strict=True):
        splits = dict.fromkeys(("train", "test", "valid"), facts)
        path.write_text(json.dumps({"variant": name, "splits": splits}), encoding="utf-8")
        page.write_text(f"# {name}\n\nTokens of {name}.\n\n## Rows\n", encoding="utf-8")
    return {"token_counts": [*map(str, counts)], "token_pages": [*map(str, pages)]}


@pytest.fixture
def report(tmp_path, monkeypatch):
    """A function that writes summary and report of an experiment and returns the page's text."""
    monkeypatch.chdir(tmp_path)

    def run(rows=None, captions=None, change=None, config=None, **changes):
        made = Experiment(tmp_path, rows or {"one": 300, "two": 300}, **changes)
        if change:
            change(made)
        made.summarize()
        (tmp_path / "corpus.md").write_text(CORPUS, encoding="utf-8")
        manifest = tmp_path / "encoders" / "one" / "manifest.json"
        manifest.parent.mkdir(parents=True, exist_ok=True)
        manifest.write_text('{"license": "apache-2.0"}', encoding="utf-8")
        (tmp_path / "audit.md").write_text(AUDIT, encoding="utf-8")
        for name in FIGURES:
            text = (captions or {}).get(name, f"How to read *{name}*.")
            (tmp_path / f"{name}.md").write_text(text, encoding="utf-8")
        write_report.main(
            summary="results/summary.md",
            numbers="results/summary.json",
            slices=made.slices,
            corpus="corpus.md",
            facts=made.corpus,
            audit="audit.md",
            metrics=made.metrics,
            records=made.records,
            runtimes=made.runtimes,
            encoder_manifests=[str(manifest)],
            figures=[made.figure(name) for name in FIGURES],
            captions=[f"{name}.md" for name in FIGURES],
            template=str(REPORT / "page.html"),
            report="results/report.html",
            logs="results/logs",
            question=made.settings["question"],
            reference=made.settings["reference"],
            config=config or config_of(made.names),
            **tokens_of(tmp_path, made.names),
        )
        return (tmp_path / "results" / "report.html").read_text(encoding="utf-8")

    return run


def test_every_figure_stands_in_the_page_with_its_caption(report, tmp_path):
    page = report()
    image = r'<img src="data:image/svg\+xml;base64,(.*?)" alt=".*?">'
    found = re.findall(rf"{image}\n<figcaption>(.*?)\n</figcaption>", page)
    assert len(found) == len(FIGURES)
    for name, (data, caption) in zip(FIGURES, found, strict=True):
        figure = tmp_path / "results" / "toy" / "figures" / f"{name}.svg"
        assert base64.b64decode(data) == figure.read_bytes()
        assert caption == f"<p>How to read <em>{name}</em>.</p>"


def test_the_page_needs_nothing_from_elsewhere(report):
    text = report()
    page = Page(text)
    assert not {tag for tag, *_ in page.tags} & {"script", "link", "iframe", "object", "base"}
    # What a reader clicks on: places in the page, and the encoders' pages on the hub.
    links = [(tag, attributes["href"]) for tag, attributes, _ in page.tags if "href" in attributes]
    hub = f"https://huggingface.co/some/bert/tree/{'a' * 40}"
    assert {tag for tag, _ in links} == {"a"}
    # The page of errors is too large to stand here, and is no part of this one.
    errors = "toy/errors.html"
    assert {link for _, link in links if not link.startswith("#")} == {hub, errors}
    ids = {attributes["id"] for _, attributes, _ in page.tags if "id" in attributes}
    assert {link[1:] for _, link in links if link.startswith("#")} <= ids
    text = text.replace(hub, "")
    sources = [attributes["src"] for _, attributes, _ in page.tags if "src" in attributes]
    assert {source.partition(",")[0] for source in sources} == {"data:image/svg+xml;base64"}
    assert not re.search(r"https?:|url\(|@import", text)


def test_no_figure_stands_within_a_paragraph(report):
    inside = {parent for tag, _, parent in Page(report()).tags if tag == "figure"}
    assert inside == {"body"}


def test_the_summary_stands_in_the_page(report, tmp_path):
    page = report(published=["one"])
    tables = Page(page).tables
    assert [row[0] for row in tables[0]][:3] == ["variant", "One", "Two"]
    assert [row[0] for row in tables[2]][1:4] == ["One", "— published", "— difference"]
    for role in ("Learned from", "decides nothing", "chooses the decision threshold"):
        assert role in " ".join(page.split())
    assert "<title>toy: which lines are dwight&#x27;s?</title>" in page


def test_the_page_of_the_corpus_stands_in_the_page_a_level_lower(report):
    page = report()
    assert (
        '<h2 id="toy-the-corpus">toy: the corpus</h2>\n<p>42 lines of 3 speakers.</p>\n'
        '<h3 id="who-speaks">Who speaks</h3>' in page
    )
    assert page.count("<h1>") == 1


def test_the_tokens_of_each_variant_stand_in_the_page(report):
    page = report()
    [tokens] = Page(page).under["Tokens"]
    assert [row[:2] for row in tokens[1:5]] == [
        *(["One", split] for split in ("train", "test", "valid")),
        ["Two", "train"],
    ]
    cells = ["10", "1 (-22 tokens)", "1,250", "125.0", "128 of 150", "4 in 3 rows", "9 (-1)"]
    assert tokens[1][2:] == cells
    folded = "<details>\n<summary>One</summary>\n<p>Tokens of one.</p>\n<h4>Rows</h4>\n</details>"
    assert folded in page


def test_every_model_has_its_facts_and_differences_stand_in_the_page(report):
    config = config_of(["one", "two"])
    config["variants"]["two"]["training"]["learning_rate"] = 0.25
    page = Page(report(config=config, seeds=(1, 2)))
    [models] = page.under["The models"]
    assert [row[:2] for row in models[1:]] == [
        ["One", "1"],
        ["One", "2"],
        ["Two", "1"],
        ["Two", "2"],
    ]
    assert models[1][5:] == [
        *("2 of 4 (0.600)", "4", "9 m 48 s", "1.5 s, 800 rows/s", "CPU (2 threads), float32"),
    ]
    encoders, differences = page.under["How the variants differ"]
    assert encoders[1:] == [
        [title, "one: some/bert at aaaaaaa, licence apache-2.0"] for title in ("One", "Two")
    ]
    assert differences[1:] == [["Two", "training.learning_rate", "0.25", "5e-05"]]


def test_the_page_says_where_it_comes_from(report):
    text = report()
    page = Page(text)
    files, packages, _ = page.under["Where this comes from"]
    assert files[1] == ["script_data.csv", 64 * "a"]
    assert ["pandas", importlib.metadata.version("pandas"), ""] in packages
    assert ["torch", importlib.metadata.version("torch"), "2.13.0"] in packages
    assert f"Python {platform.python_version()}" in text
    config = yaml.safe_load(html.unescape(re.search("<pre>(.*?)</pre>", text, re.S)[1]))
    assert config["corpus"]["csv"] == ["script_data.csv"]
    assert [*config["variants"]] == ["one", "two"]
    assert '<h2 id="toy-which-held-out-rows-train-knows">' in text


def test_an_interval_is_not_broken_over_two_lines(report):
    broken = re.findall(r"[^>]\[[-+\d.]+, [-+\d.]+\]", report())
    assert broken == []


def test_every_chapter_is_among_the_contents(report):
    text = report()
    chapters = re.findall(r"<h2.*?>(.*?)</h2>", text)
    listed = re.findall(r'<a href="#.*?">(.*?)</a>', text.partition("</nav>")[0])
    assert listed == chapters and len(chapters) > 8


def test_without_an_encoder_there_are_no_tokens():
    assert tokens_section([], [], {}) == ""


def test_the_verdict_stands_at_the_top_of_the_page_in_bold(report):
    def change(made):
        made.compared("two")["metrics"][PRIMARY]["verdict"] = "worse"

    text = report(change=change)
    assert "<strong>Two is worse than One.</strong>" in text
    assert text.index("<strong>") < text.index("<table>")


def sliced(made, variant, kind):
    return made.files[made.slices]["variants"][variant][kind]


def test_a_slice_has_a_cell_for_every_variant(report):
    def change(made):
        [_, entry, _] = sliced(made, "two", "word_count")
        entry["metrics"]["f1"], entry["intervals"]["f1"] = 0.33, [0.3, 0.36]
        [_, entry] = sliced(made, "one", "season")
        entry["metrics"]["f1"] = entry["intervals"]["f1"] = None
        sliced(made, "one", "missed")["rate"] = 0.712

    words, seasons, places, speakers = Page(report(change=change)).under[SLICES]
    assert words[0] == ["word count", "rows", "One", "Two"]
    assert words[2][:2] == ["6-10", "100"]
    assert words[2][3] == "0.330 [0.300, 0.360]"
    assert seasons[2][2] == "—"
    assert [row[0] for row in places] == ["filmed in", "a barn", "2 others"]
    assert [row[0] for row in speakers[1:]] == ["michael", "a|b", "pam", "the target, missed"]
    assert speakers[1][3] == "0.300 [0.270, 0.330]"
    assert speakers[-1][2].startswith("0.712")


def test_speakers_are_found_by_name_whatever_their_order(report):
    def change(made):
        sliced(made, "two", "mistaken_speaker").reverse()
        sliced(made, "two", "mistaken_speaker")[0]["rate"] = 0.9

    *_, speakers = Page(report(change=change)).under[SLICES]
    assert speakers[3][0] == "pam"
    assert speakers[3][3].startswith("0.900")


def test_variants_with_other_rows_have_a_table_of_their_own(report):
    tables = Page(report({"one": 300, "two": 200, "three": 300})).under[SLICES]
    headers = [table[0][2:] for table in tables]
    assert headers == [["One", "Three"], ["Two"]] * 4


def test_titles_are_shown_and_not_followed(report):
    page = report(titles={"one": NASTY})
    found = [cell for table in Page(page).tables for row in table for cell in row]
    assert found.count(NASTY) == 3 + 4 + 3 + 2
    assert "<b>" not in page
    assert html.escape(NASTY) in page


def test_every_figure_of_the_workflow_has_a_caption_of_few_sentences():
    names = {name for of_question in output_paths.FIGURES.values() for name in of_question}
    assert {path.stem for path in REPORT.glob("*.md")} == names
    for name in names:
        caption = " ".join((REPORT / f"{name}.md").read_text(encoding="utf-8").split())
        assert 1 <= len(re.findall(r"[.:;] |\.$", caption)) <= 4
