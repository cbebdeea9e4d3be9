import json

import compare_variants
import numpy as np
import pytest
import scipy.stats
from experiment_files import write_columns

BOOTSTRAP = {"confidence": 0.95, "resamples": 1000, "seed": 27}
METRICS = {"f1", "f1_at_threshold", "accuracy", "average_precision"}

LABELS = (np.random.default_rng(1).random(3000) < 0.2).astype(np.int8)


def model(quality, seed, rows=None, labels=LABELS):
    """Predictions of `rows` whose scores tell the classes apart by `quality` deviations."""
    rows = np.arange(1000) if rows is None else np.asarray(rows)
    label = labels[rows]
    # What a row is like is the same for every model.
    shared = np.random.default_rng(2).normal(size=3000)[rows]
    own = np.random.default_rng(seed).normal(size=len(rows))
    odds = quality * (label - 0.5) + 0.8 * shared + 0.6 * own - 0.5
    return {
        "row": rows,
        "label": label,
        "logit_not": np.zeros(len(rows), np.float32),
        "logit_target": odds.astype(np.float32),
        "abstained": np.zeros(len(rows), bool),
    }


def metrics_of(found, variant):
    return found["variants"][variant]["metrics"]


@pytest.fixture
def compare(tmp_path):
    """A function that runs the stage on one list of models per variant; the first is reference."""

    def run(threshold=0.4, bootstrap=BOOTSTRAP, **variants):
        predictions, thresholds, names = [], [], []
        for name, models in variants.items():
            seeds = list(range(40, 40 + len(models)))
            for seed, columns in zip(seeds, models, strict=True):
                path = tmp_path / f"{name}_{seed}.parquet"
                write_columns(path, columns)
                predictions.append(str(path))
            path = tmp_path / f"{name}.json"
            chosen = {str(seed): {"threshold": threshold, "f1": 0.5} for seed in seeds}
            path.write_text(json.dumps({"seeds": chosen}))
            thresholds.append(str(path))
            names.append({"name": name, "seeds": seeds})
        compare_variants.main(
            predictions=predictions,
            thresholds=thresholds,
            comparison=str(tmp_path / "comparison.json"),
            experiment="toy",
            reference=names[0]["name"],
            variants=names,
            bootstrap=bootstrap,
        )
        text = (tmp_path / "comparison.json").read_text(encoding="utf-8")
        assert "NaN" not in text and "Infinity" not in text
        return json.loads(text)

    return run


def test_the_file_says_what_was_compared(compare):
    found = compare(base=[model(1, 1)], good=[model(2, 2)], bad=[model(0.5, 3)])
    assert found["experiment"] == "toy" and found["split"] == "test"
    assert (found["reference"], found["confidence"], found["resamples"]) == ("base", 0.95, 1000)
    assert found["correction"] == "Holm, over the 2 comparisons of a metric"
    assert list(found["variants"]) == ["good", "bad"]
    for result in found["variants"].values():
        assert (result["rows"], result["positives"]) == (1000, int(LABELS[:1000].sum()))
        assert set(result["metrics"]) == METRICS
        for each in result["metrics"].values():
            assert each["difference"] == pytest.approx(each["variant"] - each["reference"])
            assert each["interval"][0] <= each["difference"] <= each["interval"][1]


def test_much_better_and_much_worse_are_told_from_equal(compare):
    found = compare(
        base=[model(1.5, 1)], good=[model(3, 2)], bad=[model(0, 3)], same=[model(1.5, 4)]
    )
    verdicts = {
        name: {each["verdict"] for each in result["metrics"].values()}
        for name, result in found["variants"].items()
    }
    assert verdicts == {"good": {"better"}, "bad": {"worse"}, "same": {"cannot tell"}}


def test_a_variant_is_not_different_from_itself(compare):
    found = compare(base=[model(1, 1)], same=[model(1, 1)])["variants"]["same"]
    for each in found["metrics"].values():
        assert (each["difference"], each["p"], each["verdict"]) == (0, 1, "cannot tell")
        assert each["interval"] == [0, 0]
        assert each["smallest_detectable_difference"] is None


def test_the_accuracy_of_two_models_is_tested_with_mcnemar(compare):
    base, other = model(1, 1), model(1.4, 2)
    found = compare(base=[base], other=[other])["variants"]["other"]
    right = [(each["logit_target"] > 0) == each["label"] for each in (other, base)]
    counts = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())
    (table,) = found["mcnemar"]
    assert (table["only_variant_right"], table["only_reference_right"]) == counts
    p_value = scipy.stats.binomtest(counts[0], sum(counts)).pvalue
    assert found["metrics"]["accuracy"]["p"] == table["p"] == pytest.approx(p_value)


def test_every_pair_of_seeds_has_its_table_of_mcnemar(compare):
    found = compare(base=[model(1, 1), model(1, 2)], other=[model(1.4, seed) for seed in (3, 4, 5)])
    tables = found["variants"]["other"]["mcnemar"]
    pairs = {(table["seed"], table["reference_seed"]) for table in tables}
    assert pairs == {(seed, other) for seed in (40, 41, 42) for other in (40, 41)}
    difference = np.mean(
        [table["only_variant_right"] - table["only_reference_right"] for table in tables]
    )
    accuracy = found["variants"]["other"]["metrics"]["accuracy"]
    assert accuracy["difference"] == pytest.approx(difference / 1000)
    assert found["variants"]["other"]["notes"] == []


