import json
import math

import evaluate_split
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss


def with_counts(tp, fp, fn, tn):
    """Predictions with these confusion counts and logits of many sizes."""
    rng = np.random.default_rng(3)
    label = np.repeat([1, 0, 1, 0], [tp, fp, fn, tn])
    answer = np.repeat([1, 1, 0, 0], [tp, fp, fn, tn])
    margin = rng.uniform(0.1, 4.0, len(label)) * np.where(answer == 1, 1, -1)
    base = rng.normal(0, 2, len(label))
    return pd.DataFrame(
        {
            "row": np.arange(len(label)),
            "label": label.astype("int8"),
            "logit_not": base.astype("float32"),
            "logit_target": (base + margin).astype("float32"),
        }
    ).sample(frac=1, random_state=3)


def closed_form(tp, fp, fn, tn):
    return {
        "accuracy": (tp + tn) / (tp + fp + fn + tn),
        "precision": tp / (tp + fp),
        "recall": tp / (tp + fn),
        "f1": 2 * tp / (2 * tp + fp + fn),
    }


@pytest.fixture
def evaluate(tmp_path):
    """A function that runs the stage on one table per seed and returns the metric file."""

    def run(*tables, seeds=(42,)):
        paths = [tmp_path / f"seed_{seed}.parquet" for seed in seeds]
        for table, path in zip(tables, paths, strict=True):
            table.to_parquet(path, index=False)
        evaluate_split.main(
            predictions=[str(path) for path in paths],
            metrics=str(tmp_path / "metrics.json"),
            experiment="toy",
            variant="plain",
            split="test",
            seeds=list(seeds),
        )
        return json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8"))

    return run


def without_loss(metrics):
    return {name: value for name, value in metrics.items() if name != "loss"}


# The first two are the published counts of variants 1 and 4 after their last epoch.
@pytest.mark.parametrize(
    "counts", [(462, 646, 1226, 7521), (231, 292, 489, 3110), (1, 1, 1, 1), (5, 0, 0, 7)]
)
def test_known_counts_give_known_metrics(counts):
    metrics = evaluate_split.evaluate_predictions(with_counts(*counts))
    assert without_loss(metrics) == pytest.approx(closed_form(*counts))


def test_published_counts_give_the_published_metrics():
    metrics = evaluate_split.evaluate_predictions(with_counts(462, 646, 1226, 7521))
    assert metrics["accuracy"] == pytest.approx(0.8100456621004566)
    assert metrics["f1"] == pytest.approx(0.3304721030042918)
    assert metrics["precision"] == pytest.approx(0.41696750902527074)
    assert metrics["recall"] == pytest.approx(0.273696682464455)


def test_the_loss_is_the_mean_cross_entropy_in_nats():
    table = with_counts(30, 20, 25, 60)
    logits = table[["logit_not", "logit_target"]].to_numpy(np.float64)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    loss = evaluate_split.evaluate_predictions(table)["loss"]
    assert loss == pytest.approx(log_loss(table["label"], shares))


def test_an_undecided_model_loses_log_two():
    table = with_counts(3, 3, 3, 3).assign(logit_not=1.5, logit_target=1.5)
    assert evaluate_split.evaluate_predictions(table)["loss"] == pytest.approx(math.log(2))


def test_large_logits_do_not_overflow():
    table = with_counts(0, 1, 1, 0).assign(logit_not=[1e4, -1e4], logit_target=[-1e4, 1e4])
    table = table.assign(label=(table["logit_not"] > 0).astype("int8"))
    assert evaluate_split.evaluate_predictions(table)["loss"] == pytest.approx(2e4)


@pytest.mark.parametrize("positives", [0, 4])
def test_a_model_that_never_says_target_scores_zero_without_a_warning(positives):
    metrics = evaluate_split.evaluate_predictions(with_counts(0, 0, positives, 12))
    assert without_loss(metrics) == {
        "accuracy": pytest.approx(12 / (12 + positives)),
        "f1": 0,
        "precision": 0,
        "recall": 0,
    }


def test_a_model_that_always_says_target_has_full_recall():
    metrics = evaluate_split.evaluate_predictions(with_counts(4, 12, 0, 0))
    assert without_loss(metrics) == pytest.approx(closed_form(4, 12, 0, 0))
    assert metrics["recall"] == 1


def test_the_trivial_classifiers_have_their_closed_forms(evaluate):
    positives, rows = 5, 20
    trivial = evaluate(with_counts(3, 4, 2, 11))["trivial"]
    share = positives / rows
    assert trivial["never"] == pytest.approx(
        {"accuracy": 1 - share, "f1": 0, "precision": 0, "recall": 0}
    )
    assert trivial["always"] == pytest.approx(
        {"accuracy": share, "f1": 2 * share / (1 + share), "precision": share, "recall": 1}
    )


def test_the_file_names_what_it_measures_and_counts_the_rows(evaluate):
    result = evaluate(with_counts(3, 4, 2, 11))
    assert (result["experiment"], result["variant"], result["split"]) == ("toy", "plain", "test")
    assert (result["rows"], result["positives"]) == (20, 5)
    assert set(result["metrics"]) == {"accuracy", "f1", "precision", "recall", "loss"}


def test_the_metrics_are_means_over_the_seeds(evaluate):
    tables = with_counts(3, 4, 2, 11), with_counts(4, 1, 1, 14)
    result = evaluate(*tables, seeds=(42, 7))
    assert list(result["seeds"]) == ["42", "7"]
    assert without_loss(result["seeds"]["42"]) == pytest.approx(closed_form(3, 4, 2, 11))
    assert without_loss(result["seeds"]["7"]) == pytest.approx(closed_form(4, 1, 1, 14))
    for name, mean in result["metrics"].items():
        one, other = (result["seeds"][seed][name] for seed in ("42", "7"))
        assert mean == pytest.approx((one + other) / 2)


def test_a_seed_without_predictions_is_an_error(tmp_path):
    with_counts(1, 1, 1, 1).to_parquet(tmp_path / "one.parquet")
    with pytest.raises(ValueError, match="shorter"):
        evaluate_split.main(
            [str(tmp_path / "one.parquet")],
            str(tmp_path / "m.json"),
            "toy",
            "plain",
            "test",
            [1, 2],
        )
    assert not (tmp_path / "m.json").exists()
