import json
import math
import subprocess
import sys

import evaluate_splits
import numpy as np
import pandas as pd
import pytest
from experiment_files import scores, write_columns
from sklearn.metrics import fbeta_score

from whosaid.config.warning_codes import code_of
from whosaid.errors import StageError
from whosaid.evaluation.metric_entry import Metric, ratio
from whosaid.evaluation.metrics import METRICS

BOOTSTRAP = {"confidence": 0.95, "resamples": 300, "seed": 27}
SPLITS = ("train", "test", "valid")
UNITS = ("row", "scene", "episode")


def table(label, log_odds, abstained=None, row=None):
    """One file of predictions as columns."""
    label = np.asarray(label, np.int8)
    abstained = np.zeros(len(label), bool) if abstained is None else np.asarray(abstained, bool)
    log_odds = np.asarray(log_odds, np.float32)
    base = np.random.default_rng(3).normal(0, 2, len(label)).astype(np.float32)
    return {
        "row": np.arange(len(label)) if row is None else np.asarray(row),
        "label": label,
        "logit_not": base,
        "logit_target": base + log_odds,
        "abstained": abstained,
    }


def decide(columns):
    """Whether the target is predicted, for each row of a file."""
    return (columns["logit_target"] > columns["logit_not"]) & ~columns["abstained"]


def with_counts(tp, fp, fn, tn, seed=3):
    """Predictions with these counts and log odds of many sizes."""
    rng = np.random.default_rng(seed)
    label = np.repeat([1, 0, 1, 0], [tp, fp, fn, tn])
    sign = np.repeat([1, 1, -1, -1], [tp, fp, fn, tn])
    return table(label, rng.uniform(0.1, 4, len(label)) * sign)


def without_alarms(columns, number):
    """Another model of the same rows, which is right on `number` of the false alarms."""
    alarms = np.flatnonzero(decide(columns) & (columns["label"] == 0))[:number]
    logits = columns["logit_target"].copy()
    logits[alarms] = columns["logit_not"][alarms] - 1
    return columns | {"logit_target": logits}


def copied(columns, times, row=None):
    """Every row of a table several times in a row."""
    found = {name: np.repeat(values, times) for name, values in columns.items()}
    return found if row is None else found | {"row": row}


def width(result, name):
    low, high = result["intervals"][name]
    return high - low


