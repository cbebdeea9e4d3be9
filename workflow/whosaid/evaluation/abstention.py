"""The logits of rows on which a variant abstains."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np


def abstention_logits(abstained_in_train: Mapping[str, Any], has_target: bool) -> np.ndarray:
    """The logits (classes) of every row on which a variant abstains, computed from counts in train.

    `abstained_in_train` counts the rows of each label, `of_labels`, that train lost for the same
    reason. The probabilities are their shares, smoothed so that none is 0 (Laplace's rule of
    succession). The target's is at most one half, since an abstained row counts as predicted to be
    not the target's.
    """
    shares = np.array(abstained_in_train["of_labels"], float) + 1
    shares /= shares.sum()
    if not has_target:
        return np.log(shares)
    share = min(float(shares[1]), 0.5)
    return np.array([0.0, math.log(share / (1 - share))])
