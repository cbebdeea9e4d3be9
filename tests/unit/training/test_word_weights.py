"""The weight of a word is what changes when it is left out."""

import numpy as np
import pytest
from scipy.special import log_softmax

from whosaid.training.linear_model import fit
from whosaid.training.word_weights import MOST_WORDS, evidence, without, word_weights, words_of

TEXTS = ["beets on the farm", "paper in the office", "a farm of beets", "an office of paper"] * 4
TAGS = ["[Ken]", "[Ken Kwapis]", "[B. J. (Novak)]"]


def model_of(names=2, **changes):
    linear = {"features": ["word_ngrams"], "C": 1.0, "class_weight": None} | changes
    labels = np.array([place % names for place in range(len(TEXTS))])
    return fit({"text": TEXTS}, labels, linear)


def weights_of(model, text, question="target", of_class=1, **columns):
    lines = {"text": [text], **columns}
    words = [words_of(text, TAGS)]
    [found] = word_weights(model.logits, lines, words, question, np.array([of_class]))
    return dict(zip((text[start:end] for start, end in words[0]), found.tolist(), strict=True))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("  Hi,  Dwight!\n", ["Hi,", "Dwight!"]),
        ("So [Ken Kwapis] [Ken]", ["So", "[Ken Kwapis]", "[Ken]"]),
        ("So [B. J. (Novak)]", ["So", "[B. J. (Novak)]"]),
        ("So [he laughs]", ["So", "[he", "laughs]"]),
        ("🙂 beets", ["🙂", "beets"]),
        ("", []),
    ],
)
def test_a_tag_of_the_annotation_is_one_word(text, words):
    assert [text[start:end] for start, end in words_of(text, TAGS)] == words


def test_of_a_long_text_the_first_words_are_weighed():
    text = " ".join(["beets"] * (MOST_WORDS + 50))
    assert len(words_of(text, [])) == MOST_WORDS


def test_the_blanks_before_a_word_go_with_it():
    text = "a b  c [Ken]"
    assert [without(text, word) for word in words_of(text, TAGS)] == [
        *("b  c [Ken]", "a  c [Ken]", "a b [Ken]", "a b  c"),
    ]
    assert without("alone", words_of("alone", [])[0]) == ""


def test_the_weight_of_the_only_word_is_its_coefficient():
    """The text without it has no term, so its log odds are the intercept."""
    model = model_of()
    column = model.vectorizers["word_ngrams"].vocabulary_["beets"]
    coefficient = model.coefficients["word_ngrams"][column]
    assert weights_of(model, "beets") == {"beets": pytest.approx(coefficient, rel=1e-12)}
    assert weights_of(model, "unknown words") == {"unknown": 0.0, "words": 0.0}


def test_a_word_that_stands_twice_is_left_out_once_at_a_time():
    model = model_of(features=["character_ngrams"])
    text = "beets and beets"
    first, _, second = words_of(text, [])
    [whole, one, other] = model.logits({"text": [text, "and beets", "beets and"]})[:, 1]
    [found] = word_weights(
        model.logits, {"text": [text]}, [[first, second]], "target", np.array([1])
    )
    assert found.tolist() == [whole - one, whole - other]


def test_where_speakers_are_classes_it_is_the_log_probability_of_the_predicted_one():
    model = model_of(names=3)
    text = "beets on the farm"
    logits = model.logits({"text": [text, "on the farm"]})
    for place in range(3):
        whole, left = log_softmax(logits, axis=1)[:, place]
        found = weights_of(model, text, "speakers", of_class=place)
        assert found["beets"] == pytest.approx(whole - left, rel=1e-12)


def test_each_line_keeps_the_columns_that_the_model_reads_beside_it():
    columns = {"text": TEXTS, "title": ["A", "B"] * 8}
    linear = {"features": ["word_ngrams", "title"], "C": 1.0, "class_weight": None}
    model = fit(columns, np.array([0, 1] * 8), linear)
    lines = {"text": ["beets", "of paper"], "title": ["A", "B"]}
    words = [words_of(text, []) for text in lines["text"]]
    found = word_weights(model.logits, lines, words, "target", np.array([1, 1]))
    whole = model.logits(lines)[:, 1]
    left = model.logits({"text": ["", "paper", "of"], "title": ["A", "B", "B"]})[:, 1]
    assert [*found[0], *found[1]] == [*(whole[[0, 1, 1]] - left)]


def test_without_lines_nothing_is_asked():
    assert word_weights(lambda lines: 1 / 0, {"text": []}, [], "target", np.array([], int)) == []


def test_the_evidence_of_both_questions_is_the_same_for_two_classes_but_for_the_other_class():
    logits = np.array([[0.0, 2.0], [1.0, -1.0]])
    of_target = evidence(logits, "speakers", np.array([1, 1]))
    of_other = evidence(logits, "speakers", np.array([0, 0]))
    assert np.allclose(of_target - of_other, evidence(logits, "target", np.array([1, 1])))