@pytest.fixture
def evaluate(tmp_path):
    """A function that runs the stage and returns the metric files and the thresholds.

    A split is one table per seed; those that are not given are all of another's. An episode has
    `per_episode` lines, a scene half of them; `texts` are those of some rows. `spoil` changes the
    scores of each seed before they are written, `change` the arguments of the stage.
    """

    def run(
        *tables,
        seeds=(42,),
        published=None,
        other_question=False,
        bootstrap=BOOTSTRAP,
        unit="row",
        per_episode=10,
        texts=None,
        spoil=lambda of_splits: None,
        change=lambda arguments: None,
        **splits,
    ):
        splits = {name: splits.get(name, tables) for name in SPLITS}
        paths = {
            name: [str(tmp_path / f"{name}_{seed}.parquet") for seed in seeds] for name in SPLITS
        }
        for name, of_seeds in splits.items():
            for columns, path in zip(of_seeds, paths[name], strict=True):
                write_columns(path, columns)
        of_seeds = []
        for number, seed in enumerate(seeds):
            predicted = {name: tables[number] for name, tables in splits.items()}
            of_splits = {
                name: scores(decide(columns), columns["label"])
                for name, columns in predicted.items()
            }
            spoil(of_splits)
            of_seeds.append(str(tmp_path / f"scores_{seed}.json"))
            (tmp_path / f"scores_{seed}.json").write_text(json.dumps(of_splits))
        last = max(tables[0]["row"].max() for tables in splits.values())
        # The corpus is in another order than the splits, and each season has an episode 0 and 1.
        row = np.arange(last, -1, -1)
        episode = row // per_episode
        lines = {"row": row, "season": episode // 2, "episode": episode % 2}
        lines |= {"scene": row // (per_episode // 2)}
        lines |= {"line": [(texts or {}).get(number, f"line {number}") for number in row]}
        pd.DataFrame(lines).to_parquet(tmp_path / "lines.parquet")
        outputs = {name: tmp_path / f"{name}.json" for name in SPLITS}
        arguments = {
            "predictions": paths,
            "scores": of_seeds,
            "lines": str(tmp_path / "lines.parquet"),
            "metrics": {name: str(path) for name, path in outputs.items()},
            "thresholds": str(tmp_path / "thresholds.json"),
            "experiment": "toy",
            "question": "target",
            "variant": "plain",
            "seeds": list(seeds),
            "unit": unit,
            "is_baseline": False,
            "published": published,
            "other_question": other_question,
            "bootstrap": bootstrap,
        }
        change(arguments)
        evaluate_splits.main(**arguments)
        outputs["thresholds"] = tmp_path / "thresholds.json"

        def reject(constant):
            raise AssertionError(f"{constant} is no JSON")

        return {
            name: json.loads(path.read_text(encoding="utf-8"), parse_constant=reject)
            for name, path in outputs.items()
        }

    return run


def test_the_file_names_what_it_measures_and_counts_the_rows(evaluate):
    found = evaluate(with_counts(3, 4, 2, 11))
    for name in SPLITS:
        result = found[name]
        assert (result["experiment"], result["variant"]) == ("toy", "plain")
        assert (result["split"], result["rows"], result["positives"]) == (name, 20, 5)
        assert result["confusion"] == {
            "true_positives": 3,
            "false_positives": 4,
            "false_negatives": 2,
            "true_negatives": 11,
        }
        names = set(result["metrics"])
        assert {"accuracy", "f1", "loss", "mcc", "brier", "f1_at_threshold"} < names
        assert names == set(METRICS)
        assert set(result["spread"]) == names
        assert result["unit"] == "row"
        assert set(result["seeds"]["42"]) == names | {"threshold", "confusion"}
    assert len({found[name]["role"] for name in SPLITS}) == 3
    assert "epoch" not in found["valid"]["role"]
    # What was learned from says nothing about other rows.
    assert found["train"]["intervals"] is None
    for name in ("test", "valid"):
        assert set(found[name]["intervals"]) == set(METRICS)
    assert set(found["test"]["standard_error_by_unit"]) == set(UNITS)
    for name in ("train", "valid"):
        assert found[name]["standard_error_by_unit"] is None


def test_the_metrics_are_those_of_the_larger_logit(evaluate):
    columns = with_counts(13, 4, 6, 40)
    metrics = evaluate(columns)["test"]["metrics"]
    expected = scores(columns["logit_target"] > columns["logit_not"], columns["label"])
    assert {name: metrics[name] for name in expected} == pytest.approx(expected)


def test_the_metrics_are_means_over_the_seeds_with_their_spread(evaluate):
    columns = with_counts(3, 4, 2, 11)
    found = evaluate(columns, without_alarms(columns, 3), seeds=(42, 7))["test"]
    assert list(found["seeds"]) == ["42", "7"]
    assert found["seeds"]["42"]["f1"] == pytest.approx(6 / 12)
    assert found["seeds"]["7"]["f1"] == pytest.approx(6 / 9)
    for name, mean in found["metrics"].items():
        one, other = (found["seeds"][seed][name] for seed in ("42", "7"))
        assert mean == pytest.approx((one + other) / 2)
        assert found["spread"][name] == pytest.approx(abs(one - other) / math.sqrt(2))
    assert found["confusion"]["false_positives"] == 2.5


def test_every_interval_holds_its_metric(evaluate):
    columns = with_counts(60, 40, 50, 250)
    found = evaluate(columns, without_alarms(columns, 10), seeds=(1, 2))
    for split in ("test", "valid"):
        for name, ends in found[split]["intervals"].items():
            if name != "expected_calibration_error":
                assert ends[0] < found[split]["metrics"][name] < ends[1]


def test_the_calibration_error_has_no_interval_since_noise_only_makes_it_larger(evaluate):
    found = evaluate(with_counts(60, 40, 50, 250))["test"]
    assert found["metrics"]["expected_calibration_error"] > 0
    assert found["intervals"]["expected_calibration_error"] is None


def test_the_same_seed_gives_the_same_intervals(evaluate):
    columns = with_counts(60, 40, 50, 250)
    first = evaluate(columns)
    assert evaluate(columns) == first
    other = evaluate(columns, bootstrap=BOOTSTRAP | {"seed": 28})
    assert other["test"]["intervals"] != first["test"]["intervals"]
    assert other["test"]["metrics"] == first["test"]["metrics"]


# The unit that is resampled


def test_a_line_that_stands_twice_leaves_the_intervals_as_long(evaluate):
    columns = with_counts(60, 40, 50, 250)
    bootstrap = BOOTSTRAP | {"resamples": 2000}
    once, twice = (
        evaluate(train=[columns], test=[test], valid=[columns], bootstrap=bootstrap)["test"]
        for test in (columns, copied(columns, 2))
    )
    for name in ("f1", "average_precision", "brier"):
        assert twice["metrics"][name] == pytest.approx(once["metrics"][name])
        assert width(twice, name) == pytest.approx(width(once, name), rel=0.08)


def test_rows_of_an_episode_that_depend_on_each_other_widen_the_intervals(evaluate):
    # Each episode is ten lines on which a model does the same; every season has the same numbers.
    columns = copied(with_counts(30, 20, 25, 125), 10, row=np.arange(2000))
    bootstrap = BOOTSTRAP | {"resamples": 1000}
    found = {unit: evaluate(columns, unit=unit, bootstrap=bootstrap)["test"] for unit in UNITS}
    for unit in UNITS:
        assert found[unit]["unit"] == unit
        assert found[unit]["metrics"] == found["row"]["metrics"]
    for name in ("accuracy", "f1", "average_precision", "brier"):
        of_row, of_scene, of_episode = (width(found[unit], name) for unit in UNITS)
        # A scene is five of the lines.
        assert of_scene / of_row == pytest.approx(math.sqrt(5), rel=0.15)
        assert of_episode / of_row == pytest.approx(math.sqrt(10), rel=0.15)


def test_the_standard_error_by_unit_is_that_of_the_intervals(evaluate):
    columns = copied(with_counts(30, 20, 25, 125), 10, row=np.arange(2000))
    bootstrap = BOOTSTRAP | {"resamples": 1000}
    found = {unit: evaluate(columns, unit=unit, bootstrap=bootstrap)["test"] for unit in UNITS}
    errors = found["row"]["standard_error_by_unit"]
    assert errors["row"] < errors["scene"] < errors["episode"]
    for unit in UNITS:
        # Which unit keeps the split together changes none of them.
        assert found[unit]["standard_error_by_unit"] == errors
        half = width(found[unit], "average_precision") / 2
        assert half == pytest.approx(1.96 * errors[unit], rel=0.08)


def test_lines_of_test_that_stand_in_train_word_for_word_are_counted(evaluate):
    train, test, valid = (
        with_counts(3, 4, 2, 11) | {"row": np.arange(start, start + 20)} for start in (0, 20, 40)
    )
    texts = {3: "No.", 25: "No.", 30: "No.", 31: "Yes.", 32: "Yes.", 45: "no."}
    found = evaluate(train=[train], test=[test], valid=[valid], texts=texts)
    assert found["test"]["in_train"] == {"rows": 2, "share": 0.1}
    assert found["valid"]["in_train"] == {"rows": 0, "share": 0}
    assert found["train"]["in_train"] == {"rows": 20, "share": 1}


def test_a_row_that_the_corpus_lacks_is_an_error(evaluate, tmp_path):
    def shorten(arguments):
        pd.read_parquet(arguments["lines"]).iloc[1:].to_parquet(arguments["lines"])

    with pytest.raises(KeyError, match="19"):
        evaluate(with_counts(3, 4, 2, 11), change=shorten)
    assert not (tmp_path / "test.json").exists()


def test_the_trivial_classifiers_have_their_closed_forms(evaluate):
    test, train = with_counts(3, 4, 2, 11), with_counts(3, 1, 3, 3)
    trivial = evaluate(train=[train], test=[test], valid=[test])["test"]["trivial"]
    share = 5 / 20
    of_counts = ("accuracy", "f1", "precision", "recall", "balanced_accuracy", "mcc")
    expected = {
        "never": (1 - share, 0, 0, 0, 0.5, 0),
        "always": (share, 2 * share / (1 + share), share, 1, 0.5, 0),
        # 6 of the 10 rows of train are the target's: of 5 rows 3 are found, with 9 false alarms.
        "prior_random": (9 / 20, 6 / 17, share, 0.6, 0.5, 0),
    }
    for name, values in expected.items():
        found = trivial[name]
        assert [found[metric] for metric in of_counts] == pytest.approx(list(values))
        assert found["roc_auc"] == 0.5
        assert found["average_precision"] == pytest.approx(share)


def test_the_difference_to_the_published_figures_is_that_of_the_split(evaluate):
    published = {"f1": {"train": 0.9, "test": 0.3, "valid": 0.2}}
    found = evaluate(with_counts(3, 4, 2, 11), published=published)
    assert found["test"]["published"] == {"f1": 0.3}
    assert found["valid"]["difference"] == pytest.approx({"f1": 0.5 - 0.2})
    found = evaluate(with_counts(3, 4, 2, 11))
    assert found["test"]["published"] is found["test"]["difference"] is None


def test_a_row_without_a_verdict_is_predicted_as_another_s_whatever_its_score(evaluate):
    label = [1, 1, 1, 0, 0, 0, 1, 0]
    abstained = [False] * 6 + [True, True]
    columns = table(label, [2, 1, -1, 1.5, -2, -3, 5, 5], abstained)
    found = evaluate(columns)["test"]
    assert found["abstained"] == {"rows": 2, "positives": 1}
    # Readers of the files may know it by its former name.
    assert found["refused"] == found["abstained"]
    assert found["confusion"]["true_positives"] == 2
    assert found["confusion"]["false_negatives"] == 2
    assert found["metrics"]["recall"] == 2 / 4
    assert found["answered"] == pytest.approx(
        {"accuracy": 4 / 6, "f1": 2 / 3, "precision": 2 / 3, "recall": 2 / 3}
    )
    assert found["metrics"]["recall_at_threshold"] <= 3 / 4


def test_without_abstentions_there_is_nothing_to_leave_out(evaluate):
    assert evaluate(with_counts(3, 4, 2, 11))["test"]["answered"] is None


# The threshold


def test_the_threshold_is_chosen_on_valid_alone(evaluate):
    valid, others = with_counts(10, 20, 15, 60), [with_counts(9, 3, 4, 30, seed) for seed in (1, 2)]
    first = evaluate(train=[others[0]], test=[others[1]], valid=[valid])
    second = evaluate(train=[others[1]], test=[others[0]], valid=[valid])
    assert first["thresholds"] == second["thresholds"]
    chosen = first["thresholds"]["seeds"]["42"]
    assert first["thresholds"]["chosen_on"] == "valid"
    assert chosen["f1"] == first["valid"]["metrics"]["f1_at_threshold"]
    assert chosen["f1"] >= first["valid"]["metrics"]["f1"]
    assert first["test"]["seeds"]["42"]["threshold"] == chosen["threshold"]


def test_the_threshold_may_have_another_goal_than_f1(evaluate):
    label = np.repeat([1, 0], [60, 240])
    draws = np.random.default_rng(5).normal(size=(2, 300))
    valid, test = (table(label, each + 1.5 * label - 1.5) for each in draws)
    by_f1 = evaluate(test, valid=[valid])
    found = evaluate(
        test, valid=[valid], change=lambda settings: settings.update(threshold_beta=0.5)
    )
    chosen = found["thresholds"]
    assert (chosen["metric"], chosen["beta"]) == ("f_beta", 0.5)
    of_seed = chosen["seeds"]["42"]
    probability = 1 / (1 + np.exp(valid["logit_not"] - valid["logit_target"]))
    at = fbeta_score(valid["label"], probability >= of_seed["threshold"], beta=0.5)
    assert of_seed["f_beta"] == pytest.approx(at)
    assert of_seed["threshold"] > by_f1["thresholds"]["seeds"]["42"]["threshold"]
    assert by_f1["thresholds"]["metric"] == "f1" and "beta" not in by_f1["thresholds"]
    assert (found["test"]["threshold_beta"], by_f1["test"]["threshold_beta"]) == (0.5, 1)
    precision = [each["test"]["metrics"]["precision_at_threshold"] for each in (by_f1, found)]
    assert precision[0] < precision[1]
    same = ("f1", "average_precision", "loss")
    assert all(found["test"]["metrics"][k] == by_f1["test"]["metrics"][k] for k in same)


def test_a_calibration_changes_how_sure_a_model_is_and_nothing_else(evaluate):
    label = np.repeat([1, 0], [60, 240])
    draws = np.random.default_rng(6).normal(size=(2, 300))
    valid, test = (table(label, 4 * (each + 1.5 * label - 1.5)) for each in draws)
    plain = evaluate(test, valid=[valid])
    found = evaluate(
        test, valid=[valid], change=lambda settings: settings.update(calibration="temperature")
    )
    sure = {"brier", "expected_calibration_error", "loss"}
    for split in SPLITS:
        one, other = plain[split], found[split]
        changed = {k for k, value in one["metrics"].items() if other["metrics"][k] != value}
        assert changed == sure
        assert other["uncalibrated"] == {name: one["metrics"][name] for name in sure}
        assert "temperature" not in one and "uncalibrated" not in one
        if one["intervals"]:
            same = one["intervals"].keys() - sure
            assert all(one["intervals"][key] == other["intervals"][key] for key in same)
    assert found["valid"]["metrics"]["loss"] < plain["valid"]["metrics"]["loss"]
    of_seed, before = (each["thresholds"]["seeds"]["42"] for each in (found, plain))
    assert of_seed["temperature"] == found["test"]["seeds"]["42"]["temperature"] > 1.5
    assert of_seed["threshold"] == found["test"]["seeds"]["42"]["threshold"]
    odds = [np.log(each["threshold"] / (1 - each["threshold"])) for each in (of_seed, before)]
    assert odds[0] * of_seed["temperature"] == pytest.approx(odds[1])
    assert of_seed["f1"] == before["f1"]


def test_each_seed_has_a_threshold_of_its_own(evaluate):
    label = [1, 1, 0, 0]
    tables = table(label, [3, 2, -1, -2]), table(label, [-1, -2, -3, -4])
    found = evaluate(*tables, seeds=(1, 2))
    one, other = (found["thresholds"]["seeds"][seed]["threshold"] for seed in ("1", "2"))
    assert other < 0.2 < one
    assert found["test"]["metrics"]["f1_at_threshold"] == 1
    assert found["test"]["metrics"]["f1"] == 0.5


# Degenerate cases


def test_one_seed_is_noted(evaluate):
    columns = with_counts(3, 4, 2, 11)
    found = evaluate(columns)["test"]
    assert set(found["spread"].values()) == {None}
    assert "W101" in map(code_of, found["notes"])
    two = evaluate(columns, without_alarms(columns, 3), seeds=(1, 2))
    assert "W101" not in map(code_of, two["test"]["notes"])


def test_test_rows_that_stand_in_train_are_noted_on_test_alone(evaluate):
    found = evaluate(with_counts(3, 4, 2, 11))
    assert found["test"]["in_train"]["rows"] > 0
    noted = {name for name in SPLITS if "W104" in map(code_of, found[name]["notes"])}
    assert noted == {"test"}


@pytest.mark.parametrize("sign", [1, -1])
def test_a_model_of_one_class_goes_through_with_a_note(evaluate, sign):
    label = [1] * 5 + [0] * 15
    found = evaluate(table(label, sign * np.linspace(1, 2, 20)))["test"]
    assert found["metrics"]["recall"] == (1 if sign > 0 else 0)
    assert found["metrics"]["mcc"] == 0
    # It is 0 on any rows, so resamples of these rows say nothing about others.
    assert found["intervals"]["mcc"] is None
    assert any("predicts the same for every row" in note for note in found["notes"])


def test_equal_scores_go_through_with_the_default_threshold_and_a_note(evaluate):
    columns = table([1] * 5 + [0] * 15, np.zeros(20)) | {"logit_target": np.zeros(20, np.float32)}
    columns["logit_not"] = columns["logit_target"]
    found = evaluate(columns)
    assert found["thresholds"]["seeds"]["42"]["threshold"] == 0.5
    assert found["test"]["metrics"]["roc_auc"] == 0.5
    assert found["test"]["metrics"]["average_precision"] == 0.25
    # A probability of one half reaches the threshold, but is not the larger one.
    assert found["test"]["metrics"]["recall"] == 0
    assert found["test"]["metrics"]["recall_at_threshold"] == 1
    notes = " ".join(found["test"]["notes"])
    assert "the same score" in notes and "scores are equal" in notes


@pytest.mark.parametrize("label", [0, 1])
def test_a_split_of_one_class_goes_through_with_null_and_a_note(evaluate, label):
    one_class = table(np.full(60, label), np.linspace(-2, 2, 60))
    other = with_counts(10, 20, 15, 60)
    found = evaluate(train=[other], test=[one_class], valid=[other])["test"]
    undefined = {"roc_auc", "balanced_accuracy"} | ({"average_precision"} if label == 0 else set())
    assert {name for name, value in found["metrics"].items() if value is None} == undefined
    same = {"mcc", "precision", "precision_at_threshold"}
    # On a split without the target these are 0 whatever the rows; with nothing else, they are 1.
    of_none = {"f1", "f1_at_threshold", "recall", "recall_at_threshold"}
    same |= of_none if label == 0 else {"average_precision"}
    without = {name for name, value in found["intervals"].items() if value is None}
    assert without == undefined | same | {"expected_calibration_error"}
    error = None if label == 0 else 0
    assert found["standard_error_by_unit"] == dict.fromkeys(UNITS, error)
    assert found["trivial"]["always"]["roc_auc"] is None
    for name in undefined:
        assert any(name in note for note in found["notes"])


def test_a_valid_split_without_positives_chooses_the_default(evaluate):
    empty = table(np.zeros(12), np.linspace(-2, 2, 12))
    other = with_counts(10, 20, 15, 60)
    found = evaluate(train=[other], test=[other], valid=[empty])
    assert found["thresholds"]["seeds"]["42"] == {"threshold": 0.5, "f1": 0}
    metrics = found["test"]["metrics"]
    assert metrics["f1_at_threshold"] == metrics["f1"]
    assert any("one class" in note for note in found["test"]["notes"])


def test_a_split_that_is_abstained_on_altogether_goes_through(evaluate):
    columns = table([1, 0, 0, 0], [-1] * 4, [True] * 4)
    found = evaluate(train=[with_counts(3, 4, 2, 11)], test=[columns], valid=[columns])["test"]
    assert found["answered"]["accuracy"] is None
    assert found["metrics"]["accuracy"] == 0.75
    assert found["metrics"]["f1_at_threshold"] == 0
    notes = " ".join(found["notes"])
    assert "not the target" in notes and "The threshold of seed 42 is 0.5" in notes


def test_a_split_within_one_episode_goes_through(evaluate):
    # A third of the resamples has no row at all, and the others are alike.
    columns = with_counts(3, 4, 2, 11)
    found = evaluate(columns, unit="episode", per_episode=20)["test"]
    for name in ("accuracy", "accuracy_at_threshold", "average_precision", "loss"):
        assert found["intervals"][name] is None
    assert found["standard_error_by_unit"]["episode"] == 0


def test_seeds_with_other_rows_are_an_error(evaluate, tmp_path):
    one, other = with_counts(3, 4, 2, 11), with_counts(3, 4, 3, 10)
    with pytest.raises(ValueError, match="not the rows of"):
        evaluate(one, other, seeds=(1, 2))
    assert not (tmp_path / "test.json").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda arguments: arguments["scores"].pop(), "1 files for 2 seeds"),
        (lambda arguments: arguments["predictions"]["train"].pop(), "1 files for 2 seeds"),
        (lambda arguments: arguments["predictions"]["valid"].pop(), "1 files for 2 seeds"),
        (lambda arguments: arguments["seeds"].append(3), "2 files for 3 seeds"),
        (lambda arguments: arguments["seeds"].pop(), "2 files for 1 seeds"),
    ],
    ids=["scores", "train", "valid", "more seeds", "fewer seeds"],
)
def test_another_number_of_files_than_seeds_is_an_error(change, message, evaluate, tmp_path):
    columns = with_counts(3, 4, 2, 11)
    with pytest.raises(ValueError, match=message):
        evaluate(columns, columns, seeds=(1, 2), change=change)
    assert not (tmp_path / "test.json").exists()