def test_the_spread_of_the_seeds_makes_a_difference_less_sure(compare):
    def interval_of(qualities):
        models = [model(quality, seed) for seed, quality in enumerate(qualities, 10)]
        base = [model(1, seed) for seed in (1, 2, 3, 4)]
        return metrics_of(compare(base=base, other=models), "other")["accuracy"]

    steady, apart = interval_of([2, 2, 2, 2]), interval_of([0.5, 1.5, 2.5, 3.5])
    assert apart["smallest_detectable_difference"] > 2 * steady["smallest_detectable_difference"]
    assert apart["p"] > steady["p"]


def test_pairing_finds_what_two_intervals_would_not(compare):
    base = model(1, 1)
    # The same model, but right on some rows more.
    better = {name: values.copy() for name, values in base.items()}
    wrong = np.flatnonzero((base["logit_target"] > 0) != base["label"])[:12]
    better["logit_target"][wrong] *= -1
    each = compare(base=[base], other=[better])["variants"]["other"]["metrics"]["accuracy"]
    assert each["difference"] == pytest.approx(0.012)
    assert each["verdict"] == "better"
    share = each["variant"]
    assert each["difference"] < 1.96 * np.sqrt(share * (1 - share) / 1000)


def test_intervals_agree_with_the_unadjusted_tests(compare):
    variants = {f"v{n}": [model(1 + n / 25, 10 + n)] for n in range(12)}
    found = compare(base=[model(1, 1)], **variants)
    agreed = set()
    for result in found["variants"].values():
        for each in result["metrics"].values():
            low, high = each["interval"]
            assert (low > 0 or high < 0) == (each["p"] < 0.05)
            assert each["p_holm"] >= each["p"]
            assert (each["verdict"] != "cannot tell") == (each["p_holm"] < 0.05)
            agreed.add((each["p"] < 0.05, each["p_holm"] < 0.05))
    # The correction decided some of them.
    assert agreed == {(False, False), (True, False), (True, True)}


def test_only_the_rows_of_both_test_splits_count_and_each_once(compare):
    base, other = model(1, 1, np.arange(0, 1000)), model(1.2, 2, np.arange(600, 1800))
    shuffled = np.random.default_rng(9).permutation(1200)
    other = {name: values[shuffled] for name, values in other.items()}
    found = compare(base=[base], other=[other])["variants"]["other"]
    assert (found["rows"], found["positives"]) == (400, int(LABELS[600:1000].sum()))
    right = (base["logit_target"] > 0) == base["label"]
    assert found["metrics"]["accuracy"]["reference"] == pytest.approx(right[600:].mean())
    twice = {name: np.repeat(values, 2) for name, values in other.items()}
    assert compare(base=[base], other=[twice])["variants"]["other"] == found


def test_each_seed_decides_at_its_own_threshold(compare):
    def run(threshold):
        found = compare(threshold, base=[model(1, 1)], other=[model(1.2, 2)])
        return {name: each["variant"] for name, each in metrics_of(found, "other").items()}

    half, tenth = run(0.5), run(0.1)
    assert half["f1_at_threshold"] == half["f1"] == tenth["f1"]
    assert tenth["f1_at_threshold"] != tenth["f1"]


def test_without_a_shared_row_one_cannot_tell(compare):
    other = model(2, 2, np.arange(1000, 1500))
    found = compare(base=[model(1, 1)], apart=[other], good=[model(3, 3)])
    apart = found["variants"]["apart"]
    assert (apart["rows"], apart["mcnemar"]) == (0, [])
    for each in apart["metrics"].values():
        assert each["verdict"] == "cannot tell"
        assert set(each.values()) == {None, "cannot tell"}
    assert any("both" in note for note in apart["notes"])
    # It takes nothing from the others.
    for each in found["variants"]["good"]["metrics"].values():
        assert each["p_holm"] == each["p"]


def test_shared_rows_without_a_positive_go_through(compare):
    none = np.zeros_like(LABELS)
    found = compare(base=[model(1, 1, labels=none)], other=[model(2, 2, labels=none)])
    metrics = found["variants"]["other"]["metrics"]
    assert metrics["average_precision"]["difference"] is None
    assert metrics["average_precision"]["verdict"] == "cannot tell"
    assert metrics["f1"]["difference"] == 0 and metrics["f1"]["p"] == 1
    assert any("target's" in note for note in found["variants"]["other"]["notes"])


@pytest.mark.parametrize("seeds", [1, 3])
def test_a_single_shared_row_proves_nothing(seeds, compare):
    row = int(np.flatnonzero(LABELS[:1000])[0])
    base, other = ([model(1, 1, [row]) for _ in range(seeds)] for _ in range(2))
    for models, odds in [(base, -1), (other, 1)]:
        for columns in models:
            columns["logit_target"][:] = odds
    found = compare(base=base, other=other)["variants"]["other"]
    assert found["metrics"]["f1"]["difference"] == 1
    assert {each["verdict"] for each in found["metrics"].values()} == {"cannot tell"}
    assert any("all alike" in note for note in found["notes"])


def test_one_seed_is_noted(compare):
    found = compare(base=[model(1, 1), model(1, 2)], other=[model(1.2, 3)])
    (note,) = found["variants"]["other"]["notes"]
    assert note.startswith("The variant has one seed")


def test_an_only_variant_is_compared_with_none(compare):
    assert compare(base=[model(1, 1)])["variants"] == {}
