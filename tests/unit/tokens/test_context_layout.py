"""Where a line and its context stand among the token ids of a row."""

import pytest
from transformers import AutoTokenizer

from whosaid.tokens.context_layout import row_ids


@pytest.fixture(scope="module")
def tokenizer(encoders):
    found = AutoTokenizer.from_pretrained(encoders["distilbert"])
    found.add_tokens(["[pam]", "[jim]"], special_tokens=True)
    return found


ROW = {
    "text": ["Fact."],
    "before_texts": [["Hello there.", "Coffee?"]],
    "after_texts": [["No, never."]],
    "before_names": [["pam", "jim"]],
    "after_names": [["pam"]],
    "scene_names": [["jim", "pam"]],
}


def tokens(tokenizer, row, limit=None):
    [ids] = row_ids(row, tokenizer, limit)
    return ids, tokenizer.decode(ids)


def own_part(ids, tokenizer, has_names):
    """The ids between the two SEP that hold the line itself."""
    borders = [place for place, each in enumerate(ids) if each == tokenizer.sep_token_id]
    start, end = borders[has_names : has_names + 2]
    return ids[start + 1 : end]


def test_the_line_stands_between_its_own_borders(tokenizer):
    ids, text = tokens(tokenizer, ROW)
    own = tokenizer("Fact.", add_special_tokens=False)["input_ids"]
    assert own_part(ids, tokenizer, has_names=True) == own
    assert ids[0] == tokenizer.cls_token_id
    assert ids.count(tokenizer.sep_token_id) == 4
    names = tokenizer.convert_tokens_to_ids(["[jim]", "[pam]"])
    assert ids[1:3] == names
    assert ids[4] == names[1]  # who says "Hello there."
    assert "there" in text


@pytest.mark.parametrize("limit", range(9, 30))
def test_what_does_not_fit_is_cut_from_the_far_ends(tokenizer, limit):
    whole, _ = tokens(tokenizer, ROW)
    [ids] = row_ids(ROW, tokenizer, limit)
    own = tokenizer("Fact.", add_special_tokens=False)["input_ids"]
    assert len(ids) == min(limit, len(whole))
    if limit >= 5 + 2 + len(own):
        assert own_part(ids, tokenizer, has_names=True) == own
    borders = [place for place, each in enumerate(ids) if each == tokenizer.sep_token_id]
    of_whole = [place for place, each in enumerate(whole) if each == tokenizer.sep_token_id]
    before, after = ids[borders[0] + 1 : borders[1]], ids[borders[2] + 1 : borders[3]]
    assert whole[: of_whole[1]][len(whole[: of_whole[1]]) - len(before) :] == before
    assert whole[of_whole[2] + 1 :][: len(after)] == after


def test_a_line_too_long_by_itself_loses_its_end(tokenizer):
    row = {"text": ["one two three four five six seven eight nine ten"], "before_texts": [["x"]]}
    ids, _ = tokens(tokenizer, row, 8)
    own = tokenizer(row["text"][0], add_special_tokens=False)["input_ids"]
    assert own_part(ids, tokenizer, has_names=False) == own[:4]


def test_names_without_texts_are_tags_alone(tokenizer):
    row = {"text": ["Fact."], "before_names": [["pam", "jim"]]}
    ids, _ = tokens(tokenizer, row)
    assert ids[1:3] == tokenizer.convert_tokens_to_ids(["[pam]", "[jim]"])
