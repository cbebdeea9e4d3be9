"""Scenes as windows of tokens: every asked line once, each line's tokens whole, no name lost."""

import pytest
from transformers import AutoTokenizer

from whosaid.tokens.scene_layout import scene_windows
from whosaid.tokens.token_kinds import ANSWER, EARLIER_NAME, NAME, SCENE_NAME, TEXT

LINES = ["Hello there.", "Coffee?", "Fact.", "No.", "Never, ever, at all."]
NAMES = ["pam", "jim", "dwight", "pam", "jim"]
TAGS = ["[dwight]", "[jim]", "[pam]"]


@pytest.fixture(scope="module")
def tokenizer(encoders):
    found = AutoTokenizer.from_pretrained(encoders["distilbert"])
    found.add_tokens(TAGS, special_tokens=True)
    return found


def rows_of(asked, names=("before_names", "after_names"), scene_names=None, scene=0):
    """The rows of a split for the `asked` lines of the scene."""
    columns = {
        "row": [100 * scene + place for place in asked],
        "label": [int(NAMES[place] == "dwight") for place in asked],
        "text": [LINES[place] for place in asked],
        "before_texts": [LINES[:place] for place in asked],
        "after_texts": [LINES[place + 1 :] for place in asked],
        "scene_number": [scene] * len(asked),
    }
    if scene_names:
        columns["scene_names"] = [scene_names] * len(asked)
    known = {
        "before_names": [NAMES[:place] for place in asked],
        "after_names": [NAMES[place + 1 :] for place in asked],
    }
    return columns | {name: known[name] for name in names}


def parts(window, kind):
    tokens = zip(window["input_ids"], window["kind"], window["line"], strict=True)
    return [(line, token) for token, each, line in tokens if each == kind]


def test_a_scene_is_one_row_with_an_answer_for_each_asked_line(tokenizer):
    [window] = scene_windows(rows_of([0, 2, 3]), tokenizer, 128)
    assert window["row"] == [0, 2, 3] and window["label"] == [0, 1, 0]
    answers = [(window["kind"][place], window["line"][place]) for place in window["answers"]]
    assert answers == [(ANSWER, 0), (ANSWER, 2), (ANSWER, 3)]
    for number, text in enumerate(LINES):
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        own = [token for line, token in parts(window, TEXT) if line == number]
        assert own == [*ids, tokenizer.sep_token_id]
    tags = tokenizer.convert_tokens_to_ids([f"[{name}]" for name in NAMES])
    assert parts(window, NAME) == list(enumerate(tags))


def test_what_is_asked_changes_no_token(tokenizer):
    """Else a model would learn which lines are of rare speakers, or in another split."""
    [some] = scene_windows(rows_of([2], names=()), tokenizer, 128)
    [all_lines] = scene_windows(rows_of([0, 1, 2, 3, 4], names=()), tokenizer, 128)
    for column in ("input_ids", "kind", "line"):
        assert some[column] == all_lines[column]


def test_names_are_those_that_the_asked_lines_know(tokenizer):
    [window] = scene_windows(rows_of([2]), tokenizer, 128)
    assert [line for line, _ in parts(window, NAME)] == [0, 1, 3, 4]
    [window] = scene_windows(rows_of([1, 3], names=("before_names",)), tokenizer, 128)
    assert [line for line, _ in parts(window, EARLIER_NAME)] == [0, 1, 2]
    assert not parts(window, NAME)


def test_the_cast_stands_first(tokenizer):
    [window] = scene_windows(rows_of([0], scene_names=["dwight", "jim"]), tokenizer, 128)
    tags = tokenizer.convert_tokens_to_ids(["[dwight]", "[jim]"])
    assert window["input_ids"][:2] == tags and window["kind"][:2] == [SCENE_NAME] * 2


@pytest.mark.parametrize("limit", [16, 20, 24, 32, 64])
def test_each_asked_line_is_asked_once_whatever_fits(tokenizer, limit):
    rows = rows_of([0, 1, 2, 3, 4])
    other = rows_of([1, 4], scene=1)
    both = {key: rows[key] + other[key] for key in rows}
    windows = scene_windows(both, tokenizer, limit)
    assert all(len(window["input_ids"]) <= limit for window in windows)
    assert [row for window in windows for row in window["row"]] == [0, 1, 2, 3, 4, 101, 104]
    for window in windows:
        assert len(window["input_ids"]) == len(window["kind"]) == len(window["line"])
        asked = [window["line"][place] for place in window["answers"]]
        assert [number % 100 for number in window["row"]] == asked


def test_a_window_repeats_the_end_of_the_one_before(tokenizer):
    windows = scene_windows(rows_of([0, 1, 2, 3, 4]), tokenizer, 32)
    assert len(windows) > 1
    lines = [{*window["line"]} for window in windows]
    assert lines[0] & lines[1]


def test_a_line_longer_than_half_a_window_is_cut_and_counted(tokenizer):
    rows = rows_of([2])
    rows["after_texts"] = [["No.", "word " * 50]]
    windows = scene_windows(rows, tokenizer, 24)
    whole = len(tokenizer("word " * 50, add_special_tokens=False)["input_ids"])
    assert all(len(window["input_ids"]) <= 24 for window in windows)
    [window] = [window for window in windows if window["row"]]
    rows["text"] = ["word " * 50]
    [window] = [window for window in scene_windows(rows, tokenizer, 24) if window["row"]]
    assert window["lost"] == whole - 12
