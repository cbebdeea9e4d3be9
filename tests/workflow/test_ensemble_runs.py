"""An ensemble of two trained variants and a baseline, from the CSV to the report."""

import copy
import re

import pytest
from addresses import unaddressed
from configs import SMALL
from tree import run_project

from whosaid.evaluation.predictions import read_predictions

pytestmark = pytest.mark.slow

TARGETS = "results/summary.md results/report.html results/tiny/errors.html results/audit.md"

ENSEMBLE = copy.deepcopy(SMALL)
ENSEMBLE["defaults"]["training"]["num_train_epochs"] = 1
ENSEMBLE["informal_test"] = ["Beets are my life."]
ENSEMBLE["variants"] = {
    "floor": {"classifier": "linear", "calibration": "temperature"},
    "basic": {"min_words": 4, "min_words_scope": "train"},
    "balanced": {"resample": {"oversample_positives": 2}, "training": {"seeds": [1, 2]}},
    "both": {
        "title": "Both and the floor",
        "threshold_beta": 0.5,
        "calibration": "temperature",
        "classifier": "ensemble",
        "ensemble": {"members": ["basic", "balanced", "floor", "tuned"]},
    },
    "tuned": {
        "classifier": "linear",
        "search": {"settings": {"linear.C": [0.001, 1.0], "linear.class_weight": [None]}},
    },
    "weighed": {
        "title": "Weighed, with neighbours",
        "classifier": "ensemble",
        "ensemble": {"members": ["basic", "floor"], "weights": "learned", "neighbours": 1},
    },
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return run_project(tmp_path_factory.mktemp("ensemble") / "whosaid", ENSEMBLE, TARGETS)


def test_it_is_an_ordinary_row_with_intervals_and_a_verdict(made):
    page = (made.root / "results/summary.md").read_text(encoding="utf-8")
    [row] = [line for line in page.splitlines() if line.startswith("| Both and the floor")][:1]
    assert re.search(r"\d\.\d{3} \[\d\.\d{3}, \d\.\d{3}\]", row)
    assert re.search("better|worse|cannot tell", row)
    said = "Both and the floor, Weighed, with neighbours: W101: There is one ensemble"
    assert said in page.replace("\n  ", " ")
    assert "] by F-beta, beta 0.5 " in page
    assert "Both and the floor is calibrated: its logits are divided" in page.replace("\n  ", " ")
    assert unaddressed(made.root) == []
    compared = made.json("results/tiny/comparison.json")["variants"]["both"]
    assert compared["family"] == "variants"
    folder = made.root / "results/tiny/predictions"
    test = read_predictions([folder / "both/seed_42/test.parquet"])
    assert compared["rows"] == len(test.row)
    assert list(made.json("data/tiny/models/both/thresholds.json")["seeds"]) == ["42"]


def test_a_row_that_a_member_has_learned_from_is_known_to_the_ensemble(made):
    shares = {
        name: made.json(f"results/tiny/metrics/{name}/test.json")["in_train"]["share"]
        for name in ENSEMBLE["variants"]
    }
    assert shares["both"] == max(shares.values()) > shares["basic"]


def test_weights_that_valid_teaches_are_told_and_judged_in_a_track_of_their_own(made):
    """What is predicted for the next line says something of its text: track B, and not A."""
    page = (made.root / "results/summary.md").read_text(encoding="utf-8").replace("\n  ", " ")
    assert "of Weighed, with neighbours: Held out from the members. The weights of the" in page
    assert "Track B: Weighed, with neighbours is alone" in page
    record = made.json("data/tiny/models/weighed/seed_42/training.json")
    assert {len(each) for each in record["arguments"]["coefficients"].values()} == {5}


def test_a_member_that_is_predicted_again_is_averaged_again_and_nothing_is_trained(made):
    forced = "results/summary.md --forcerun predict_splits"
    jobs = {job[:2] for job in made.plan(forced)}
    assert ("combine_predictions", "both") in jobs and "train_model" not in {job[0] for job in jobs}


def test_where_a_model_is_asked_the_ensemble_is_left_out_with_a_word(made):
    page = (made.root / "results/tiny/informal_test.md").read_text(encoding="utf-8")
    said = "Not asked: Both and the floor, tuned, Weighed, with neighbours. An ensemble has no"
    assert said in page
    asked = made.run('make ask LINE="Beets." 2>&1').stdout
    assert said in asked and len(re.findall("^\\| balanced", asked, re.M)) == 2
    for command in ('ask LINE="Beets."', "predict LINES=data/sample/ferry.csv", "export"):
        refused = made.run(f"make {command} VARIANT=both 2>&1")
        assert refused.returncode != 0
        assert "VARIANT=both: an ensemble has no model of its own; choose" in refused.stdout


def test_the_report_says_whose_mean_it_is(made):
    report = (made.root / "results/report.html").read_text(encoding="utf-8")
    assert "none of its own: the mean of basic, balanced, floor, tuned" in report
    said = "none of its own: a regression, fitted on valid, on what is predicted by basic, floor"
    assert said in report


def test_a_search_is_one_row_and_its_trials_stand_in_the_report_alone(made):
    page = (made.root / "results/summary.md").read_text(encoding="utf-8").replace("\n  ", " ")
    assert "| tuned |" in re.sub(" +", " ", page) and "tuned_1" not in page
    said = "of Both and the floor, tuned: Held out from learning. It chooses the one of several"
    assert said in page
    report = (made.root / "results/report.html").read_text(encoding="utf-8")
    text = re.sub("<[^>]+>", " ", report.partition("What the searches tried</h2>")[2])
    assert "is the best of 2 trials by average precision on valid, with one seed" in " ".join(
        text.split()
    )
    record = made.json("data/tiny/models/tuned/seed_42/training.json")["arguments"]
    chosen = record["scores"].index(max(record["scores"]))
    assert record["best"] == f"tuned_{chosen + 1}"
    # The trials have predictions, but no metrics.
    results = made.root / "results/tiny"
    assert (results / "predictions/tuned_1/seed_42/valid.parquet").exists()
    assert {path.name for path in (results / "metrics").iterdir()} >= {"tuned"}
    assert not (results / "metrics/tuned_1").exists()


def test_verify_finds_every_output_whole(made):
    run = made.run("snakemake --cores 1 verify 2>&1")
    assert run.returncode == 0, run.stdout
    (made.root / "results/tiny/predictions/both/seed_42/valid.parquet").unlink()
    run = made.run("snakemake --cores 1 verify 2>&1")
    assert run.returncode != 0
    assert "predictions/both/seed_42/valid.parquet is missing" in run.stdout
