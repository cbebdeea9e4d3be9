"""Variants whose split has folds, from the CSV to the report.

No variant that is shown has a model of its own here. With searches alone that was so before: the
page of errors and the informal test failed, for want of the models of any variant.
"""

import copy
import json

import pytest
from addresses import unaddressed
from configs import SMALL
from tree import run_project

from whosaid.evaluation.predictions import read_predictions

pytestmark = pytest.mark.slow

TARGETS = "results/summary.md results/report.html results/tiny/errors.html results/audit.md"

FOLDED = copy.deepcopy(SMALL)
FOLDED["defaults"]["training"]["num_train_epochs"] = 1
FOLDED["defaults"]["split"] = {"method": "group_kfold", "group_by": "scene", "folds": 3, "seed": 1}
FOLDED["informal_test"] = ["Beets are my life."]
FOLDED["variants"] = {
    "basic": {"title": "Basic", "min_words": 3, "min_words_scope": "train"},
    "words": {"classifier": "linear", "title": "Words", "calibration": "temperature"},
    "both": {
        "classifier": "ensemble",
        "title": "Both",
        "ensemble": {"members": ["basic", "words"], "weights": "learned"},
    },
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return run_project(tmp_path_factory.mktemp("folds") / "whosaid", FOLDED, TARGETS)


def test_each_variant_has_one_row_for_all_lines(made):
    page = (made.root / "results/summary.md").read_text(encoding="utf-8")
    assert "| Basic " in page and "| Both " in page and "fold 1" not in page
    assert unaddressed(made.root) == []
    counts = made.json("data/tiny/splits/basic/split_counts.json")
    for name in FOLDED["variants"]:
        test = made.json(f"results/tiny/metrics/{name}/test.json")
        assert test["rows"] == counts["before_split"]["rows"]
        assert [*test["folds"]] == [f"{name}_fold_{number}" for number in (1, 2, 3)]
        assert test["in_train"]["rows"] < test["rows"]
    compared = made.json("results/tiny/comparison.json")["variants"]["words"]
    assert compared["rows"] == counts["before_split"]["rows"]


def test_the_audit_counts_what_the_own_fold_knows(made):
    found = made.json("results/tiny/audit/basic.json")["held_out"]
    assert found["test"]["shared_scenes"]["rows"] == 0
    folds = [made.json(f"results/tiny/audit/basic_fold_{n}.json")["held_out"] for n in (1, 2, 3)]
    of_folds = [fold["test"]["exact_duplicates"]["rows"] for fold in folds]
    assert found["test"]["exact_duplicates"]["rows"] == sum(of_folds)


def test_the_folds_of_an_ensemble_have_weights_of_their_own(made):
    weights = [
        made.json(f"data/tiny/models/both_fold_{n}/seed_42/training.json")["arguments"]
        for n in (1, 2, 3)
    ]
    assert len({json.dumps(each["coefficients"]) for each in weights}) == 3
    folder = made.root / "results/tiny/predictions"
    [pooled, *folds] = [
        read_predictions([folder / f"{name}/seed_42/test.parquet"])
        for name in ("both", "both_fold_1", "both_fold_2", "both_fold_3")
    ]
    assert sorted(pooled.row) == sorted(row for fold in folds for row in fold.row)


def test_the_models_of_the_folds_are_asked_by_name(made):
    assert not (made.root / "results/tiny/informal_test.md").exists()  # nobody has a model
    asked = made.run('make ask LINE="Beets." VARIANT=basic_fold_2 2>&1').stdout
    assert "Basic, fold 2" in asked
    refused = made.run('make ask LINE="Beets." VARIANT=basic 2>&1')
    assert refused.returncode != 0 and "basic_fold_1, basic_fold_2" in refused.stdout


def test_the_pages_tell_the_division_and_the_recipe_of_the_folds(made):
    page = (made.root / "results/summary.md").read_text(encoding="utf-8")
    assert "one division into 3 folds" in " ".join(page.split())
    report = (made.root / "results/report.html").read_text(encoding="utf-8")
    assert "fitted on valid, on what is predicted by basic, words" in report
    assert "small: built here without pre-training" in report


def test_other_folds_train_all_that_reads_them(made):
    jobs = made.plan("results/summary.md --config 'defaults={split: {seed: 2}}'")
    found = {job[:2] for job in jobs}
    assert ("pool_folds", "basic") in found and ("train_model", "basic_fold_2") in found
