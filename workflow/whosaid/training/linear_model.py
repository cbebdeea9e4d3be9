"""A logistic regression on features of a line, and its folder on disk, which holds no pickle.

The folder describes itself. `features.json` has the label names both ways and, for each feature,
the column it reads, how its values become numbers, and what each number stands for.
`model.safetensors` has `intercept` and, for each feature, a vector `{feature}.coefficients` in the
order of these numbers; a TF-IDF feature also has `{feature}.idf`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from whosaid.caching.json_files import json_text, read_json
from whosaid.caching.manifest import check_manifest

TFIDF = {
    "word_ngrams": {"analyzer": "word", "ngram_range": (1, 2), "min_df": 2, "sublinear_tf": True},
    "character_ngrams": {
        "analyzer": "char_wb",
        "ngram_range": (2, 5),
        # A term of one line alone says nothing about other lines.
        "min_df": 2,
        "sublinear_tf": True,
    },
}
"""The features that are TF-IDF, with the arguments of scikit-learn's `TfidfVectorizer`."""

ONE_HOT = ("season", "episode", "directed_by", "written_by", "writer1", "writer2", "writer3")
"""The features that are columns of the corpus, as categories. Never the speaker."""

Lines = Mapping[str, Sequence[str]]
"""Columns of lines by name; the lines' own text is `text`. An empty cell is an empty text."""


class WordCount:
    """The logarithm of 1 + the number of words between spaces, and its square.

    With the square, lines of middle length can get the highest score. The class has the methods of
    a scikit-learn vectorizer.
    """

    def __init__(self):
        self.vocabulary_ = {"log(1 + words)": 0, "log(1 + words)^2": 1}

    def fit_transform(self, texts: Sequence[str]) -> csr_matrix:
        """The same as `transform`, since there is nothing to fit."""
        return self.transform(texts)

    def transform(self, texts: Sequence[str]) -> csr_matrix:
        """The two numbers of each text (texts x 2, float64)."""
        logarithm = np.log1p([float(len(text.split())) for text in texts])
        return csr_matrix(np.column_stack([logarithm, logarithm**2]))


Vectorizer = CountVectorizer | WordCount


def column_of(feature: str) -> str:
    """The column that a feature reads: the text, or the column of its own name."""
    return feature if numbers_of(feature) == "one_hot" else "text"


def numbers_of(feature: str) -> str:
    """How a feature becomes numbers: `tfidf`, `word_count` or `one_hot`."""
    if feature in TFIDF:
        return "tfidf"
    if feature == "word_count":
        return "word_count"
    if feature in ONE_HOT:
        return "one_hot"
    raise ValueError(f"{feature}: it is not said how this feature becomes numbers")


def make_vectorizer(
    numbers: str, settings: Mapping[str, Any], vocabulary: Sequence[str] | None = None
) -> Vectorizer:
    """The vectorizer that turns values into `numbers` (see `numbers_of`).

    Without a `vocabulary` it has to be fitted. `settings` are arguments of `TfidfVectorizer`. An
    empty cell, or a category that is not in the vocabulary, becomes zeros only.
    """
    if numbers == "word_count":
        return WordCount()
    if numbers == "one_hot":
        return CountVectorizer(analyzer=_as_one_term, vocabulary=vocabulary, dtype=np.float64)
    settings = {**settings, "ngram_range": tuple(settings["ngram_range"])}  # JSON knows no tuple
    return TfidfVectorizer(**settings, vocabulary=vocabulary)


def _as_one_term(value: str) -> list[str]:
    return [value] if value else []


@dataclass(frozen=True)
class LinearModel:
    """A fitted logistic regression: the vectorizer and the coefficients of each feature."""

    vectorizers: Mapping[str, Vectorizer]
    coefficients: Mapping[str, np.ndarray]
    intercept: float

    def log_odds(self, lines: Lines) -> np.ndarray:
        """log(p / (1 - p)) of label 1 for each line, float64."""
        return self.intercept + sum(
            vectorizer.transform(lines[column_of(feature)]) @ self.coefficients[feature]
            for feature, vectorizer in self.vectorizers.items()
        )


def save_model(model: LinearModel, folder: Path, names: Sequence[str]) -> None:
    """Write `features.json` and `model.safetensors` into `folder`; `names` are the label names."""
    features = {
        feature: {
            "column": column_of(feature),
            "numbers": numbers_of(feature),
            "settings": TFIDF.get(feature, {}),
            "vocabulary": sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.get),
        }
        for feature, vectorizer in model.vectorizers.items()
    }
    description = {
        "id2label": dict(enumerate(names)),
        "label2id": {name: number for number, name in enumerate(names)},
        "log_odds": "of label 1: the intercept plus the sum of all numbers times coefficients",
        "features": features,
    }
    (folder / "features.json").write_text(json_text(description), encoding="utf-8")
    tensors = {"intercept": np.array(model.intercept)}
    for feature, vectorizer in model.vectorizers.items():
        tensors[f"{feature}.coefficients"] = model.coefficients[feature]
        if numbers_of(feature) == "tfidf":
            tensors[f"{feature}.idf"] = vectorizer.idf_
    # The library's own `save_file` writes a file that only its owner may read.
    (folder / "model.safetensors").write_bytes(save(tensors))


def load_model(folder: Path) -> LinearModel:
    """The model that `save_model` wrote to `folder`, which must have a manifest.

    Raises InputError if a file was lost or changed since the manifest was written.
    """
    check_manifest(folder)
    features = read_json(folder / "features.json")["features"]
    tensors = load_file(folder / "model.safetensors")
    vectorizers = {
        feature: make_vectorizer(spec["numbers"], spec["settings"], spec["vocabulary"])
        for feature, spec in features.items()
    }
    for feature, vectorizer in vectorizers.items():
        if features[feature]["numbers"] == "tfidf":
            vectorizer.idf_ = tensors[f"{feature}.idf"]
    return LinearModel(
        vectorizers=vectorizers,
        coefficients={feature: tensors[f"{feature}.coefficients"] for feature in vectorizers},
        intercept=float(tensors["intercept"]),
    )
