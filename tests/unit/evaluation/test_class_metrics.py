"""The metrics for several classes are scikit-learn's, once and on resamples."""

import numpy as np
import pytest
from sklearn import metrics as sklearn

from whosaid.evaluation import class_description
from whosaid.evaluation.class_metrics import class_entries, evaluate_classes
from whosaid.evaluation.class_predictions import (
    ClassPredictions,
    read_class_predictions,
    write_class_predictions,
)
from whosaid.evaluation.questions import SPEAKERS
from whosaid.evaluation.resampling import Resamples, once

NAMES = ("ann", "bob", "cat", "dan", "eve")


def draw(rng, rows=200, skill=1.0, seeds=2):
    """Random predictions, and every class among the labels."""
    label = np.append(np.arange(len(NAMES)), rng.integers(0, len(NAMES), rows - len(NAMES)))
    scores = rng.normal(size=(seeds, rows, len(NAMES)))
    scores[:, np.arange(rows), label] += skill
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=2, keepdims=True)
    no = np.zeros(rows, bool)
    return ClassPredictions(np.arange(rows), label, no, np.log(probabilities), NAMES)


def values_of(predictions, blocks=None):
    blocks = blocks or [once(predictions, predictions)]
    names = list(class_entries(predictions.names))
    return evaluate_classes(predictions, predictions, blocks, names).metrics


def expected(label, log_probabilities):
    """What scikit-learn computes."""
    decided, probabilities = log_probabilities.argmax(axis=1), np.exp(log_probabilities)
    macro = {"average": "macro", "zero_division": 0}
    one_hot = np.eye(len(NAMES))[label]
    return {
        "accuracy": sklearn.accuracy_score(label, decided),
        "macro_f1": sklearn.f1_score(label, decided, **macro),
        "macro_precision": sklearn.precision_score(label, decided, **macro),
        "macro_recall": sklearn.recall_score(label, decided, **macro),
        "top_3_accuracy": sklearn.top_k_accuracy_score(label, log_probabilities, k=3),
        "mcc": sklearn.matthews_corrcoef(label, decided),
        "brier": float(((probabilities - one_hot) ** 2).sum(axis=1).mean()),
        "loss": sklearn.log_loss(label, probabilities),
        **{
            f"f1_of_{name}": value
            for name, value in zip(
                NAMES, sklearn.f1_score(label, decided, average=None), strict=True
            )
        },
    }


@pytest.mark.parametrize("skill", [0.0, 1.0, 8.0])
def test_values_are_those_of_scikit_learn(skill):
    found = draw(np.random.default_rng(1), skill=skill)
    values = values_of(found)
    for seed, log_probabilities in enumerate(found.log_probabilities):
        for name, value in expected(found.label, log_probabilities).items():
            assert values[name][seed, 0] == pytest.approx(value, abs=1e-12), name


def test_a_resample_is_the_metric_of_the_rows_as_often_as_they_were_drawn():
    found = draw(np.random.default_rng(2), seeds=1)
    resamples = Resamples([found.row], 20, seed=3)
    values = values_of(found, resamples.blocks(found.row, found.row))
    for number, counts in enumerate(resamples.draws):
        rows = np.repeat(found.row, counts)
        if set(found.label[rows]) == set(range(len(NAMES))):
            once_more = expected(found.label[rows], found.log_probabilities[0][rows])
            for name, value in once_more.items():
                assert values[name][0, number] == pytest.approx(value, abs=1e-12), name


def test_a_class_without_rows_in_a_resample_is_left_out_of_the_macro_average():
    found = draw(np.random.default_rng(4), seeds=1)
    counts = (found.label != 2).astype(np.uint8)[None]
    values = values_of(found, [(counts, counts)])
    others = [values[f"f1_of_{name}"][0, 0] for name in NAMES if name != "cat"]
    assert values["macro_f1"][0, 0] == pytest.approx(np.mean(others))


def test_the_calibration_error_of_a_sure_and_wrong_model_is_its_confidence():
    label = np.zeros(50, int)
    log_probabilities = np.log(np.tile([0.1, 0.9, 0.0 + 1e-12], (1, 50, 1)))
    no = np.zeros(50, bool)
    found = ClassPredictions(np.arange(50), label, no, log_probabilities, NAMES[:3])
    values = values_of(found)
    assert values["expected_calibration_error"][0, 0] == pytest.approx(0.9)
    assert values["accuracy"][0, 0] == 0