# The published four as they were computed where the rows were predicted


def test_scores_that_differ_by_rounding_go_through(evaluate):
    def nudge(of_splits):
        of_splits["test"]["f1"] = float(np.nextafter(of_splits["test"]["f1"], 1))

    columns = with_counts(13, 4, 6, 40)
    assert evaluate(columns, spoil=nudge) == evaluate(columns)


@pytest.mark.parametrize("metric", ["accuracy", "f1", "precision", "recall"])
@pytest.mark.parametrize("seed", [0, 1])
def test_scores_that_the_predictions_do_not_bear_out_are_an_error(metric, seed, evaluate, tmp_path):
    seen = []

    def spoil(of_splits):
        if len(seen) == seed:
            of_splits["test"][metric] += 1e-6
        seen.append(of_splits)

    columns = with_counts(13, 4, 6, 40)
    with pytest.raises(StageError, match=rf"^{metric} is .* predict again"):
        evaluate(columns, without_alarms(columns, 2), seeds=(1, 2), spoil=spoil)
    assert not (tmp_path / "test.json").exists()


def test_scores_of_a_split_without_the_metric_are_an_error(evaluate):
    with pytest.raises(KeyError, match="recall"):
        evaluate(with_counts(3, 4, 2, 11), spoil=lambda of_splits: of_splits["test"].pop("recall"))


