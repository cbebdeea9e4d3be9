import math

import numpy as np
import pytest

from whosaid.evaluation.abstention import abstention_logits


def probability(logits):
    return 1 / (1 + math.exp(logits[0] - logits[1]))


def test_the_probability_is_the_smoothed_share_of_the_target():
    assert probability(abstention_logits({"of_labels": [89, 9]}, has_target=True)) == pytest.approx(
        0.1
    )


def test_no_lost_line_of_the_target_is_still_no_certainty():
    assert 0 < probability(abstention_logits({"of_labels": [5, 0]}, has_target=True)) < 0.5


@pytest.mark.parametrize("counts", [[0, 0], [0, 9]])
def test_to_abstain_is_never_to_predict_the_target(counts):
    no, target = abstention_logits({"of_labels": counts}, has_target=True)
    assert target <= no


def test_speakers_have_the_smoothed_shares_of_their_lost_lines():
    logits = abstention_logits({"of_labels": [6, 0, 1]}, has_target=False)
    assert np.exp(logits) == pytest.approx([0.7, 0.1, 0.2])
