"""The logits of rows on which a variant abstains: they count as not the target's."""

import math
from collections.abc import Mapping


def abstention_logits(abstained_in_train: Mapping[str, int]) -> tuple[float, float]:
    """The two logits of every row on which a variant abstains, computed from counts in train.

    `abstained_in_train` counts the `rows` and `positives` that train lost for the same reason. The
    probability of the target is the share of these positives, smoothed so that it is never 0
    (Laplace's rule of succession). It is at most one half, since an abstained row counts as
    predicted to be not the target's.
    """
    share = (abstained_in_train["positives"] + 1) / (abstained_in_train["rows"] + 2)
    share = min(share, 0.5)
    return 0.0, math.log(share / (1 - share))
