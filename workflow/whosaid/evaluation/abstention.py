"""What a variant predicts for the lines on which it abstains: they are not the target's."""

import math
from collections.abc import Mapping


def abstention_logits(abstained_in_train: Mapping[str, int]) -> tuple[float, float]:
    """The two logits of every row on which a variant abstains, from the target's share in train.

    `abstained_in_train` counts `rows` and `positives` of the lines that train lost for the same
    reason. The share is smoothed (Laplace's rule of succession), so that it is never 0, and at
    most one half: to abstain counts as predicting that the line is not the target's.
    """
    share = (abstained_in_train["positives"] + 1) / (abstained_in_train["rows"] + 2)
    share = min(share, 0.5)
    return 0.0, math.log(share / (1 - share))
