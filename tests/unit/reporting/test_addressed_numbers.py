import html
import json

import pytest
from markdown_it import MarkdownIt

from whosaid.markdown import escaped, table
from whosaid.numbers import Numbers, rendered


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (0.12345, "z.3f", "0.123"),
        (-0.0001, "+z.3f", "+0.000"),
        (19710, ",d", "19,710"),
        (0.95, "percent", "95 %"),
        (0.975, "percent", "97.5 %"),
        ({"42": {}, "43": {}}, "length", "2"),
        ("one | two", "text", "one \\| two"),
        (None, "z.3f", "—"),
        (None, "text", "—"),
        (587.6, "duration", "9 m 48 s"),
        (3.14, "duration", "3.1 s"),
        (59.97, "duration", "1 m 0 s"),
        (2723, "duration", "45 m 23 s"),
    ],
)
def test_a_value_reads_as_its_form_says(value, form, text):
    assert rendered(value, form) == text


@pytest.fixture
def numbers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content = {"f1": {"mean": 0.33, "ends": [0.3, 0.36]}, "undefined": None, "one": [None, 1]}
    (tmp_path / "a.json").write_text(json.dumps(content))
    return Numbers({"b.json": {"rows": 7}})


def test_a_number_is_kept_with_its_address_in_the_order_of_the_page(numbers):
    assert numbers.text("b.json", "rows", form="d") == "7"
    assert numbers.text("a.json", "f1", "ends", 1) == "0.360"
    assert numbers.shown == [
        {"text": "7", "file": "b.json", "key": ["rows"], "form": "d"},
        {"text": "0.360", "file": "a.json", "key": ["f1", "ends", 1], "form": "z.3f"},
    ]


def test_an_estimate_stands_with_its_interval_where_it_has_one(numbers):
    assert numbers.estimate("a.json", ("f1", "mean"), ("f1", "ends")) == "0.330 [0.300, 0.360]"
    assert numbers.estimate("a.json", ("f1", "mean"), ("undefined",)) == "0.330"
    assert numbers.estimate("a.json", ("undefined",), ("one",)) == "—"


def test_a_missing_key_is_an_error(numbers):
    with pytest.raises(KeyError):
        numbers.text("a.json", "f2")


@pytest.mark.parametrize(
    "text",
    ["a | b", "*a* _b_ `c`", "<b>a</b> & &amp; &#35;", "[a](b) ![c]", "a_b __c__", "~~a~~", "\\|"],
)
def test_markup_in_a_text_is_shown_and_not_followed(text):
    page = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    cells = page.render(table([[escaped(text), "next"]], ["a", "b"]))
    assert f">{html.escape(text)}</td>" in cells
    assert ">next</td>" in cells