def test_with_three_classes_the_best_three_are_all_of_them():
    assert "top_3_accuracy" not in class_entries(NAMES[:3])
    assert "top_3_accuracy" in class_entries(NAMES[:4])


def test_every_metric_is_within_its_bounds():
    rng = np.random.default_rng(5)
    for _ in range(20):
        found = draw(rng, rows=int(rng.integers(6, 60)), skill=float(rng.normal()))
        for name, metric in class_entries(NAMES).items():
            low, high = metric.bounds
            assert ((values_of(found)[name] >= low) & (values_of(found)[name] <= high)).all()


def test_predictions_come_back_as_they_were_written(tmp_path):
    rng = np.random.default_rng(6)
    logits = rng.normal(size=(7, 3)).astype(np.float32)
    rows, label = np.arange(7) * 3, rng.integers(0, 3, 7)
    abstained = np.array([True] + [False] * 6)
    paths = [tmp_path / "one.parquet", tmp_path / "two.parquet"]
    for path in paths:
        write_class_predictions(path, rows, label, logits, abstained, ["a", "b", "c"])
    found = read_class_predictions(paths)
    assert found.names == ("a", "b", "c")
    assert found.row.tolist() == rows.tolist() and found.label.tolist() == label.tolist()
    assert found.abstained.tolist() == abstained.tolist()
    assert found.decide().tolist() == [logits.argmax(axis=1).tolist()] * 2
    assert np.allclose(np.exp(found.log_probabilities).sum(axis=2), 1)


@pytest.mark.parametrize("kind", ["rows", "names"])
def test_files_of_other_rows_or_classes_are_refused(kind, tmp_path):
    arguments = (np.zeros(4, int), np.zeros((4, 2), np.float32), np.zeros(4, bool))
    one, two = tmp_path / "one.parquet", tmp_path / "two.parquet"
    write_class_predictions(one, np.arange(4), *arguments, ["a", "b"])
    rows, names = (np.arange(4) + 1, ["a", "b"]) if kind == "rows" else (np.arange(4), ["a", "c"])
    write_class_predictions(two, rows, *arguments, names)
    with pytest.raises(ValueError, match="not the rows and classes"):
        read_class_predictions([one, two])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_logit_that_is_no_number_is_refused(value, tmp_path):
    logits = np.zeros((2, 2), np.float32)
    logits[1, 1] = value
    with pytest.raises(ValueError, match="not a finite number"):
        write_class_predictions(
            tmp_path / "x", np.arange(2), np.zeros(2, int), logits, np.zeros(2, bool), ["a", "b"]
        )


def test_trivial_classifiers_are_those_of_expected_counts():
    label, in_train = np.array([0, 0, 1, 2]), np.array([1, 1, 1, 0, 2])
    found = class_description.trivial_metrics(label, in_train)
    always_one = sklearn.f1_score(label, np.ones(4, int), average="macro", zero_division=0)
    assert found["most_frequent"]["macro_f1"] == pytest.approx(always_one)
    assert found["most_frequent"]["accuracy"] == 0.25
    assert found["prior_random"]["accuracy"] == pytest.approx(0.2 * 0.5 + 0.6 * 0.25 + 0.2 * 0.25)


def test_a_class_that_is_never_predicted_is_named():
    found = draw(np.random.default_rng(7), seeds=1)
    found.log_probabilities[0, :, 1] = -50
    notes = list(class_description.remarks(found, found, [42], {}))
    assert notes == ["W109: Seed 42 never predicts bob: their F1 is 0."]


def test_the_confusion_matrix_is_that_of_scikit_learn():
    found = draw(np.random.default_rng(8), seeds=1)
    evaluated = evaluate_classes(found, found, [once(found, found)], ["accuracy"])
    values = {name: each[:, 0] for name, each in evaluated.metrics.items()}
    described = class_description.describe_split(found, [42], values, evaluated)
    assert (
        described["confusion_matrix"]
        == sklearn.confusion_matrix(found.label, found.decide()[0]).tolist()
    )
    assert sum(described["of_labels"].values()) == described["rows"] == len(found.label)


def test_intervals_rest_on_the_units_of_the_rarest_class():
    units = np.array([1, 1, 2, 2, 3, 3])
    assert SPEAKERS.count_units(units, np.array([0, 1, 0, 0, 0, 1])) == 2
