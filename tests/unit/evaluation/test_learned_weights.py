"""Ensembles that learn on valid how much each member counts, and what the next lines tell."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.metrics import average_precision_score

from whosaid.errors import StageError
from whosaid.evaluation.class_predictions import ClassPredictions
from whosaid.evaluation.learned_weights import LearnedWeights, neighbours_of
from whosaid.evaluation.predictions import Predictions

SCENES, LINES = 80, 10
ROWS = SCENES * LINES


@pytest.fixture
def corpus():
    """Lines in scenes of ten; the target says about a third, and never two in a row."""
    random = np.random.default_rng(5)
    label = np.zeros(ROWS, dtype=np.int64)
    for row in range(ROWS):
        after_target = row % LINES and label[row - 1]
        label[row] = not after_target and random.random() < 0.45
    # Not one after the other: the corpus has lines that nobody predicts.
    units = pd.DataFrame(
        {"row": np.arange(ROWS), "scene": np.repeat(np.arange(SCENES), LINES)},
        index=np.arange(ROWS) * 2,
    )
    return label, units


def member(label, rows, strength, seed):
    """Predictions of some rows, by log odds that know the label to a degree."""
    noise = np.random.default_rng(seed).normal(size=len(rows))
    log_odds = strength * (2 * label[rows] - 1) + noise
    return Predictions(rows * 2, label[rows], np.zeros(len(rows), bool), log_odds[None])


def parts(label):
    half = ROWS // 2
    return np.arange(half), np.arange(half, ROWS)


def learned(label, units, members, neighbours=0, of_first_only=False):
    valid, _ = parts(label)
    table = pa.table({"row": valid * 2, "label": label[valid]})
    of_members = [0 if place and of_first_only else neighbours for place in range(len(members))]
    return LearnedWeights(members, table, units, "scene", of_members, seed=1)


def test_a_member_that_knows_more_counts_more(corpus):
    label, units = corpus
    valid, test = parts(label)
    on_valid = [member(label, valid, strength, seed) for seed, strength in enumerate((1.5, 0.0))]
    weights = learned(label, units, on_valid)
    good, useless = (each[0] for each in weights.coefficients(["good", "useless"]).values())
    assert good > 1 and abs(useless) < good / 4
    on_test = [member(label, test, strength, seed + 9) for seed, strength in enumerate((1.5, 0.0))]
    answers = weights.on(on_test, test * 2)
    mean = sum(each.log_odds[0] for each in on_test)
    score = average_precision_score(label[test], answers.logits[:, 1])
    assert score > average_precision_score(label[test], mean)
    assert not answers.logits[:, 0].any() and not answers.abstained.any()


def test_neighbours_tell_who_does_not_speak_twice(corpus):
    label, units = corpus
    valid, test = parts(label)
    scores = []
    for neighbours in (0, 1):
        weights = learned(label, units, [member(label, valid, 1.0, 1)], neighbours)
        answers = weights.on([member(label, test, 1.0, 2)], test * 2)
        scores.append(average_precision_score(label[test], answers.logits[:, 1]))
    assert scores[1] > scores[0] + 0.02
    own, before, _, after, _ = weights.coefficients(["member"])["member"]
    assert own > 0 > max(before, after)


def test_of_some_members_only_the_answer_for_the_line_itself_is_read(corpus):
    label, units = corpus
    valid, test = parts(label)
    members = [member(label, valid, 1.0, seed) for seed in (1, 2)]
    weights = learned(label, units, members, neighbours=1, of_first_only=True)
    assert [len(each) for each in weights.coefficients(["free", "named"]).values()] == [5, 1]
    free, named = (member(label, test, 1.0, seed) for seed in (3, 4))
    line = 5  # in the middle of its scene

    def answer(of_first, of_second):
        return weights.on([of_first, of_second], test * 2).logits[line, 1]

    def raised(each, place):
        return each._replace(log_odds=each.log_odds + 3.0 * (np.arange(len(test)) == place))

    assert answer(free, raised(named, line)) > answer(free, named)
    assert answer(free, raised(named, line + 1)) == answer(free, named)
    assert answer(raised(free, line + 1), named) < answer(free, named)


def test_a_neighbour_is_of_the_same_scene():
    scenes = pd.Series([0, 0, 0, 1, 1], index=[10, 20, 30, 40, 50])
    before, after, second_before, second_after = neighbours_of(np.array([10, 30, 40]), scenes, 2)
    assert before.tolist() == [-1, 20, -1]
    assert after.tolist() == [20, -1, 50]
    assert second_before.tolist() == [-1, 10, -1]
    assert second_after.tolist() == [30, -1, -1]


def test_the_rows_of_valid_are_answered_by_other_scenes(corpus):
    """Two labels of a scene change places, so that the folds are the same."""
    label, units = corpus
    valid, _ = parts(label)
    known = member(label, valid, 1.0, 1)
    before = learned(label, units, [known]).on_valid().logits[:, 1]
    first, second = (int(np.flatnonzero(label[:LINES] == each)[0]) for each in (0, 1))
    label[[first, second]] = label[[second, first]]
    after = learned(label, units, [known]).on_valid().logits[:, 1]
    assert after[:LINES] == pytest.approx(before[:LINES])
    assert np.abs(after - before).max() > 1e-4


def test_each_speaker_is_a_class(corpus):
    _, units = corpus
    random = np.random.default_rng(3)
    label = random.integers(0, 3, ROWS)
    valid, test = parts(label)

    def known(rows, seed):
        scores = 2.0 * np.eye(3)[label[rows]] + np.random.default_rng(seed).normal(
            size=(len(rows), 3)
        )
        scores -= np.log(np.exp(scores).sum(axis=1, keepdims=True))
        nobody = np.zeros(len(rows), bool)
        return ClassPredictions(rows * 2, label[rows], nobody, scores[None], ("a", "b", "c"))

    weights = learned(label, units, [known(valid, 1)])
    answers = weights.on([known(test, 2)], test * 2)
    assert answers.logits.shape == (len(test), 3)
    assert np.exp(answers.logits).sum(axis=1) == pytest.approx(1.0)
    assert (answers.logits.argmax(axis=1) == label[test]).mean() > 0.6


def test_it_abstains_where_all_members_do(corpus):
    label, units = corpus
    valid, test = parts(label)
    weights = learned(label, units, [member(label, valid, 1.0, seed) for seed in (1, 2)])
    short = np.arange(len(test)) < 5
    one, two = (member(label, test, 1.0, seed) for seed in (3, 4))
    answers = weights.on([one._replace(abstained=short), two], test * 2)
    assert not answers.abstained.any()
    both = [each._replace(abstained=short) for each in (one, two)]
    assert weights.on(both, test * 2).abstained.tolist() == short.tolist()


def test_a_class_of_one_scene_is_too_little_to_learn_from(corpus):
    """In folds a larger split.fractions.valid was advised, which folds do not read."""
    label, units = corpus
    label[:] = 0
    label[3] = 1
    with pytest.raises(
        StageError, match=r"must be in two scenes at least.*with group_kfold: fewer"
    ):
        learned(label, units, [member(label, np.arange(ROWS // 2), 1.0, 1)])
