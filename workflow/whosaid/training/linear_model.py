"""The linear baselines: logistic regressions on features of a line, stored without pickles.

Its folder describes itself. `features.json` has the label names both ways and, for each feature,
the column it reads, how its values become numbers, and what each number stands for.
`model.safetensors` has `intercept` and, for each feature, `{feature}.coefficients` in the order of
these numbers; a TF-IDF feature also has `{feature}.idf`. With two classes there is one coefficient
for each number, of label 1; with more there is one for each class.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from safetensors.numpy import load_file, save
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from whosaid.caching.json_files import json_text, read_json
from whosaid.caching.manifest import check_manifest
from whosaid.config.column_names import CONTEXT_COLUMNS, CONTEXT_FEATURES
from whosaid.errors import InputError

# A term of one line alone says nothing about other lines.
TERMS = {"min_df": 2, "sublinear_tf": True}
TFIDF = {
    "word_ngrams": {"analyzer": "word", "ngram_range": (1, 2), **TERMS},
    "character_ngrams": {"analyzer": "char_wb", "ngram_range": (2, 5), **TERMS},
    "context_words": {"analyzer": "word", "ngram_range": (1, 2), **TERMS},
}
"""The features that are TF-IDF, with the arguments of scikit-learn's `TfidfVectorizer`."""

NEVER = ("row", "speaker", "line", "text", "label", "abstained", *CONTEXT_COLUMNS)
"""Columns that are no feature. Any other column of the corpus is one, as categories."""

SEVERAL = ("context_names", "scene_names")
"""Features of which a row has several values, one below the other in one text."""

Lines = Mapping[str, Sequence[str]]
"""Columns of lines by name; the lines' own text is `text`. An empty cell is an empty text."""


class WordCount:
    """A vectorizer: the logarithm of 1 + the number of words between spaces, and its square.

    With the square, lines of middle length can get the highest score.
    """

    def __init__(self):
        self.vocabulary_ = {"log(1 + words)": 0, "log(1 + words)^2": 1}

    def transform(self, texts: Sequence[str]) -> csr_matrix:
        """The two numbers of each text (texts x 2, float64)."""
        logarithm = np.log1p([float(len(text.split())) for text in texts])
        return csr_matrix(np.column_stack([logarithm, logarithm**2]))

    fit_transform = transform  # there is nothing to fit


Vectorizer = CountVectorizer | WordCount


def column_of(feature: str) -> str:
    """The column that a feature reads: the text, or the column of its own name."""
    is_own = feature in CONTEXT_FEATURES or numbers_of(feature) == "one_hot"
    return feature if is_own else "text"


def numbers_of(feature: str) -> str:
    """How a feature becomes numbers: `tfidf`, `word_count`, `several` or `one_hot`.

    The values of SEVERAL are categories like those of a column, but a row can have any number.
    """
    if feature in TFIDF:
        return "tfidf"
    if feature == "word_count":
        return "word_count"
    if feature in SEVERAL:
        return "several"
    if feature in NEVER:
        raise ValueError(f"{feature}: this column is no feature")
    return "one_hot"


def make_vectorizer(
    numbers: str, settings: Mapping[str, Any], vocabulary: Sequence[str] | None = None
) -> Vectorizer:
    """The vectorizer that turns values into `numbers` (see `numbers_of`).

    Without a `vocabulary` it has to be fitted. `settings` are arguments of `TfidfVectorizer`. An
    empty cell, or a category that is not in the vocabulary, becomes zeros only.
    """
    if numbers == "word_count":
        return WordCount()
    if numbers in ("one_hot", "several"):
        terms = _as_one_term if numbers == "one_hot" else _as_terms
        return CountVectorizer(analyzer=terms, vocabulary=vocabulary, dtype=np.float64)
    settings = {**settings, "ngram_range": tuple(settings["ngram_range"])}  # JSON knows no tuple
    return TfidfVectorizer(**settings, vocabulary=vocabulary)


def _as_one_term(value: str) -> list[str]:
    return [value] if value else []


def _as_terms(values: str) -> list[str]:
    return values.split("\n") if values else []


@dataclass(frozen=True)
class LinearModel:
    """A fitted logistic regression: the vectorizer and the coefficients of each feature.

    `intercept` is a number and the coefficients are vectors for two classes; else the intercept is
    a vector with a number for each class, and the coefficients have a column for each.
    """

    vectorizers: Mapping[str, Vectorizer]
    coefficients: Mapping[str, np.ndarray]
    intercept: np.ndarray

    def logits(self, lines: Lines) -> np.ndarray:
        """The logits (lines x classes, float64), whose softmax are the probabilities.

        With two classes the logit of label 0 is 0, so that of label 1 is its log odds.
        """
        scores = self.intercept + sum(
            vectorizer.transform(lines[column_of(feature)]) @ self.coefficients[feature]
            for feature, vectorizer in self.vectorizers.items()
        )
        return scores if scores.ndim > 1 else np.column_stack([np.zeros_like(scores), scores])


