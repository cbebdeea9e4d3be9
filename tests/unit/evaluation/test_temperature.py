"""A temperature makes probabilities fit valid, and decides nothing."""

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from whosaid.evaluation.class_metrics import class_entries, evaluate_classes
from whosaid.evaluation.class_predictions import ClassPredictions
from whosaid.evaluation.metrics import METRICS
from whosaid.evaluation.predictions import Predictions
from whosaid.evaluation.probability import sigmoid
from whosaid.evaluation.resampling import Resamples, evaluate
from whosaid.evaluation.temperature import (
    RANGE,
    calibrated,
    calibrated_threshold,
    fit_temperatures,
    model_threshold,
)
from whosaid.evaluation.threshold_files import (
    read_temperatures,
    read_thresholds,
    write_thresholds,
)

OF_CALIBRATION = {"brier", "expected_calibration_error", "loss"}
NAMES = ("ann", "bob", "cat", "dan")


def of_target(rows, seed, heat=(1.0,), abstained=0):
    """Predictions whose log odds are right if they are divided by `heat`, one for each seed."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(-1, 2, rows)
    label = (rng.random(rows) < sigmoid(odds)).astype(np.int8)
    row = np.arange(rows)
    return Predictions(row, label, row < abstained, np.array(heat)[:, None] * odds)


def of_classes(rows, seed, heat=(1.0,)):
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (rows, len(NAMES)))
    cumulated = np.exp(log_softmax(logits, axis=1)).cumsum(axis=1)
    label = (rng.random(rows)[:, None] > cumulated).sum(axis=1)
    found = log_softmax(np.array(heat)[:, None, None] * logits, axis=2)
    return ClassPredictions(np.arange(rows), label, np.zeros(rows, bool), found, NAMES)


@pytest.mark.parametrize("make", [of_target, of_classes])
def test_the_temperature_that_was_put_in_is_found_again(make):
    heat = (0.5, 1.0, 4.0)
    found = fit_temperatures(make(20_000, 1, heat))
    assert found == pytest.approx(heat, rel=0.05)
    # The same rows: the seeds differ by nothing but the heat.
    assert found / found[1] == pytest.approx(heat, rel=1e-4)


@pytest.mark.parametrize("classes", [2, 4])
def test_it_is_that_of_scikit_learn(classes):
    """Its own fit stops a little earlier, so probabilities agree to three digits."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(900, 5))
    y = (x[:, 0] + rng.normal(size=900) > 0).astype(int) + (classes > 2) * 2 * (x[:, 1] > 0.3)
    model = LogisticRegression().fit(x[:300], y[:300])
    model.coef_, model.intercept_ = 3 * model.coef_, 3 * model.intercept_
    theirs = CalibratedClassifierCV(FrozenEstimator(model), method="temperature", ensemble=False)
    theirs = theirs.fit(x[300:], y[300:]).predict_proba(x[300:])
    row, logs = np.arange(600), model.predict_log_proba(x[300:])
    if classes == 2:
        rows = Predictions(row, y[300:], row < 0, (logs[:, 1] - logs[:, 0])[None])
        ours = sigmoid(calibrated(rows, fit_temperatures(rows)).log_odds[0])
        theirs = theirs[:, 1]
    else:
        rows = ClassPredictions(row, y[300:], row < 0, logs[None], NAMES)
        ours = np.exp(calibrated(rows, fit_temperatures(rows)).log_probabilities[0])
    assert ours == pytest.approx(theirs, abs=2e-3)


def test_a_model_without_a_mistake_gets_the_smallest_temperature():
    label = np.array([0, 1, 0, 1])
    rows = Predictions(np.arange(4), label, label < 0, np.array([[-1.0, 2.0, -0.5, 1.0]]))
    assert fit_temperatures(rows) == pytest.approx([RANGE[0]], rel=1e-3)


def blocks_of(test, valid):
    draws = Resamples([test.row, valid.row + 10**6], 30, 1)
    return [*draws.blocks(test.row, valid.row + 10**6)]


def test_no_ranking_and_no_decision_changes():
    test, valid = of_target(400, 1, (3.0, 0.4), abstained=40), of_target(300, 2, (3.0, 0.4))
    temperatures, blocks = fit_temperatures(valid), blocks_of(test, valid)
    plain = evaluate(test, valid, blocks, list(METRICS))
    found = evaluate(test, valid, blocks, list(METRICS), temperatures=temperatures)
    for name in METRICS:
        same = np.array_equal(plain.metrics[name], found.metrics[name], equal_nan=True)
        assert same == (name not in OF_CALIBRATION), name
    assert found.metrics["loss"].mean() < plain.metrics["loss"].mean()
    hot = calibrated(test, temperatures)
    assert (hot.decide() == test.decide()).all()
    assert (np.argsort(hot.log_odds) == np.argsort(test.log_odds)).all()
    for place in range(30):
        at = plain.thresholds[:, place]
        decided = sigmoid(hot.log_odds) >= calibrated_threshold(at, temperatures)[:, None]
        assert (decided == (sigmoid(test.log_odds) >= at[:, None])).all()


def test_no_class_changes():
    test, valid = of_classes(400, 1, (3.0, 0.4)), of_classes(300, 2, (3.0, 0.4))
    temperatures, blocks = fit_temperatures(valid), blocks_of(test, valid)
    names = list(class_entries(NAMES))
    plain = evaluate_classes(test, valid, blocks, names)
    found = evaluate_classes(test, valid, blocks, names, temperatures=temperatures)
    for name in names:
        same = np.array_equal(plain.metrics[name], found.metrics[name])
        assert same == (name not in OF_CALIBRATION), name
    assert found.metrics["loss"].mean() < plain.metrics["loss"].mean()
    assert (calibrated(test, temperatures).decide() == test.decide()).all()


@pytest.mark.parametrize("temperature", [0.05, 0.7, 1.0, 20.0])
def test_a_threshold_comes_back_from_calibrated_probabilities(temperature):
    for threshold in (0.01, 0.3, 0.5, 0.9):
        there = float(calibrated_threshold(threshold, temperature))
        if 0 < there < 1:
            assert model_threshold(there, temperature) == pytest.approx(threshold)
    assert float(calibrated_threshold(0.5, temperature)) == 0.5


def test_what_is_written_is_read(tmp_path):
    path, seeds = tmp_path / "thresholds.json", [3, 1]
    chosen = np.array([0.4, 0.6]), np.array([0.7, 0.8])
    write_thresholds(path, seeds, *chosen, 1.0, np.array([1.5, 2.0]))
    assert read_thresholds(path) == {3: 0.4, 1: 0.6}
    assert read_temperatures(path) == {3: 1.5, 1: 2.0}
    write_thresholds(path, seeds, *chosen, 1.0, None)
    assert read_temperatures(path) == {}
    write_thresholds(path, seeds, None, None, 1.0, np.array([1.5, 2.0]))
    assert read_thresholds(path) == {}
    assert read_temperatures(path) == {3: 1.5, 1: 2.0}
