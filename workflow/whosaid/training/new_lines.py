"""What a trained model says of lines that are in no split."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import softmax
from transformers import AutoTokenizer

from whosaid.caching.json_files import read_json
from whosaid.caching.manifest import check_manifest
from whosaid.config.column_names import CONTEXT_COLUMNS
from whosaid.corpus.recipe import annotate_texts
from whosaid.tokens.first_position import position_count
from whosaid.tokens.tokenize_texts import tokenize_lines
from whosaid.training.linear_model import Lines, column_of, load_model
from whosaid.training.predictor import load_predictor, predict


class Answers(NamedTuple):
    """The logits of lines (lines x classes, float64), and the names of the classes."""

    logits: np.ndarray
    names: list[str]

    @property
    def probabilities(self) -> np.ndarray:
        """The softmax of the logits (lines x classes)."""
        return softmax(self.logits, axis=1)


class LinesModel(NamedTuple):
    """A model that reads lines: the names of its classes, and a function from lines to logits.

    The logits are lines x classes, float64.
    """

    names: list[str]
    logits: Callable[[Lines], np.ndarray]


def load_lines_model(
    folder: Path, question: str, per_device_eval_batch_size: int = 32, reading: str | None = None
) -> LinesModel:
    """The model in `folder`, an encoder or a linear one. An encoder cuts texts as in training.

    One with a `reading` of context, see the config, reads its columns among the lines; without any,
    every line is the only one of its scene. Raises InputError if a file of the model was lost or
    changed.
    """
    if (folder / "features.json").is_file():
        names = read_json(folder / "features.json")["id2label"]
        return LinesModel(in_order(names), load_model(folder).logits)
    check_manifest(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    predictor = load_predictor(folder, tokenizer, question, per_device_eval_batch_size)
    predictor.compute_metrics = None  # nobody knows the labels
    positions = position_count(predictor.model.config)

    def logits(lines: Lines) -> np.ndarray:
        rows = {name: lines[name] for name in ("text", *CONTEXT_COLUMNS) if name in lines}
        tokenized = tokenize_lines(rows, tokenizer, positions, reading)
        return predict(predictor, tokenized)[0].astype(np.float64)

    return LinesModel(in_order(predictor.model.config.id2label), logits)


def columns_read(
    lines: pd.DataFrame, annotate: Sequence[str], features: Sequence[str] = ()
) -> Lines:
    """What a variant's models read of `lines`: the text with its annotation, and feature columns.

    The column `line` is the text; an empty cell is an empty text.
    """
    texts, _ = annotate_texts(lines.rename(columns={"line": "text"}), annotate)
    others = sorted({column_of(feature) for feature in features} - {"text"})
    return {"text": texts.tolist()} | {name: lines[name].tolist() for name in others}


def are_too_short(
    lines: Iterable[str], min_words: int, word_tokenizer: str, nltk_data: str | None
) -> np.ndarray:
    """Which lines have fewer words than all that a model with this `min_words` has learned from."""
    from whosaid.corpus.count_words import count_words  # NLTK takes a second to import

    words = count_words(pd.Series(lines), word_tokenizer, nltk_data)
    return (words < min_words).to_numpy()


def in_order(names: Mapping[str | int, str]) -> list[str]:
    """The names of the classes in the order of their numbers, which JSON keeps as texts."""
    return [names[number] for number in sorted(names, key=int)]
