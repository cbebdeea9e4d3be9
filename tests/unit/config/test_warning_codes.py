"""Every warning has a code, and every code is given."""

import re
from pathlib import Path

import pytest

from whosaid.config.warning_codes import WARNINGS, code_of, warning

WORKFLOW = Path(__file__).parents[3] / "workflow"


def test_each_code_is_given_somewhere():
    texts = [path.read_text(encoding="utf-8") for path in WORKFLOW.rglob("*.py")]
    given = {code for text in texts for code in re.findall(r'warning\(\s*"(W\d+)"', text)}
    assert given == set(WARNINGS)


def test_a_warning_begins_with_its_code_and_an_unknown_code_is_an_error():
    text = warning("W104", "Some rows: 15 %.")
    assert text == "W104: Some rows: 15 %." and code_of(text) == "W104"
    with pytest.raises(KeyError):
        warning("W999", "Nothing.")
