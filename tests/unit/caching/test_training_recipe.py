"""The recipe of a training stands in the model store's key, and its digest says what it is of."""

import json

import pytest

from whosaid.caching import training_recipe
from whosaid.caching.training_recipe import (
    RECIPE_DIGEST,
    TRAINING_RECIPE,
    code_digest,
    training_code,
)

CODE = {
    "scripts/train_model.py": "1",
    "whosaid/training/train.py": "2",
    "torch": "2.13",
    "transformers": "5.23",
    "numpy": "2.4.6",
}


def test_the_recipe_is_that_of_the_code():
    assert code_digest() == RECIPE_DIGEST, (
        "the code that trains has changed: raise TRAINING_RECIPE if trained weights change, and "
        f'set RECIPE_DIGEST to "{code_digest()}"'
    )


@pytest.fixture
def code(monkeypatch):
    """The code of a stage, to be changed, of which the recipe is the one that is recorded."""
    of_stage = dict(CODE)
    monkeypatch.setattr(training_recipe, "stage_code", lambda stage: of_stage)
    monkeypatch.setattr(training_recipe, "RECIPE_DIGEST", code_digest())
    return of_stage


def test_recorded_code_counts_by_its_recipe_and_two_packages(code):
    expected = {"recipe": str(TRAINING_RECIPE), "torch": "2.13", "transformers": "5.23"}
    assert json.loads(training_code()) == expected


def test_a_raised_recipe_is_another(code, monkeypatch):
    before = training_code()
    monkeypatch.setattr(training_recipe, "TRAINING_RECIPE", TRAINING_RECIPE + 1)
    assert training_code() != before


@pytest.mark.parametrize("name", ["torch", "transformers"])
def test_another_minor_release_is_another_training(name, code):
    before = training_code()
    code[name] = "9.9"
    assert training_code() != before
    assert code_digest() == training_recipe.RECIPE_DIGEST


def test_other_packages_do_not_count(code):
    before = training_code()
    code["numpy"] = "9.9"
    assert training_code() == before


@pytest.mark.parametrize("name", ["scripts/train_model.py", "whosaid/new.py"])
def test_code_that_is_not_recorded_is_a_recipe_of_its_own(name, code):
    found = {training_code()}
    for edit in ("7", "8"):
        code[name] = edit
        found.add(training_code())
        assert json.loads(training_code())["recipe"] == f"{TRAINING_RECIPE}+{code_digest()}"
    assert len(found) == 3


def test_the_order_of_modules_does_not_matter(code):
    before = training_code()
    shuffled = dict(reversed(code.items()))
    code.clear()
    code.update(shuffled)
    assert training_code() == before
