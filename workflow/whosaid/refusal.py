"""What a variant says of the lines that it refuses to judge: they are not the target's."""

import math
from collections.abc import Mapping


def refused_logits(refused_in_train: Mapping[str, int]) -> tuple[float, float]:
    """The two logits of every refused row: those of the target's share among such train rows.

    `refused_in_train` counts `rows` and `positives` of the lines that train lost for the same
    reason. The share is smoothed (Laplace's rule of succession), so that it is never 0, and at
    most one half: a refusal is an answer, and the answer is that the line is not the target's.
    """
    share = (refused_in_train["positives"] + 1) / (refused_in_train["rows"] + 2)
    share = min(share, 0.5)
    return 0.0, math.log(share / (1 - share))
