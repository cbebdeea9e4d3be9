import json

import compare_variants
import numpy as np
import pandas as pd
import pytest
from experiment_files import write_columns

BOOTSTRAP = {"confidence": 0.95, "resamples": 400, "seed": 27}
METRICS = ["average_precision", "f1", "f1_at_threshold", "accuracy"]
PRIMARY = "average_precision"

LABELS = (np.random.default_rng(1).random(6000) < 0.2).astype(np.int8)


def model(quality, seed, rows=None, labels=LABELS):
    """Predictions of `rows` whose scores tell the classes apart by `quality` deviations."""
    rows = np.arange(1000) if rows is None else np.asarray(rows)
    label = labels[rows]
    # What a row is like is the same for every model.
    shared = np.random.default_rng(2).normal(size=6000)[rows]
    own = np.random.default_rng(seed).normal(size=len(rows))
    odds = quality * (label - 0.5) + 0.8 * shared + 0.6 * own - 0.5
    return {
        "row": rows,
        "label": label,
        "logit_not": np.zeros(len(rows), np.float32),
        "logit_target": odds.astype(np.float32),
        "abstained": np.zeros(len(rows), bool),
    }


def verdict_of(found, variant):
    return found["variants"][variant]["metrics"][PRIMARY]["verdict"]


def metrics_of(found, variant):
    return found["variants"][variant]["metrics"]


