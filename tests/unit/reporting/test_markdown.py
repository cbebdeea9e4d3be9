import html

import pytest
from markdown_it import MarkdownIt

from whosaid.reporting.markdown import escaped, table


@pytest.mark.parametrize(
    "text",
    ["a | b", "*a* _b_ `c`", "<b>a</b> & &amp; &#35;", "[a](b) ![c]", "a_b __c__", "~~a~~", "\\|"],
)
def test_markup_in_a_text_is_shown_and_not_followed(text):
    page = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    cells = page.render(table([[escaped(text), "next"]], ["a", "b"]))
    assert f">{html.escape(text)}</td>" in cells
    assert ">next</td>" in cells
