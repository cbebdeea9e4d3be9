"""The rows of which a variant is surest, by kind."""

import numpy as np
import pytest

from whosaid.evaluation import surest_rows as module
from whosaid.evaluation.class_predictions import ClassPredictions
from whosaid.evaluation.mean_prediction import mean_prediction
from whosaid.evaluation.predictions import Predictions
from whosaid.evaluation.surest_rows import surest_rows

HIT, FALSE_ALARM, MISS = "true positive", "false positive", "false negative"


def of_target(log_odds, label, abstained=None, row=None):
    """The mean prediction of rows with these log odds, one column for each seed."""
    seeds = np.atleast_2d(np.array(log_odds, float))
    count = seeds.shape[1]
    rows = np.arange(count) if row is None else np.array(row)
    is_short = np.zeros(count, bool) if abstained is None else np.array(abstained, bool)
    return mean_prediction(Predictions(rows, np.array(label), is_short, seeds))


def test_the_surest_of_each_kind_come_first():
    mean = of_target([1, 3, 2, -2, -1, 1, -5], [1, 1, 0, 1, 1, 0, 0])
    assert surest_rows(mean, "target") == [
        *((HIT, 1), (HIT, 0)),
        *((FALSE_ALARM, 2), (FALSE_ALARM, 5)),
        *((MISS, 3), (MISS, 4)),
    ]


def test_a_row_on_which_the_variant_abstains_is_never_chosen():
    mean = of_target([3, 2, -3, -2], [1, 1, 1, 1], abstained=[1, 0, 1, 0])
    assert surest_rows(mean, "target") == [(HIT, 1), (MISS, 3)]
    everywhere = of_target([3, -2], [1, 1], abstained=[1, 1])
    assert surest_rows(everywhere, "target") == []


def test_of_equal_rows_that_with_the_smaller_number_comes_first():
    mean = of_target([1, 1, 1], [1, 1, 1], row=[30, 10, 20])
    assert [place for _, place in surest_rows(mean, "target")] == [1, 2, 0]


def test_the_seeds_decide_together():
    mean = of_target([[4, 1, -1], [-3, 1, -3]], [1, 1, 1])
    assert surest_rows(mean, "target") == [(HIT, 1), (HIT, 0), (MISS, 2)]


@pytest.mark.parametrize("question", ["target", "speakers"])
def test_so_many_rows_of_each_kind_are_chosen(question):
    chance = np.random.default_rng(1)
    label = chance.integers(0, 2, 500)
    if question == "target":
        mean = of_target(chance.normal(0, 1, 500), label)
    else:
        logits = np.log(chance.dirichlet([1, 1, 1], 500))[None]
        none = np.zeros(500, bool)
        mean = mean_prediction(ClassPredictions(np.arange(500), label, none, logits, (*"abc",)))
    found = surest_rows(mean, question)
    kinds = [kind for kind, _ in found]
    assert {kinds.count(kind) for kind in kinds} == {module.MOST[question]}
    assert len({place for _, place in found}) == len(found)
    for kind in {*kinds}:
        confidence = [mean.confidence[place] for other, place in found if other == kind]
        assert confidence == sorted(confidence, reverse=True)
    if question == "speakers":
        right = {kind for kind, place in found if mean.is_right[place]}
        assert right == {"surest right"} and {*kinds} == {"surest right", "surest wrong"}