def read_columns(split: pa.Table, lines: str, features: list[str]) -> Lines:
    """The columns that `features` read, for the rows of `split`, in its order.

    Texts are those of the split. Other columns come from `lines`, a Parquet file.
    """
    columns = {column_of(feature) for feature in features}
    values = {"text": split["text"].to_pylist()} if "text" in columns else {}
    values |= {name: context_values(split, name) for name in columns & {*CONTEXT_FEATURES}}
    columns = sorted(columns - {"text", *CONTEXT_FEATURES})
    if columns:
        everything = pq.read_table(lines, columns=["row", *columns])
        rows = everything.take(pc.index_in(split["row"], everything["row"]))
        for column in columns:
            values[column] = rows[column].cast(pa.string()).fill_null("").to_pylist()
    return values


def context_values(split: pa.Table, feature: str) -> list[str]:
    """The values of a feature of the context, a text for each row of `split`.

    `context_words`: the lines around, one below the other. `scene_names`: the names. For
    `context_names` a name has its distance, and the nearest two names are a value together, since
    people take turns: `before 1: pam`, `after 1: jim`, `before 1: pam, after 1: jim`.
    """
    columns = {
        name: split[name].to_pylist() for name in CONTEXT_COLUMNS if name in split.column_names
    }
    none: list[list[str]] = [[]] * split.num_rows
    kind = "texts" if feature == "context_words" else "names"
    sides = [columns.get(f"{side}_{kind}", none) for side in ("before", "after")]
    if kind == "texts":
        return ["\n".join([*before, *after]) for before, after in zip(*sides, strict=True)]
    if feature == "scene_names":
        found = zip(columns["scene_names"], *sides, strict=True)
        return ["\n".join(listed_names(*each)) for each in found]
    return ["\n".join(placed_names(*around)) for around in zip(*sides, strict=True)]


def listed_names(names: Sequence[str], before: Sequence[str], after: Sequence[str]) -> list[str]:
    """Each of the names, and once more those that no line around has."""
    elsewhere = {*names} - {*before} - {*after}
    return [*names, *(f"elsewhere: {name}" for name in sorted(elsewhere))]


def placed_names(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """Each name with its distance, and the two nearest names together."""
    names = [f"before {place}: {name}" for place, name in enumerate(reversed(before), start=1)]
    nearest = names[: 1 if after else 2]
    names += [f"after {place}: {name}" for place, name in enumerate(after, start=1)]
    nearest += [f"after 1: {name}" for name in after[:1]]
    return [*names, ", ".join(nearest)] if len(nearest) == 2 else names


def fit(lines: Lines, labels: np.ndarray, linear: dict[str, Any]) -> LinearModel:
    """The logistic regression of `labels` (0, 1, 2 ...) on the features of `lines`.

    Raises InputError if a feature finds nothing to learn, or if the fit does not converge.
    """
    vectorizers, matrices = {}, []
    for feature in linear["features"]:
        vectorizer = make_vectorizer(numbers_of(feature), TFIDF.get(feature, {}))
        try:
            matrices.append(vectorizer.fit_transform(lines[column_of(feature)]))
        except ValueError:
            found = f"no term of {feature} stands in two of"
            if numbers_of(feature) == "one_hot":
                found = f"the column {feature} is empty in all of"
            elif numbers_of(feature) == "several":
                found = f"{feature} is empty in all of"
            raise InputError(
                f"linear.features: {found} the {len(labels)} rows of train; leave {feature} out"
            ) from None
        vectorizers[feature] = vectorizer
    # The fastest solver here, and the only one that features of different size (word counts beside
    # TF-IDF) do not slow down. At this tolerance log odds are within 0.001 of the optimum.
    regression = LogisticRegression(
        C=linear["C"], class_weight=linear["class_weight"], solver="newton-cg", tol=1e-6
    )
    with warnings.catch_warnings(action="error", category=UserWarning):
        try:
            regression.fit(hstack(matrices, format="csr"), labels)
        except UserWarning as warning:
            raise InputError(
                f"linear.C: with {linear['C']:g} the fit does not converge ({warning}); "
                "choose a smaller one"
            ) from None
    ends = np.cumsum([matrix.shape[1] for matrix in matrices])
    # scikit-learn keeps a row for each class, and a single one for two classes.
    by_number = regression.coef_.T if len(regression.classes_) > 2 else regression.coef_[0]
    intercept = regression.intercept_ if len(regression.classes_) > 2 else regression.intercept_[0]
    coefficients = np.split(by_number, ends[:-1])
    return LinearModel(
        vectorizers=vectorizers,
        coefficients=dict(zip(vectorizers, coefficients, strict=True)),
        intercept=np.array(intercept),
    )


def predict_logits(
    model: LinearModel, lines: Lines, abstained: np.ndarray, of_abstained: np.ndarray
) -> np.ndarray:
    """Logits (rows x classes, float32) of the `lines`; `of_abstained` where `abstained` is true."""
    return np.where(abstained[:, None], of_abstained, model.logits(lines)).astype(np.float32)


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
        "logits": "of label 1 (that of label 0 is 0), or of each of more than two labels: the "
        "intercept plus the sum of all numbers times coefficients",
        "features": features,
    }
    (folder / "features.json").write_text(json_text(description), encoding="utf-8")
    tensors = {"intercept": model.intercept}
    for feature, vectorizer in model.vectorizers.items():
        tensors[f"{feature}.coefficients"] = np.ascontiguousarray(model.coefficients[feature])
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
        intercept=tensors["intercept"],
    )
