import math

import pytest

from whosaid.refusal import refused_logits


def probability(logits):
    return 1 / (1 + math.exp(logits[0] - logits[1]))


def test_the_probability_is_the_smoothed_share_of_the_target():
    assert probability(refused_logits({"rows": 98, "positives": 9})) == pytest.approx(0.1)


def test_no_refused_line_of_the_target_is_still_no_certainty():
    assert 0 < probability(refused_logits({"rows": 5, "positives": 0})) < 0.5


@pytest.mark.parametrize("counts", [{"rows": 0, "positives": 0}, {"rows": 9, "positives": 9}])
def test_the_answer_is_never_the_target(counts):
    no, target = refused_logits(counts)
    assert target <= no
