import json
import re

import inspect_tokens
import pytest
from datasets import load_from_disk
from markdown_it import MarkdownIt
from transformers import AutoTokenizer

from whosaid.reporting.token_page import shown_positions, totals_table

SPLITS = ("train", "test", "valid")


@pytest.fixture(scope="module")
def inspect(tmp_path_factory):
    """A function that inspects a tokenized folder and returns the page and the counts."""

    def run(tokenized, splits):
        folder = tmp_path_factory.mktemp("tokens")
        inspect_tokens.main(
            tokenized=str(tokenized),
            added_tokens=str(splits / "added_tokens.json"),
            page=str(folder / "plain.md"),
            counts=str(folder / "plain.json"),
            experiment="toy",
            variant="plain",
            title="The *plain* one",
        )
        page = (folder / "plain.md").read_text(encoding="utf-8")
        return page, json.loads((folder / "plain.json").read_text(encoding="utf-8"))

    return run


@pytest.fixture(scope="module")
def truncated(annotated_splits, encoders, tokenize):
    """Splits with added tokens, truncated so that many of these are lost."""
    return tokenize(annotated_splits, encoders["distilbert"], max_length=12)


def shown(page, tokenized):
    """The items of each row that the page shows, by split: text, tokens, ids and mask."""
    found = {}
    for split in SPLITS:
        _, _, part = page.partition(f"## Rows of {split}\n")
        part = part.partition("\n## ")[0]
        found[split] = re.findall(
            r"^Row (\d+), (\w+), (\d+) tokens(.*):\n\n- text: (.*)\n- tokens: (.*)\n- ids: (.*)\n"
            r"- attention mask: (.*)$",
            part,
            re.MULTILINE,
        )
    return found


@pytest.mark.parametrize("family", ["distilbert", "roberta"])
def test_a_row_is_shown_as_it_is_stored(family, tokenized, splits, inspect):
    page, _ = inspect(tokenized[family], splits)
    stored = load_from_disk(tokenized[family])
    tokenizer = AutoTokenizer.from_pretrained(tokenized[family] / "tokenizer")
    for split, rows in shown(page, tokenized[family]).items():
        assert len(rows) == 3
        for row, (number, label, count, cut, text, tokens, ids, mask) in zip(
            stored[split], rows, strict=False
        ):
            assert (int(number), int(count), cut) == (row["row"], len(row["input_ids"]), "")
            assert label == ("not_dwight", "dwight")[row["label"]]
            assert re.sub(r"\\(.)", r"\1", text) == " ".join(row["text"].split())
            assert ids.split() == [*map(str, row["input_ids"])]
            assert re.findall("`(.*?)`", tokens) == tokenizer.convert_ids_to_tokens(
                row["input_ids"]
            )
            assert mask.split() == ["1"] * len(row["input_ids"])


def test_a_truncated_row_is_among_the_shown_ones_of_each_split(
    truncated, annotated_splits, inspect
):
    page, found = inspect(truncated, annotated_splits)
    for split, rows in shown(page, truncated).items():
        assert found["splits"][split]["truncated"]["rows"] > 0
        assert any(re.fullmatch(r", truncated: \d+ more are lost", row[3]) for row in rows)
        assert all((int(row[2]) == 12) or not row[3] for row in rows)


def test_the_totals_are_those_of_the_stored_ids(truncated, annotated_splits, inspect):
    page, found = inspect(truncated, annotated_splits)
    stored = load_from_disk(truncated)
    assert (found["experiment"], found["variant"], found["limit"]) == ("toy", "plain", 12)
    for split in SPLITS:
        lengths = [*map(len, stored[split]["input_ids"])]
        facts = found["splits"][split]
        assert (facts["rows"], facts["tokens"]) == (len(lengths), sum(lengths))
        [row] = re.findall(rf"^\| {split} .*$", page, re.MULTILINE)
        cells = [cell.strip() for cell in row.split("|")[2:-1]]
        assert cells[0] == f"{len(lengths):,}" and cells[2] == f"{sum(lengths):,}"
        assert cells[3] == f"{sum(lengths) / len(lengths):.1f}"
        assert cells[4] == f"12 of {facts['truncated']['longest']}"
        assert cells[6].endswith(f"(-{facts['added']['lost']:,})")


def test_added_tokens_that_train_never_has_are_named(truncated, annotated_splits, inspect):
    page, found = inspect(truncated, annotated_splits)
    counts = found["splits"]["train"]["added"]["occurrences"]
    unlearned = sum(not number for number in counts.values())
    said = f"{unlearned} of them never occur in train" if unlearned else "All occur in train"
    assert f"The variant adds {len(counts)}. {said}" in page


def test_a_variant_without_added_or_unknown_tokens_says_so(tokenized, splits, inspect):
    page, _ = inspect(tokenized["roberta"], splits)
    assert "## Unknown tokens\n\nThere are none.\n" in page
    assert "## Added tokens\n\nThe variant adds none.\n" in page


def test_the_page_is_markdown_whatever_the_texts_hold(tokenized, splits, inspect):
    page, _ = inspect(tokenized["distilbert"], splits)
    rendered = MarkdownIt("commonmark", {"html": False}).enable("table").render(page)
    assert "<h1>The *plain* one: what the model reads</h1>" in rendered
    assert rendered.count("<ul>") == 9 and rendered.count("<table>") == 1


def facts(rows, first):
    return {"rows": rows, "truncated": {"first": first}}


def test_the_first_truncated_row_takes_the_place_of_the_last_one_shown():
    assert shown_positions(facts(9, None)) == [0, 1, 2]
    assert shown_positions(facts(9, 1)) == [0, 1, 2]
    assert shown_positions(facts(9, 7)) == [0, 1, 7]
    assert shown_positions(facts(2, None)) == [0, 1]
    assert shown_positions(facts(0, None)) == []


def test_one_table_holds_the_totals_of_all_variants(tokenized, splits, inspect):
    _, found = inspect(tokenized["distilbert"], splits)
    table = totals_table([("One", found), ("a|b", found)]).splitlines()
    assert len(table) == 2 + 2 * len(SPLITS)
    assert table[5].split(" | ")[0].strip("| ") == r"a\|b"


@pytest.mark.parametrize("reading", ["window", "scene"])
def test_the_page_shows_rows_with_context(reading, inspect, deal, encoders, tokenize):
    context = {"before": "scene", "after": "scene", "across_scenes": False, "texts": True}
    context |= {"names": "around", "scene_names": "others", "fewest_lines": 10}
    splits = deal(context=context | {"reading": reading, "shuffled": False})
    page, counts = inspect(tokenize(splits, encoders["distilbert"], max_length=24), splits)
    assert "`[SEP]`" in page and "`[dwight]`" in page
    assert ("more are lost" in page) == (counts["splits"]["train"]["truncated"]["rows"] > 0)
    if reading == "window":
        assert "more are lost" in page
    else:  # a window of a scene holds several rows
        assert ", dwight" in page or ", not_dwight" in page
