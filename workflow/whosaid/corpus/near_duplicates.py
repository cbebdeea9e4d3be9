"""Finds near duplicates among texts, by the cosine of their character trigrams."""

from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import normalize

CHUNK = 256
"""How many texts are compared with all others at once. A pair takes at most 16 bytes."""

ROUNDING = 1e-9
"""Tolerance for rounding: the cosine of equal trigrams may be slightly less than 1."""


def trigrams(text: str) -> list[str]:
    """All character trigrams of the text; a text of fewer than three characters has none."""
    return [text[start : start + 3] for start in range(len(text) - 2)]


def near_duplicates(
    texts: Sequence[str], others: Sequence[str], similarity: float
) -> dict[int, tuple[int, float]]:
    """For the position of each text with a near duplicate: the position of that and their cosine.

    A near duplicate is one of `others` whose counts of character trigrams have a cosine of at least
    `similarity` with those of the text. If there are several, the most similar one is returned.
    Every pair is compared, `CHUNK` texts at a time.
    """
    if not any(len(text) >= 3 for text in [*texts, *others]):
        return {}
    # scikit-learn's own character analyzer replaces a run of white space by one blank.
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
