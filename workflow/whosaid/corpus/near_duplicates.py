"""Texts that are nearly alike: the cosine of their character trigrams."""

from collections.abc import Sequence

import numpy as np
from scipy import sparse

CHUNK = 256
"""Texts compared at once. A product takes 16 bytes at most for each of them and each other text."""

BITS = 21
"""A Unicode code point has no more, so that three of them fit into one integer."""

ROUNDING = 1e-9
"""Equal trigrams are 1 alike but for the rounding of the products."""


def trigram_directions(texts: Sequence[str]) -> sparse.csr_array:
    """The counts of each text's character trigrams, divided by their norm (texts x trigrams).

    A text of fewer than three characters has no trigram: its row is empty.
    """
    codes = np.frombuffer("".join(texts).encode("utf-32-le"), dtype="<u4").astype(np.int64)
    trigrams = codes[:-2] << 2 * BITS | codes[1:-1] << BITS | codes[2:]
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    text = np.repeat(np.arange(len(texts)), lengths)
    within = text[:-2] == text[2:]
    known, column = np.unique(trigrams[within], return_inverse=True)
    places = (text[:-2][within], column)
    counts = sparse.csr_array((np.ones(len(column)), places), shape=(len(texts), len(known)))
    norms = np.sqrt(counts.multiply(counts).sum(axis=1))
    return sparse.diags_array(1 / np.maximum(norms, 1)) @ counts


def near_duplicates(
    texts: Sequence[str], others: Sequence[str], similarity: float
) -> dict[int, tuple[int, float]]:
    """Position of each text that has a near duplicate: position of the other and their cosine.

    A near duplicate is one of `others` whose counts of character trigrams have a cosine of
    `similarity` or more with the text's; of several the most similar one is named. Every pair is
    compared, `CHUNK` texts at a time; texts without a common trigram cost nothing.
    """
    directions = trigram_directions([*texts, *others]).tocsr()
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