def test_published_figures_that_were_left_out_are_noted(evaluate):
    columns = with_counts(3, 4, 2, 11)
    tables = columns, without_alarms(columns, 3)
    found = evaluate(*tables, seeds=(1, 2), other_question=True)
    for name in SPLITS:
        assert "W102" in map(code_of, found[name]["notes"])


# A metric more

YOUDEN = Metric(
    name="youden",
    title="Youden's J",
    basis="confusion",
    function=lambda counts: (
        ratio(counts[0], counts[0] + counts[2], np.nan)
        - ratio(counts[1], counts[1] + counts[3], np.nan)
    ),
    bounds=(-1.0, 1.0),
    higher_is_better=True,
)
GINI = Metric(
    name="gini",
    title="Gini coefficient",
    basis="ranking",
    function=lambda sums: 2 * METRICS["roc_auc"].function(sums) - 1,
    bounds=(-1.0, 1.0),
    higher_is_better=True,
)
PERPLEXITY = Metric(
    name="perplexity",
    title="perplexity",
    basis="calibration",
    function=lambda sums: np.exp(METRICS["loss"].function(sums)),
    bounds=(1.0, math.inf),
    higher_is_better=False,
)


@pytest.mark.parametrize("metric", [YOUDEN, GINI, PERPLEXITY], ids=lambda metric: metric.name)
def test_a_metric_more_is_one_entry(metric, evaluate, monkeypatch):
    # Most rows are predicted wrongly: what lies between -1 and 1 is below 0 here.
    columns = with_counts(10, 60, 30, 40)
    tables = columns, without_alarms(columns, 5)
    before = evaluate(*tables, seeds=(1, 2))["test"]
    monkeypatch.setitem(METRICS, metric.name, metric)
    found = evaluate(*tables, seeds=(1, 2))["test"]
    value, (low, high) = found["metrics"][metric.name], found["intervals"][metric.name]
    expected = {
        "youden": 2 * found["metrics"]["balanced_accuracy"] - 1,
        "gini": 2 * found["metrics"]["roc_auc"] - 1,
        "perplexity": np.mean([math.exp(found["seeds"][seed]["loss"]) for seed in ("1", "2")]),
    }
    assert value == pytest.approx(expected[metric.name])
    assert not 0 <= value <= 1
    assert metric.bounds[0] <= low < value < high <= metric.bounds[1]
    assert found["spread"][metric.name] is not None
    assert metric.name in found["seeds"]["1"]
    for kind, of_kind in found["trivial"].items():
        assert (metric.name in of_kind) == (metric.basis != "calibration")
        assert of_kind.get(metric.name, 0) == pytest.approx(0, abs=1e-9), kind
    # Nothing else changes.
    for part in ("metrics", "intervals", "spread"):
        del found[part][metric.name]
        assert found[part] == before[part]


@pytest.mark.parametrize("script", ["evaluate_splits", "compare_variants", "evaluate_slices"])
def test_the_stage_starts_without_the_libraries_of_training(script):
    heavy = ("torch", "transformers", "datasets", "evaluate", "nltk", "matplotlib")
    code = f"import sys; sys.path[:0] = {sys.path!r}; import {script}; "
    code += f"sys.exit(', '.join(set({heavy!r}) & set(sys.modules)) or 0)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_valid_says_so_if_it_chose_the_epoch(evaluate):
    found = evaluate(
        with_counts(3, 4, 2, 11), change=lambda arguments: arguments.update(valid_chooses="epoch")
    )
    assert "It chooses the epoch whose weights are kept, and the decision" in found["valid"]["role"]
    assert "decides nothing" in found["test"]["role"]
