"""Fit a logistic regression, the floor that an encoder has to beat, and let it answer every row.

In: the splits of a variant with their counts, `lines.parquet` for the columns besides the text.
Out: a model folder that explains itself (see `whosaid.linear`) with `training.json` and
`manifest.json`; for each split the predictions, as `predict_splits` writes them.
"""

import importlib.metadata
import json
import logging
import time
import warnings
from pathlib import Path
from typing import Any

import whosaid.collector  # before the libraries

# isort: split
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from scipy.sparse import hstack

import whosaid.lean_arrow  # noqa: F401
from whosaid.errors import InputError
from whosaid.hidden import hidden

with hidden("pandas", "rich"):  # scikit-learn imports them wherever it finds them
    from sklearn.linear_model import LogisticRegression

from whosaid.linear import (
    TFIDF,
    LinearModel,
    Lines,
    column_of,
    load_model,
    make_vectorizer,
    numbers_of,
    save_model,
)
from whosaid.manifest import write_manifest
from whosaid.refusal import refused_logits
from whosaid.splits import SPLITS
from whosaid.stage import stage
from whosaid.whole import whole, write_json

logger = logging.getLogger(__name__)

RECORDED_PACKAGES = ("scikit-learn", "numpy", "scipy")


def read_columns(split: pa.Table, lines: str, features: list[str]) -> Lines:
    """What `features` read of the rows of `split`, in its order: texts are the split's own."""
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
    # The quickest solver here, and the only one that numbers of different sizes (word counts beside
    # TF-IDF) do not slow down. At this tolerance log-odds are within 0.001 of the optimum's.
    regression = LogisticRegression(
        C=linear["C"], class_weight=linear["class_weight"], solver="newton-cg", tol=1e-6
    )
    with warnings.catch_warnings(action="error", category=UserWarning):
        try:
            regression.fit(hstack(matrices, format="csr"), labels)
        except UserWarning as warning:
            raise InputError(
                f"linear.C: {linear['C']:g} leaves the fit without an end ({warning}); "
                "choose a smaller one"
            ) from None
    ends = np.cumsum([matrix.shape[1] for matrix in matrices])
    coefficients = np.split(regression.coef_[0], ends[:-1])
    return LinearModel(
        vectorizers=vectorizers,
        coefficients=dict(zip(vectorizers, coefficients, strict=True)),
        intercept=float(regression.intercept_[0]),
    )


def predict(
    model: LinearModel, split: pa.Table, lines: Lines, refused: tuple[float, float]
) -> pa.Table:
    """The predictions for the rows of `split`, those that are refused having the logits `refused`.

    The logit of the other class being 0, the softmax of the two is the model's probability.
    """
    is_refused = split["refused"].to_numpy()
    logits = {
        "logit_not": np.where(is_refused, refused[0], 0.0),
        "logit_target": np.where(is_refused, refused[1], model.log_odds(lines)),
    }
    return pa.table(
        {
            "row": split["row"],
            "label": split["label"],
            **{name: values.astype(np.float32) for name, values in logits.items()},
            "refused": split["refused"],
        }
    )


def main(
    splits: dict[str, str],
    split_audit: str,
    lines: str,
    model: str,
    predictions: dict[str, str],
    target_speaker: str,
    linear: dict[str, Any],
    seed: int,
) -> None:
    """Write the folder `model` and its `predictions`; paths of both tables are by split.

    The `seed` is recorded only: nothing here is drawn.
    """
    tables = {name: pq.read_table(path) for name, path in splits.items()}
    columns = {
        name: read_columns(table, lines, linear["features"]) for name, table in tables.items()
    }
    start = time.perf_counter()
    fitted = fit(columns["train"], tables["train"]["label"].to_numpy(), linear)
    record = {
        "seed": seed,
        "device": "CPU",
        "precision": "float64",
        "seconds": time.perf_counter() - start,
        "rows": {name: table.num_rows for name, table in tables.items()},
        "history": [],
        "arguments": linear,
        "versions": {name: importlib.metadata.version(name) for name in RECORDED_PACKAGES},
    }
    with whole(model) as partial:
        partial.mkdir()
        save_model(fitted, partial, target_speaker)
        write_json(partial / "training.json", record)
        write_manifest(partial, key=None)  # the store holds no copy
    refused = refused_logits(json.loads(Path(split_audit).read_text())["refused_in_train"])
    # What is on disk answers, so that it is known to be all there is to the model.
    stored = load_model(Path(model))
    for name, path in predictions.items():
        with whole(path) as partial:
            pq.write_table(predict(stored, tables[name], columns[name], refused), partial)
        logger.info("%s: %d rows", Path(path).name, tables[name].num_rows)


if __name__ == "__main__":
    with stage(snakemake):
        main(
            splits={name: snakemake.input[name] for name in SPLITS},
            split_audit=snakemake.input.split_audit,
            lines=snakemake.input.lines,
            model=snakemake.output.model,
            predictions={name: snakemake.output[name] for name in SPLITS},
            **json.loads(snakemake.params.settings),
        )
