"""How much each word of a line weighs for a model: what changes when the word is left out.

One word at a time is left out and the model is asked again (occlusion; Li, Monroe and Jurafsky
2016, "Understanding Neural Networks through Representation Erasure", arXiv 1612.08220). The weight
of a word is the evidence with it minus the evidence without it. This is the same for an encoder and
a linear baseline, it is exact for the stored model, where gradients are an approximation, and it
needs no other package. A word weighs little if another one in the line says the same.
"""

import re
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import log_softmax

from whosaid.training.linear_model import Lines

MOST_WORDS = 200
"""Of a longer text only so many words are weighed: each of them asks about the whole text."""


class Word(NamedTuple):
    """A word of a text, from the character `start` up to `end`."""

    start: int
    end: int


def words_of(text: str, tags: Collection[str]) -> list[Word]:
    """The first MOST_WORDS words: what stands between blanks, and a tag of the annotation as one.

    `tags` are the tokens that the annotation adds, such as `[Ken Kwapis]`.
    """
    longest_first = sorted(tags, key=lambda tag: (-len(tag), tag))
    pattern = "|".join([*map(re.escape, longest_first), r"\S+"])
    return [Word(*found.span()) for found in re.finditer(pattern, text)][:MOST_WORDS]


def without(text: str, word: Word) -> str:
    """The text without the word and the blanks before it; at the start those after it go."""
    before, after = text[: word.start].rstrip(), text[word.end :]
    return before + after if before else after.lstrip()


def evidence(logits: np.ndarray, question: str, of_class: np.ndarray) -> np.ndarray:
    """What the `logits` (rows x classes) say for a class: one number for each row.

    Log odds of the target, or where each speaker is a class the log probability of the class in
    `of_class`.
    """
    if question == "target":
        return logits[:, 1] - logits[:, 0]
    return log_softmax(logits, axis=1)[np.arange(len(logits)), of_class]


def word_weights(
    ask: Callable[[Lines], np.ndarray],
    lines: Lines,
    words: Sequence[Sequence[Word]],
    question: str,
    of_class: np.ndarray,
) -> list[np.ndarray]:
    """The weights of the `words` of each of the `lines`, in the order of the words.

    `ask` gives the logits (lines x classes) of one model. `of_class` has the class of each line
    whose evidence counts, see `evidence`.
    """
    if not words:
        return []  # a vectorizer takes no empty list
    variations = [
        [text, *(without(text, word) for word in of_text)]
        for text, of_text in zip(lines["text"], words, strict=True)
    ]
    counts = [len(each) for each in variations]
    repeated = np.repeat(np.arange(len(counts)), counts)
    asked = {name: [values[place] for place in repeated] for name, values in lines.items()}
    asked["text"] = [text for each in variations for text in each]
    found = evidence(ask(asked), question, of_class[repeated])
    of_lines = np.split(found, np.cumsum(counts)[:-1])
    return [each[0] - each[1:] for each in of_lines]
