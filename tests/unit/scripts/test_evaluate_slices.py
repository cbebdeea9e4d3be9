import json

import evaluate_slices
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from experiment_files import scores, write_columns
from scipy.stats import binomtest

BOOTSTRAP = {"confidence": 0.95, "resamples": 2000, "seed": 27}

# Row, season, speaker, words, and whether the first and the second model predict dwight.
LINES = [
    (900, 1, "dwight", 3, 1, 1),
    (7, 1, "dwight", 5, 0, 1),
    (12, 2, "dwight", 6, 0, 0),
    (30, 2, "dwight", 45, 1, 1),
    (31, 1, "jim", 1, 1, 0),
    (32, 1, "jim", 10, 0, 0),
    (33, 2, "jim", 11, 0, 0),
    (34, 2, "jim", 20, 1, 1),
    (40, 1, "pam", 2, 0, 0),
    (41, 2, "pam", 5, 0, 0),
]


@pytest.fixture
def run(tmp_path):
    """A function that runs the stage on LINES with some seeds' decisions; returns `slices`."""

    def main(
        decisions,
        lines=LINES,
        abstained=(),
        name="plain",
        bootstrap=BOOTSTRAP,
        unit="row",
        per_episode=20,
        places=None,
    ):
        rows, seasons, speakers, words = [list(column) for column in zip(*lines, strict=True)][:4]
        # The corpus has other lines too, in another order.
        corpus = {
            "row": [10**6, *sorted(rows)],
            "season": [9, *(seasons[rows.index(row)] for row in sorted(rows))],
            "episode": [0, *(row // per_episode for row in sorted(rows))],
            "scene": [-1, *(row // (per_episode // 2) for row in sorted(rows))],
            "speaker": ["angela", *(speakers[rows.index(row)] for row in sorted(rows))],
            "line": ["no", *(" a\t" * words[rows.index(row)] + "\n" for row in sorted(rows))],
        }
        if places:
            corpus["place"] = ["elsewhere", *(places[row] for row in sorted(rows))]
        pq.write_table(pa.table(corpus), tmp_path / "lines.parquet")
        paths = []
        for number, of_seed in enumerate(decisions):
            columns = {
                "row": rows,
                "label": [int(speaker == "dwight") for speaker in speakers],
                "logit_not": np.zeros(len(rows), np.float32),
                "logit_target": np.where(of_seed, 1, -1).astype(np.float32),
                "abstained": [row in abstained for row in rows],
            }
            paths.append(str(tmp_path / f"{number}.parquet"))
            write_columns(paths[-1], columns)
        evaluate_slices.main(
            predictions=paths,
            lines=str(tmp_path / "lines.parquet"),
            slices=str(tmp_path / "slices.json"),
            experiment="toy",
            question="target",
            columns=["place"] if places else [],
            variants=[{"name": name, "seeds": list(range(len(paths))), "unit": unit}],
            bootstrap=bootstrap,
        )
        return json.loads((tmp_path / "slices.json").read_text())["variants"][name]

    return main


FIRST, SECOND = ([line[place] for line in LINES] for place in (4, 5))


def by_slice(slices):
    return {each["slice"]: each for each in slices}


def test_the_slices_of_a_kind_add_up_to_the_split(run):
    slices = run([FIRST, SECOND])
    for kind in ("word_count", "season"):
        assert sum(each["rows"] for each in slices[kind]) == 10
        assert sum(each["positives"] for each in slices[kind]) == 4
    others = sum(each["rows"] for each in slices["mistaken_speaker"])
    assert others + slices["missed"]["rows"] == 10


def test_words_are_counted_between_white_space_and_both_ends_belong_to_a_slice(run):
    rows = {each["slice"]: each["rows"] for each in run([FIRST])["word_count"]}
    assert rows == {"1-5": 5, "6-10": 2, "11-20": 2, "21-40": 0, "41+": 1}


def test_the_metrics_of_a_slice_are_those_of_its_rows_alone(run):
    season = by_slice(run([FIRST, SECOND])["season"])["1"]
    labels = [line[2] == "dwight" for line in LINES if line[1] == 1]
    of_seeds = [scores([line[place] for line in LINES if line[1] == 1], labels) for place in (4, 5)]
    expected = {name: np.mean([each[name] for each in of_seeds]) for name in of_seeds[0]}
    assert season["metrics"] == pytest.approx(expected)


def test_a_speaker_s_rate_is_the_share_of_their_lines_that_is_predicted_as_the_target_s(run):
    mistaken = run([FIRST, SECOND])["mistaken_speaker"]
    # Of jim's four lines the first model takes two for dwight's, the second one; of pam's none.
    assert [(each["slice"], each["rows"]) for each in mistaken] == [("jim", 4), ("pam", 2)]
    assert [each["rate"] for each in mistaken] == [0.375, 0]
    assert [each["count"] for each in mistaken] == [1.5, 0]


def test_missed_is_the_share_of_the_target_s_lines_that_is_not_found(run):
    missed = run([FIRST, SECOND])["missed"]
    # Two of four and one of four.
    assert (missed["rows"], missed["rate"]) == (4, 0.375)


def test_a_row_on_which_a_variant_abstains_is_predicted_as_another_s(run):
    slices = run([FIRST], abstained=(900, 34))
    assert slices["missed"]["rate"] == 0.75
    assert by_slice(slices["mistaken_speaker"])["jim"]["rate"] == 0.25


def test_a_share_of_no_rows_is_null(run):
    slices = run([np.zeros(10, bool)])
    empty = by_slice(slices["word_count"])["21-40"]
    assert set(empty["metrics"].values()) == set(empty["intervals"].values()) == {None}
    # One of two lines is the target's, but no row is predicted so.
    middle = by_slice(slices["word_count"])["6-10"]["metrics"]
    assert middle == {"accuracy": 0.5, "f1": 0, "precision": None, "recall": 0}
    # Neither is the target's.
    without = by_slice(slices["word_count"])["11-20"]["metrics"]
    assert without == {"accuracy": 1, "f1": None, "precision": None, "recall": None}


def test_a_split_without_the_target_has_no_rate_of_missed_lines(run):
    others = [line for line in LINES if line[2] != "dwight"]
    missed = run([np.ones(6, bool)], lines=others)["missed"]
    assert missed == {"rows": 0, "rate": None, "interval": None}


def many(rng, rows, rate):
    """Lines of jim and dwight of which this share is predicted as dwight's."""
    lines = [(row, 1, ("dwight", "jim")[row % 2], 3, 0, 0) for row in range(rows)]
    return lines, rng.random(rows) < rate


def test_the_interval_of_a_rate_is_about_the_binomial_one(run):
    lines, decisions = many(np.random.default_rng(3), 1600, 0.2)
    jim = run([decisions], lines=lines)["mistaken_speaker"][0]
    exact = binomtest(round(jim["count"]), 800).proportion_ci(method="wilson")
    assert jim["interval"] == pytest.approx([exact.low, exact.high], abs=0.004)


def test_seeds_that_disagree_widen_the_interval(run):
    rng = np.random.default_rng(4)
    lines, few = many(rng, 800, 0.1)
    _, lots = many(rng, 800, 0.5)
    alike = run([few, few], lines=lines)["mistaken_speaker"][0]
    apart = run([few, lots], lines=lines)["mistaken_speaker"][0]
    width = {"alike": np.diff(alike["interval"])[0], "apart": np.diff(apart["interval"])[0]}
    assert width["apart"] > 3 * width["alike"]


def test_where_no_row_is_wrong_the_interval_still_allows_for_few_rows(run):
    labels = [line[2] == "dwight" for line in LINES]
    slices = run([labels])
    low, high = slices["missed"]["interval"]
    exact = binomtest(0, 4).proportion_ci(method="wilson")
    assert (low, high) == pytest.approx((exact.low, exact.high), abs=1e-9)
    for each in slices["mistaken_speaker"]:
        exact = binomtest(0, each["rows"]).proportion_ci(method="wilson")
        assert each["interval"] == pytest.approx((exact.low, exact.high), abs=1e-9)


def test_where_all_resamples_give_the_same_a_metric_has_no_interval(run):
    labels = [line[2] == "dwight" for line in LINES]
    for each in run([labels])["word_count"]:
        assert set(each["intervals"].values()) == {None}
    # Of the other slices some row is wrong.
    seasons = run([FIRST])["season"]
    assert all(each["intervals"]["accuracy"] for each in seasons)
    longest = by_slice(run([FIRST])["word_count"])["41+"]
    assert (longest["rows"], longest["metrics"]["f1"]) == (1, 1)
    assert longest["intervals"]["f1"] is None


def test_a_slice_in_one_unit_has_no_interval(run):
    slices = run([FIRST], unit="episode", per_episode=1000)
    for each in slices["season"]:
        assert each["rows"] == 5
        assert set(each["intervals"].values()) == {None}
    jim = by_slice(slices["mistaken_speaker"])["jim"]
    assert jim["interval"][0] < jim["rate"] < jim["interval"][1]


def test_rows_that_depend_on_each_other_widen_the_intervals(run):
    rng = np.random.default_rng(5)
    lines, _ = many(rng, 1200, 0)
    # On 20 lines that follow each other the model does the same.
    decisions = np.repeat(rng.random(60) < 0.4, 20)
    found = {unit: run([decisions], lines=lines, unit=unit) for unit in ("row", "scene", "episode")}
    for width in (
        lambda slices: np.diff(slices["mistaken_speaker"][0]["interval"])[0],
        lambda slices: np.diff(slices["missed"]["interval"])[0],
    ):
        # Ten of the lines are of one class, five of them in a scene.
        assert width(found["scene"]) / width(found["row"]) == pytest.approx(5**0.5, rel=0.15)
        assert width(found["episode"]) / width(found["row"]) == pytest.approx(10**0.5, rel=0.15)
    of_row, of_episode = (
        np.diff(found[unit]["season"][0]["intervals"]["f1"])[0] for unit in ("row", "episode")
    )
    assert of_episode > 2 * of_row


def test_every_interval_holds_its_value(run):
    slices = run([FIRST, SECOND])
    for each in slices["word_count"] + slices["season"]:
        for name, value in each["metrics"].items():
            if each["intervals"][name] is not None:
                low, high = each["intervals"][name]
                assert 0 <= low <= value <= high <= 1
    for each in slices["mistaken_speaker"]:
        assert 0 <= each["interval"][0] <= each["rate"] <= each["interval"][1] <= 1


def test_the_same_seed_gives_the_same_file(run, tmp_path):
    files = []
    # Of fewer lines all intervals would be cut at 0 and 1.
    lines, decisions = many(np.random.default_rng(6), 60, 0.3)
    for seed in (27, 27, 28):
        run([decisions], lines=lines, bootstrap=BOOTSTRAP | {"resamples": 200, "seed": seed})
        files.append((tmp_path / "slices.json").read_bytes())
    assert files[0] == files[1] != files[2]


def test_the_file_says_what_a_word_is(run, tmp_path):
    run([FIRST])
    assert "white space" in json.loads((tmp_path / "slices.json").read_text())["word_count"]


def test_other_columns_are_sliced_by_their_most_frequent_values(run):
    """Each of a hundred places would be a table of its own, with hardly a row in each slice."""
    lines = [(row, 1, "dwight" if row % 3 else "jim", 3) for row in range(30)]
    decided = [row % 2 for row in range(30)]
    few = {row: ["barn", "shop", ""][row % 4 % 3] for row in range(30)}
    found = run([decided], lines, places=few)["columns"]["place"]
    counts = {name or "(empty)": [*few.values()].count(name) for name in ("barn", "shop", "")}
    assert {each["slice"]: each["rows"] for each in found} == counts
    assert found[0]["slice"] == "barn"
    many = {row: f"place {row}" for row in range(30)}
    found = run([decided], lines, places=many)["columns"]["place"]
    assert [each["rows"] for each in found] == [*[1] * 12, 18]
    assert found[-1]["slice"] == "18 others"
    [only] = run([decided], lines, places=dict.fromkeys(range(30), "barn"))["columns"]["place"]
    right = [(row % 3 > 0) == decided[row] for row in range(30)]
    assert only["metrics"]["accuracy"] == pytest.approx(np.mean(right))
    assert run([decided], lines)["columns"] == {}
