"""Whether the words of a script stand between blanks."""

import re

import pandas as pd

UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\U00020000-\U0003ffff]"
)
"""Letters of scripts that put no blanks between words: Thai, Lao, Burmese, Khmer, Japanese,
Chinese."""

LONGEST_WORD = 5
"""Texts whose pieces between blanks have more such letters on average are not cut into words."""


def has_word_blanks(lines: pd.Series) -> bool:
    """Whether words stand between blanks, so that they can be counted.

    False if most letters are of scripts without blanks, and no program has put blanks in.
    """
    sample = lines.iloc[:: max(1, len(lines) // 5000)]
    text = "\n".join(sample)
    unspaced = len(UNSPACED.findall(text))
    letters = sum(map(str.isalpha, text))
    return unspaced <= letters / 2 or unspaced / len(text.split()) <= LONGEST_WORD
