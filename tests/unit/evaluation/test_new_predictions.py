"""The table of new lines follows from the logits of each seed."""

import numpy as np
import pandas as pd
import pytest

from whosaid.evaluation.new_predictions import decide

LINES = pd.DataFrame({"line": ["a", "b"]}, index=[2, 5])


def logits_of(probabilities):
    return np.log(np.array(probabilities))


def test_the_target_is_predicted_by_the_mean_and_at_the_threshold_by_most_seeds():
    # The second line is the target's for one of three seeds at one half, for two at 0.2.
    target = np.array([[0.9, 0.1], [0.8, 0.3], [0.7, 0.6]])
    found = decide(
        "target",
        LINES,
        logits_of(np.stack([1 - target, target], 2)),
        ["no", "yes"],
        (1, 2, 3),
        [0.5, 0.2, 0.2],
    )
    assert found["row"].tolist() == [2, 5] and found["line"].tolist() == ["a", "b"]
    assert found["predicted"].tolist() == ["yes", "no"]
    assert found["probability"].tolist() == pytest.approx([0.8, 1 / 3])
    assert found["at_threshold"].tolist() == ["yes", "yes"]
    assert found["predicted_seed_3"].tolist() == ["yes", "yes"]
    assert found["predicted_seed_1"].tolist() == ["yes", "no"]


def test_a_tie_at_the_thresholds_is_not_the_targets():
    target = np.array([[0.9], [0.1]])
    found = decide(
        "target",
        LINES[:1],
        logits_of(np.stack([1 - target, target], 2)),
        ["no", "yes"],
        (1, 2),
        [0.5, 0.5],
    )
    assert found["at_threshold"].tolist() == ["no"]


def test_of_several_speakers_the_next_one_is_named_too():
    one = [[[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]]]
    found = decide("speakers", LINES, logits_of(one), ["ann", "bob", "cat"], (7,), None)
    assert found["predicted"].tolist() == ["ann", "cat"]
    assert found["next"].tolist() == ["bob", "bob"]
    assert found["probability"].tolist() == pytest.approx([0.5, 0.7])
    assert found["probability_of_next"].tolist() == pytest.approx([0.3, 0.2])
    assert "at_threshold" not in found and found["predicted_seed_7"].tolist() == ["ann", "cat"]
