"""Scenes as windows of tokens: every asked line once, its text whole, names by distance."""

import pytest
from transformers import AutoTokenizer

from whosaid.tokens.scene_layout import NAMED_LINES, scene_windows

LINES = ["Hello there.", "Coffee?", "Fact.", "No.", "Never, ever, at all."]
NAMES = ["pam", "jim", "dwight", "pam", "jim"]
TAGS = ["[dwight]", "[jim]", "[pam]"]


@pytest.fixture(scope="module")
def tokenizer(encoders):
    found = AutoTokenizer.from_pretrained(encoders["distilbert"])
    found.add_tokens(TAGS, special_tokens=True)
    return found


def rows_of(asked, names=("before_names", "after_names"), scene_names=None, scene=0, lines=LINES):
    """The rows of a split for the `asked` lines of the scene."""
    columns = {
        "row": [100 * scene + place for place in asked],
        "label": [int(NAMES[place % len(NAMES)] == "dwight") for place in asked],
        "text": [lines[place] for place in asked],
        "before_texts": [lines[:place] for place in asked],
        "after_texts": [lines[place + 1 :] for place in asked],
        "scene_number": [scene] * len(asked),
    }
    if scene_names:
        columns["scene_names"] = [scene_names] * len(asked)
    known = {
        "before_names": [NAMES[:place] for place in asked],
        "after_names": [NAMES[place + 1 :] for place in asked],
    }
    return columns | {name: known[name] for name in names}


def tokens_of(window, answer_of):
    """The ids and positions of the tokens of one answer, or with -1 of the texts."""
    tokens = zip(window["input_ids"], window["position"], window["answer_of"], strict=True)
    return [(token, position) for token, position, owner in tokens if owner == answer_of]


def tags(tokenizer, *names):
    return tokenizer.convert_tokens_to_ids([f"[{name}]" for name in names])


def test_a_scene_is_one_row_with_an_answer_for_each_asked_line(tokenizer):
    [window] = scene_windows(rows_of([0, 2, 3]), tokenizer, 128, 128)
    assert window["row"] == [0, 2, 3] and window["label"] == [0, 1, 0]
    assert [window["input_ids"][place] for place in window["answers"]] == [
        tokenizer.cls_token_id
    ] * 3
    assert [window["answer_of"][place] for place in window["answers"]] == [0, 2, 3]
    texts = tokens_of(window, -1)
    expected = []
    for text in LINES:
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        expected += [*ids, tokenizer.sep_token_id]
    assert [token for token, _ in texts] == expected


def test_an_answer_has_the_position_before_its_line(tokenizer):
    [window] = scene_windows(rows_of([0, 1, 2, 3, 4]), tokenizer, 128, 128)
    taken = [position for _, position in tokens_of(window, -1)]
    free = sorted({*range(max(taken) + 1)} - {*taken})
    assert [window["position"][place] for place in window["answers"]] == free
    assert len(taken) == len({*taken})


def test_a_name_has_the_position_of_its_distance(tokenizer):
    [window] = scene_windows(rows_of([2], scene_names=["jim", "pam"]), tokenizer, 128, 128)
    (_, _), *named = tokens_of(window, 2)
    names = tags(tokenizer, "jim", "pam", "pam", "jim", "jim", "pam")
    places = [1, 2, 1 + NAMED_LINES, 2 + NAMED_LINES, *[1 + 2 * NAMED_LINES] * 2]
    assert named == list(zip(names, places, strict=True))


def test_only_the_nearest_lines_are_named(tokenizer):
    rows = rows_of([4])
    rows["before_names"] = [["jim", *["pam"] * NAMED_LINES]]
    [window] = scene_windows(rows, tokenizer, 128, 128)
    (_, _), *named = tokens_of(window, 4)
    [pam] = tags(tokenizer, "pam")
    assert named == [(pam, 1 + place) for place in range(NAMED_LINES)]


def test_an_answer_holds_what_its_own_row_knows_and_no_more(tokenizer):
    [window] = scene_windows(rows_of([1, 3], names=("before_names",)), tokenizer, 128, 128)
    assert [token for token, _ in tokens_of(window, 1)][1:] == tags(tokenizer, "pam")
    assert [token for token, _ in tokens_of(window, 3)][1:] == tags(
        tokenizer, "dwight", "jim", "pam"
    )


def test_what_is_asked_changes_no_text_and_no_position(tokenizer):
    """Else a model would learn which lines are of rare speakers, or in another split."""
    [some] = scene_windows(rows_of([2]), tokenizer, 128, 128)
    [all_lines] = scene_windows(rows_of([0, 1, 2, 3, 4]), tokenizer, 128, 128)
    for owner in (-1, 2):
        assert tokens_of(some, owner) == tokens_of(all_lines, owner)


@pytest.mark.parametrize("limit", [12, 16, 20, 24, 32, 64])
def test_each_asked_line_is_asked_once_whatever_fits(tokenizer, limit):
    rows = rows_of([0, 1, 2, 3, 4])
    other = rows_of([1, 4], scene=1)
    both = {key: rows[key] + other[key] for key in rows}
    windows = scene_windows(both, tokenizer, limit, 64)
    assert all(len(window["input_ids"]) <= limit for window in windows)
    assert all(max(window["position"]) < 64 for window in windows)
    assert [row for window in windows for row in window["row"]] == [0, 1, 2, 3, 4, 101, 104]
    for window in windows:
        assert len(window["input_ids"]) == len(window["position"]) == len(window["answer_of"])
        asked = [window["answer_of"][place] for place in window["answers"]]
        assert [number % 100 for number in window["row"]] == asked


def test_a_window_repeats_the_end_of_the_one_before(tokenizer):
    windows = scene_windows(rows_of([0, 1, 2, 3, 4], names=()), tokenizer, 32, 32)
    texts = [window["text"].split("\n") for window in windows]
    assert len(windows) > 1 and {*texts[0]} & {*texts[1]}


def test_a_line_longer_than_half_a_window_is_cut_and_counted(tokenizer):
    rows = rows_of([2], names=())
    rows["text"] = ["word " * 50]
    [window] = [each for each in scene_windows(rows, tokenizer, 24, 24) if each["row"]]
    whole = len(tokenizer("word " * 50, add_special_tokens=False)["input_ids"])
    assert window["lost"] == whole - 12


@pytest.mark.parametrize("asked", [range(60), range(0, 60, 4), [59], []])
@pytest.mark.parametrize("limit", [20, 64])
def test_a_window_has_no_more_positions_than_the_encoder(asked, limit, tokenizer):
    """Of long scenes with few asked lines an encoder could not look up the last positions."""
    lines = [f"{LINES[place % 5]} {place}" for place in range(60)]
    windows = scene_windows(rows_of(asked, names=(), lines=lines), tokenizer, limit, 20)
    assert all(max(window["position"]) < 20 for window in windows)
    assert [row for window in windows for row in window["row"]] == [*asked]
