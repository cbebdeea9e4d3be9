"""Fits the linear baselines (logistic regressions) and computes their logits."""

import warnings
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from scipy.sparse import hstack
from sklearn.linear_model import LogisticRegression

from whosaid.errors import InputError
from whosaid.training.linear_model import (
    TFIDF,
    LinearModel,
    Lines,
    column_of,
    make_vectorizer,
    numbers_of,
)


def read_columns(split: pa.Table, lines: str, features: list[str]) -> Lines:
    """The columns that `features` read, for the rows of `split`, in its order.

    Texts are those of the split. Other columns come from `lines`, a Parquet file.
    """
    columns = {column_of(feature) for feature in features}
    values = {"text": split["text"].to_pylist()} if "text" in columns else {}
    columns = sorted(columns - {"text"})
    if columns:
        everything = pq.read_table(lines, columns=["row", *columns])
        rows = everything.take(pc.index_in(split["row"], everything["row"]))
        for column in columns:
            texts = rows[column].cast(pa.string()).fill_null("")
            values[column] = texts.to_pylist()
    return values


def fit(lines: Lines, labels: np.ndarray, linear: dict[str, Any]) -> LinearModel:
    """The logistic regression of `labels` (0, 1) on the features of `lines`.

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
    coefficients = np.split(regression.coef_[0], ends[:-1])
    return LinearModel(
        vectorizers=vectorizers,
        coefficients=dict(zip(vectorizers, coefficients, strict=True)),
        intercept=float(regression.intercept_[0]),
    )


def predict_logits(
    model: LinearModel, lines: Lines, abstained: np.ndarray, of_abstained: tuple[float, float]
) -> np.ndarray:
    """Logits (rows x 2, float32) of the `lines`; `of_abstained` where `abstained` is true.

    The logit of class 0 is 0, so the softmax of both logits is the model's probability.
    """
    log_odds = model.log_odds(lines)
    logits = np.column_stack([np.zeros_like(log_odds), log_odds])
    return np.where(abstained[:, None], of_abstained, logits).astype(np.float32)
