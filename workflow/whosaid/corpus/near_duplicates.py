"""Texts that are nearly alike: the cosine of their character trigrams."""

from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import normalize

CHUNK = 256
"""Texts compared at once. A product takes 16 bytes at most for each of them and each other text."""

ROUNDING = 1e-9
"""Equal trigrams have a cosine of 1 but for the rounding of the products."""


def trigrams(text: str) -> list[str]:
    """All character trigrams of the text; one of fewer than three characters has none."""
    return [text[start : start + 3] for start in range(len(text) - 2)]


def near_duplicates(
    texts: Sequence[str], others: Sequence[str], similarity: float
) -> dict[int, tuple[int, float]]:
    """Position of each text that has a near duplicate: position of the other and their cosine.

    A near duplicate is one of `others` whose counts of character trigrams have a cosine of
    `similarity` or more with the text's; of several the most similar one is named. Every pair is
    compared, `CHUNK` texts at a time.
    """
    if not any(len(text) >= 3 for text in [*texts, *others]):
        return {}
    # scikit-learn's own analyzer of characters takes a run of white space for one blank.
    count = CountVectorizer(analyzer=trigrams, dtype=np.float64)
    directions = normalize(count.fit_transform([*texts, *others]))
    ours, theirs = directions[: len(texts)], directions[len(texts) :].T.tocsr()
    found = {}
    for start in range(0, len(texts), CHUNK):
        cosines = (ours[start : start + CHUNK] @ theirs).tocoo()
        alike = cosines.data >= similarity - ROUNDING
        mine, other, cosine = cosines.row[alike], cosines.col[alike], cosines.data[alike]
        order = np.lexsort((other, -cosine, mine))
        rows, first = np.unique(mine[order], return_index=True)
        best = order[first]
        for row, column, value in zip(rows, other[best], cosine[best], strict=True):
            found[start + int(row)] = (int(column), float(value))
    return found
