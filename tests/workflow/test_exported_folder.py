"""A trained model, exported from a finished run."""

import json
import re

import pandas as pd
import pytest
from edits import set_key
from isolated import answers
from job_lists import NOTHING
from tree import Tree

from whosaid.evaluation.predictions import read_predictions
from whosaid.evaluation.probability import sigmoid

pytestmark = pytest.mark.slow

FOLDER = "results/tiny/export/basic/seed_42"


@pytest.fixture(scope="module")
def exported(reference, tmp_path_factory):
    """The finished reference after `make export`, and what that printed."""
    tree = Tree(reference).copy(tmp_path_factory.mktemp("exported") / "whosaid")
    made = tree.run("make --no-print-directory export VARIANT=basic 2>&1")
    assert made.returncode == 0, made.stdout
    return tree, made.stdout


def test_nothing_but_the_export_is_made(exported):
    tree, printed = exported
    assert re.findall(r"^\[\d/\d\] (\w+)", printed, re.M) == ["export_model"]
    assert "checked on 64 rows" in printed
    assert printed.splitlines()[-1] == FOLDER
    assert tree.plan(FOLDER) == NOTHING
    assert "every output is complete" in tree.snakemake("verify")


def test_the_folder_answers_without_whosaid_as_the_run_predicted(exported):
    tree, _ = exported
    texts = pd.read_parquet(tree.root / "data/tiny/splits/basic/test.parquet")["text"][:100]
    stored = read_predictions([tree.root / "results/tiny/predictions/basic/seed_42/test.parquet"])
    found = [answer["dwight"] for answer in answers(tree.root / FOLDER, texts.tolist())]
    assert found == pytest.approx(sigmoid(stored.log_odds[0][:100]), abs=1e-5)


def test_other_intervals_make_another_card_and_train_nothing(exported, tmp_path):
    tree = exported[0].copy(tmp_path / "whosaid")
    set_key("statistics.confidence", 0.9)(tree)
    plan = tree.plan(FOLDER)
    assert {job[0] for job in plan} == {"evaluate_splits", "export_model"}
    tree.snakemake(FOLDER)
    facts = json.loads((tree.root / FOLDER / "whosaid.json").read_text(encoding="utf-8"))
    assert facts["confidence"] == 0.9


def test_a_variant_that_the_config_no_longer_has_is_listed(exported, tmp_path):
    tree = exported[0].copy(tmp_path / "whosaid")
    set_key("variants", {"grouped": {}})(tree)
    assert "not asked for: results/tiny/export/basic" in tree.snakemake("list_unused")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("VARIANT=floor", "VARIANT=floor: a linear baseline is no model of Transformers"),
        ("VARIANT=basic SEED=7", "SEED=7: basic has no such seed; choose from 42"),
        ("", "VARIANT=: no variant; choose from basic, grouped"),
    ],
)
def test_what_cannot_be_exported_is_one_line(exported, arguments, complaint):
    made = exported[0].run(f"make --no-print-directory export {arguments}")
    assert made.returncode != 0 and made.stdout == ""
    [line, *_] = made.stderr.splitlines()
    assert line.startswith(complaint)


@pytest.mark.parametrize("folder", ["export", "export_onnx"])
def test_a_seed_that_only_another_variant_has_is_refused_before_any_job(finished, folder):
    """The model of that seed was trained, and then its missing threshold was a KeyError."""
    set_key("variants.basic_roberta.training.seeds", [42])(finished)
    target = f"results/demo/{folder}/basic_roberta/seed_43"
    code, printed = finished.try_snakemake(f"-n {target}")
    assert code == 1
    assert printed.splitlines()[-1] == "seed_43: basic_roberta has no such seed; choose from 42"
