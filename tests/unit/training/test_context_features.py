"""What a linear baseline reads of a context."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.metrics import average_precision_score

from whosaid.corpus.context import context_borders, context_columns, shuffle_context
from whosaid.training.linear_model import context_values, fit

CONTEXT = {
    "before": 2,
    "after": 2,
    "texts": True,
    "names": "around",
    "scene_names": "others",
    "fewest_lines": 1,
    "reading": "window",
}


def test_names_have_their_distance_and_the_nearest_two_are_one_more():
    split = pa.table(
        {
            "before_names": [["pam", "jim"], [], ["pam", "jim"]],
            "after_names": [["kevin"], ["jim", "pam"], []],
        }
    )
    assert [text.split("\n") for text in context_values(split, "context_names")] == [
        ["before 1: jim", "before 2: pam", "after 1: kevin", "before 1: jim, after 1: kevin"],
        ["after 1: jim", "after 2: pam"],
        ["before 1: jim", "before 2: pam", "before 1: jim, before 2: pam"],
    ]


def test_words_are_those_of_the_lines_around():
    split = pa.table({"before_texts": [["Hello", "No"], []], "after_texts": [["Yes"], []]})
    assert context_values(split, "context_words") == ["Hello\nNo\nYes", ""]


def test_names_of_the_scene_that_no_line_around_has_count_twice():
    split = pa.table(
        {
            "scene_names": [["jim", "pam", "toby"], []],
            "before_names": [["pam"], []],
            "after_names": [["jim"], []],
        }
    )
    assert context_values(split, "scene_names") == ["jim\npam\ntoby\nelsewhere: toby", ""]


@pytest.fixture(scope="module")
def dialogue():
    """A script in which dwight speaks whenever jim has spoken, and only then."""
    random = np.random.default_rng(3)
    names = []
    for _ in range(600):
        others = random.choice(["jim", "pam", "kevin"])
        names.append("dwight" if names and names[-1] == "jim" else others)
    lines = pd.DataFrame({"row": range(600), "scene": np.arange(600) // 20, "speaker": names})
    return lines.assign(line="the same words")


def score(rows, features):
    half = len(rows) // 2
    parts = [pa.Table.from_pandas(part) for part in (rows[:half], rows[half:])]
    columns = [{name: context_values(part, name) for name in features} for part in parts]
    labels = (rows["speaker"] == "dwight").to_numpy()
    linear = {"features": features, "C": 1.0, "class_weight": None}
    model = fit(columns[0], labels[:half].astype(int), linear)
    return average_precision_score(labels[half:], model.logits(columns[1])[:, 1])


def test_turn_taking_is_learned_without_any_text_and_not_from_another_rows_context(dialogue):
    borders = context_borders(dialogue, {"scene": ["scene"]}, across_scenes=False)
    around = context_columns(dialogue, borders, borders, CONTEXT)
    rows = dialogue.join(around, on="row")
    features = ["context_names", "scene_names"]
    share = (dialogue["speaker"] == "dwight").mean()
    assert score(rows, features) > 0.9
    shuffled = shuffle_context(rows, [*around], seed=27)
    assert score(shuffled, features) < share + 0.1
