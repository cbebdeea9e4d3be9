"""The context of a line: its neighbours in the script, and nothing that names its own speaker."""

import numpy as np
import pandas as pd
import pytest

from whosaid.corpus.context import (
    blocks,
    context_borders,
    context_columns,
    shuffle_context,
)
from whosaid.corpus.name_tags import name_tags

NOTHING = {
    "before": 2,
    "after": 2,
    "texts": False,
    "names": "none",
    "scene_names": None,
    "fewest_lines": 1,
    "reading": "window",
}

SCRIPT = pd.DataFrame(
    [
        (1, 1, 10, "pam", "Hello."),
        (2, 1, 10, "jim", "Morning."),
        (3, 1, 10, "pam", "Coffee?"),
        (4, 1, 11, "dwight", "Fact."),
        (5, 1, 11, "jim", "No."),
        (6, 2, 12, "dwight", "False."),
    ],
    columns=["row", "episode", "scene", "speaker", "line"],
)
UNITS = {"row": ["row"], "scene": ["scene"], "episode": ["episode"]}


def columns_of(lines=SCRIPT, across=False, **keys):
    scenes = context_borders(lines, UNITS, False)
    return context_columns(lines, scenes, context_borders(lines, UNITS, across), NOTHING | keys)


def test_neighbours_end_with_the_scene():
    found = columns_of(texts=True)
    assert found["before_texts"].tolist() == [
        [],
        ["Hello."],
        ["Hello.", "Morning."],
        [],
        ["Fact."],
        [],
    ]
    assert found["after_texts"].tolist() == [
        ["Morning.", "Coffee?"],
        ["Coffee?"],
        [],
        ["No."],
        [],
        [],
    ]


def test_neighbours_across_scenes_end_with_the_episode():
    found = columns_of(across=True, names="around")
    assert found.loc[4, "before_names"] == ["jim", "pam"]
    assert found.loc[3, "after_names"] == ["dwight", "jim"]
    assert found.loc[5, "after_names"] == found.loc[6, "before_names"] == []


def test_a_whole_scene_is_all_of_its_other_lines():
    found = columns_of(names="around", before="scene", after="scene")
    assert found.loc[1, "after_names"] == ["jim", "pam"]
    assert found.loc[3, "before_names"] == ["pam", "jim"]


def test_names_before_say_nothing_of_who_speaks_after():
    assert list(columns_of(names="before")) == ["before_names"]


def test_a_scene_that_comes_back_later_is_another_one():
    assert [each.tolist() for each in blocks(np.array([1, 1, 2, 1]))] == [
        [0, 0, 2, 3],
        [2, 2, 3, 4],
    ]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "keys",
    [
        {"names": "before"},
        {"names": "around"},
        {"names": "around", "before": "scene", "after": "scene"},
        {"names": "around", "scene_names": "others"},
        {"texts": True, "scene_names": "others"},
    ],
)
def test_no_column_depends_on_who_speaks_the_line_itself(keys, seed):
    """In tracks A to D another speaker of a line changes every context but that line's own.

    Also where the same person speaks on both sides.
    """
    random = np.random.default_rng(seed)
    lines = pd.DataFrame(
        {
            "row": np.arange(40),
            "episode": 1,
            "scene": np.repeat(np.arange(8), 5),
            "speaker": random.choice(["pam", "jim", "dwight"], 40),
            "line": [f"line {number}" for number in range(40)],
        }
    )
    found = columns_of(lines, **keys)
    for place in range(40):
        changed = lines.copy()
        changed.loc[place, "speaker"] = "toby"
        assert columns_of(changed, **keys).loc[place].equals(found.loc[place])


def test_the_cast_of_a_scene_counts_the_line_itself_and_tells_no_order():
    assert columns_of(scene_names="all")["scene_names"].tolist() == [
        *[["jim", "pam"]] * 3,
        *[["dwight", "jim"]] * 2,
        ["dwight"],
    ]


def test_the_others_of_a_scene_hold_a_speaker_only_if_he_speaks_elsewhere_in_it():
    found = columns_of(scene_names="others")["scene_names"]
    assert found.tolist() == [["jim", "pam"], ["pam"], ["jim", "pam"], ["jim"], ["dwight"], []]


def test_rare_speakers_share_a_name():
    found = columns_of(names="around", fewest_lines=2)
    assert name_tags(found) == ["[dwight]", "[jim]", "[pam]"]
    assert name_tags(columns_of(names="around", fewest_lines=3)) == ["[others]"]


def test_shuffled_rows_have_the_context_of_another_row():
    rows = pd.DataFrame({"row": range(50), "before_texts": [[str(row)] for row in range(50)]})
    shuffled = shuffle_context(rows, ["before_texts"], seed=27)
    givers = [int(text) for [text] in shuffled["before_texts"]]
    assert sorted(givers) == list(range(50))
    assert all(giver != row for giver, row in zip(givers, shuffled["row"], strict=True))
    assert shuffled.equals(shuffle_context(rows, ["before_texts"], seed=27))
