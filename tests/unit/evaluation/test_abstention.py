import math

import pytest

from whosaid.evaluation.abstention import abstention_logits


def probability(logits):
    return 1 / (1 + math.exp(logits[0] - logits[1]))


def test_the_probability_is_the_smoothed_share_of_the_target():
    assert probability(abstention_logits({"rows": 98, "positives": 9})) == pytest.approx(0.1)


def test_no_lost_line_of_the_target_is_still_no_certainty():
    assert 0 < probability(abstention_logits({"rows": 5, "positives": 0})) < 0.5


@pytest.mark.parametrize("counts", [{"rows": 0, "positives": 0}, {"rows": 9, "positives": 9}])
def test_to_abstain_is_never_to_predict_the_target(counts):
    no, target = abstention_logits(counts)
    assert target <= no
