"""Counts the words of lines with NLTK."""

from typing import Literal, assert_never

import nltk
import numpy as np
import pandas as pd


def count_words(
    texts: pd.Series, word_tokenizer: Literal["punkt", "preserve_line"], nltk_data: str | None
) -> pd.Series:
    """Number of NLTK word tokens, punctuation included, in each text.

    `punkt` splits the text into sentences first, with the punkt_tab data below the folder
    `nltk_data`. `preserve_line` treats the text as one sentence and needs no data.
    """
    match word_tokenizer:
        case "punkt":
            nltk.data.path = [nltk_data]
            preserve_line = False
        case "preserve_line":
            preserve_line = True
        case _:
            assert_never(word_tokenizer)
    codes, distinct = texts.factorize()
    counts = (len(nltk.word_tokenize(text, preserve_line=preserve_line)) for text in distinct)
    return pd.Series(np.fromiter(counts, "int64", len(distinct))[codes], texts.index)