@pytest.fixture
def compare(tmp_path):
    """A function that runs the stage on one list of models per variant; the first is reference.

    On valid each model has the rows from 3,000 on, if `valid` has no others for it. Episodes have
    20 lines and scenes five.
    """
    row = np.arange(6000)
    lines = {"row": row, "season": row // 2000, "episode": row // 20, "scene": row // 5}
    path = tmp_path / "lines.parquet"
    pd.DataFrame(lines).to_parquet(path)

    def run(
        bootstrap=BOOTSTRAP,
        unit="row",
        valid=None,
        baselines=(),
        betas=None,
        tracks=None,
        **variants,
    ):
        predictions, of_valid, names = [], [], []
        of_variants = {name: (tracks or {}).get(name, "A") for name in variants}
        first = {track: name for name, track in reversed(of_variants.items())}
        for name, models in variants.items():
            seeds = list(range(40, 40 + len(models)))
            for seed, columns in zip(seeds, models, strict=True):
                held_out = (valid or {}).get(name) or model(1, 100 + seed, np.arange(3000, 4000))
                for split, paths, of_split in (
                    ("test", predictions, columns),
                    ("valid", of_valid, held_out),
                ):
                    paths.append(str(tmp_path / f"{name}_{seed}_{split}.parquet"))
                    write_columns(paths[-1], of_split)
            track = of_variants[name]
            of_track = {"track": track, "compared_with": first[track]}
            about = {"seeds": seeds, "unit": unit, "is_baseline": name in baselines}
            beta = {"threshold_beta": (betas or {}).get(name, 1.0)}
            names.append({"name": name, **about, **of_track, **beta})
        compare_variants.main(
            predictions=predictions,
            valid=of_valid,
            lines=str(path),
            comparison=str(tmp_path / "comparison.json"),
            experiment="toy",
            question="target",
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
    assert (found["reference"], found["confidence"], found["resamples"]) == ("base", 0.95, 400)
    assert (found["primary"], found["tests"]) == (PRIMARY, {"variants": 2, "baselines": 0})
    assert list(found["variants"]) == ["good", "bad"]
    for result in found["variants"].values():
        assert (result["rows"], result["positives"]) == (1000, int(LABELS[:1000].sum()))
        assert (result["unit"], result["units"]) == ("row", result["positives"])
        assert list(result["metrics"]) == METRICS
        for each in result["metrics"].values():
            assert each["difference"] == pytest.approx(each["variant"] - each["reference"])
            assert each["interval"][0] <= each["difference"] <= each["interval"][1]


def test_much_better_and_much_worse_are_told_from_equal(compare):
    found = compare(
        base=[model(1.5, 1)], good=[model(3, 2)], bad=[model(0, 3)], same=[model(1.5, 4)]
    )
    verdicts = {name: verdict_of(found, name) for name in found["variants"]}
    assert verdicts == {"good": "better", "bad": "worse", "same": "cannot tell"}


def test_variants_are_compared_within_their_track(compare):
    """Knowing more is no better recipe, so a model of track D is no hypothesis against one of A."""
    tracks = {"knows": "D", "knows_better": "D", "names": "D"}
    found = compare(
        tracks=tracks,
        baselines=["names"],
        base=[model(0.5, 1)],
        good=[model(3, 2)],
        knows=[model(1.5, 3)],
        knows_better=[model(3, 4)],
        names=[model(0.2, 5)],
    )
    compared = {name: of["compared_with"] for name, of in found["variants"].items()}
    assert compared == {"good": "base", "knows_better": "knows", "names": "knows"}
    assert found["tests"] == {"variants": 2, "baselines": 1}
    verdicts = {name: verdict_of(found, name) for name in found["variants"]}
    assert verdicts == {"good": "better", "knows_better": "better", "names": "worse"}
    alone = compare(base=[model(1.5, 3)], better=[model(3, 4)], names=[model(0.2, 5)])
    differences = [metrics_of(alone, "better"), metrics_of(found, "knows_better")]
    assert differences[0][PRIMARY]["difference"] == differences[1][PRIMARY]["difference"]


def test_only_the_primary_metric_has_a_test(compare):
    found = compare(base=[model(1, 1)], good=[model(3, 2)])
    for name, each in metrics_of(found, "good").items():
        assert ("verdict" in each, "p" in each) == (name == PRIMARY, name == PRIMARY)


def test_a_variant_is_not_different_from_itself(compare):
    found = compare(base=[model(1, 1)], same=[model(1, 1)])
    for each in metrics_of(found, "same").values():
        assert (each["difference"], each["interval"]) == (0, [0, 0])
        assert each["smallest_detectable_difference"] is None
    primary = metrics_of(found, "same")[PRIMARY]
    assert (primary["p"], primary["p_corrected"], primary["verdict"]) == (1, 1, "cannot tell")


def test_the_spread_of_the_seeds_makes_a_difference_less_sure(compare):
    def metric_of(qualities):
        models = [model(quality, seed) for seed, quality in enumerate(qualities, 10)]
        base = [model(1, seed) for seed in (1, 2, 3, 4)]
        return metrics_of(compare(base=base, other=models), "other")[PRIMARY]

    steady, apart = metric_of([2, 2, 2, 2]), metric_of([0.5, 1.5, 2.5, 3.5])
    assert apart["smallest_detectable_difference"] > 2 * steady["smallest_detectable_difference"]
    assert apart["p"] > steady["p"]


def test_a_verdict_is_given_exactly_where_the_interval_excludes_0(compare):
    """The table once showed an interval without 0 beside "cannot tell": only one was corrected."""
    variants = {f"v{n}": [model(1 + n / 30, 10 + n)] for n in range(12)}
    found = compare(base=[model(1, 1)], **variants)
    decided = set()
    for name in found["variants"]:
        each = metrics_of(found, name)[PRIMARY]
        low, high = each["interval"]
        assert (low > 0 or high < 0) == (each["p_corrected"] < 0.05)
        assert (each["verdict"] != "cannot tell") == (each["p_corrected"] < 0.05)
        assert each["p_corrected"] == pytest.approx(min(1, 12 * each["p"]))
        decided.add((each["p"] < 0.05, each["p_corrected"] < 0.05))
    # The correction decided some of them.
    assert decided == {(False, False), (True, False), (True, True)}


def test_baselines_are_no_hypotheses(compare):
    variants = {"good": [model(2, 2)], "tfidf": [model(1.2, 3)], "length": [model(0, 4)]}
    alone = compare(base=[model(1, 1)], good=[model(2, 2)])
    found = compare(base=[model(1, 1)], baselines=("tfidf", "length"), **variants)
    assert found["tests"] == {"variants": 1, "baselines": 2}
    assert metrics_of(found, "good") == metrics_of(alone, "good")
    families = {name: each["family"] for name, each in found["variants"].items()}
    assert families == {"good": "variants", "tfidf": "baselines", "length": "baselines"}


def test_rows_of_one_episode_count_as_one_piece_of_evidence(compare):
    """Models that are right or wrong by whole episodes."""
    rng = np.random.default_rng(3)
    luck = np.repeat(rng.normal(0, 1.5, 50), 20)
    base, other = model(1, 1), model(1.6, 2)
    for columns, shift in ((base, luck), (other, -luck)):
        columns["logit_target"] += (shift * (2 * columns["label"] - 1)).astype(np.float32)
    by_row = compare(base=[base], other=[other])
    by_episode = compare(unit="episode", base=[base], other=[other])
    assert by_episode["variants"]["other"]["units"] <= 50
    lengths = [
        np.ptp(metrics_of(found, "other")["accuracy"]["interval"]) for found in (by_row, by_episode)
    ]
    assert lengths[1] > 2 * lengths[0]


def test_too_few_units_are_no_verdict(compare):
    rows = np.arange(200)
    found = compare(unit="episode", base=[model(0, 1, rows)], other=[model(4, 2, rows)])
    assert verdict_of(found, "other") == "too few"
    assert any("10 episodes" in note for note in found["variants"]["other"]["notes"])


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


def test_the_threshold_comes_from_valid(compare):
    few, many = (model(1.2, 50, np.arange(3000, 3000 + rows)) for rows in (30, 2500))
    found = [
        metrics_of(
            compare(valid={"other": valid}, base=[model(1, 1)], other=[model(1.2, 2)]), "other"
        )
        for valid in (few, many)
    ]
    assert found[0]["f1_at_threshold"]["variant"] != found[1]["f1_at_threshold"]["variant"]
    assert found[0]["f1"]["variant"] == found[1]["f1"]["variant"]


def test_without_a_shared_row_one_cannot_tell(compare):
    other = model(2, 2, np.arange(1000, 1500))
    found = compare(base=[model(1, 1)], apart=[other], good=[model(3, 3)])
    apart = found["variants"]["apart"]
    assert (apart["rows"], apart["units"]) == (0, 0)
    for each in apart["metrics"].values():
        assert set(each.values()) <= {None, "too few"}
    assert any("both" in note for note in apart["notes"])
    assert verdict_of(found, "good") == "better"


def test_shared_rows_without_a_positive_go_through(compare):
    none = np.zeros_like(LABELS)
    found = compare(base=[model(1, 1, labels=none)], other=[model(2, 2, labels=none)])
    metrics = found["variants"]["other"]["metrics"]
    assert metrics["average_precision"]["difference"] is None
    assert metrics["average_precision"]["verdict"] == "too few"
    assert metrics["f1"]["difference"] == 0
    assert any("target's" in note for note in found["variants"]["other"]["notes"])


@pytest.mark.parametrize("seeds", [1, 3])
def test_a_single_shared_row_proves_nothing(seeds, compare):
    row = int(np.flatnonzero(LABELS[:1000])[0])
    base, other = ([model(1, 1, [row]) for _ in range(seeds)] for _ in range(2))
    for models, odds in [(base, -1), (other, 1)]:
        for columns in models:
            columns["logit_target"][:] = odds
    found = compare(base=base, other=other)
    assert metrics_of(found, "other")["f1"]["difference"] == 1
    assert verdict_of(found, "other") == "too few"


def test_one_seed_is_a_verdict_on_one_model(compare):
    found = compare(base=[model(1, 1), model(1, 2)], other=[model(1.2, 3)])["variants"]["other"]
    (note,) = found["notes"]
    assert note.startswith("W201: The variant has one seed")
    assert found["about"] == "one model"
    # A logistic regression has one optimum, which every seed finds.
    found = compare(baselines=("linear",), base=[model(1, 1), model(1, 2)], linear=[model(1.2, 3)])[
        "variants"
    ]["linear"]
    assert (found["about"], found["notes"]) == ("recipe", [])
    several = compare(base=[model(1, 1), model(1, 2)], other=[model(1.2, 3), model(1.2, 4)])
    assert several["variants"]["other"]["about"] == "recipe"


def test_an_only_variant_is_compared_with_none(compare):
    assert compare(base=[model(1, 1)])["variants"] == {}


def test_each_side_has_the_threshold_of_its_own_goal(compare):
    models = [model(1.2, 1, np.arange(2000))]
    same = compare(one=models, two=models)["variants"]["two"]["metrics"]
    other = compare(one=models, two=models, betas={"two": 0.2})["variants"]["two"]["metrics"]
    assert same["f1_at_threshold"]["difference"] == 0
    assert other["f1_at_threshold"]["difference"] < 0
    for name in ("average_precision", "f1", "accuracy"):
        assert other[name]["difference"] == 0
