"""Splits in folds: each fold is a variant, and the variant itself pools what they predict."""

import json

import pytest
import yaml

from whosaid.config import stage_settings
from whosaid.config.output_paths import asked, metrics, recorded
from whosaid.config.parse import ConfigError, chosen_variants, parse_config
from whosaid.errors import InputError
from whosaid.reporting.recipe_differences import recipes

RAW = """
experiment: toy
corpus: {csv: lines.csv, target_speaker: dwight, word_tokenizer: preserve_line}
encoders: {small: {scratch: {architecture: distilbert}}}
defaults:
  encoder: small
  deduplicate: normalised
  split: {method: group_kfold, group_by: episode, folds: 3, seed: 5}
  training: {seeds: [1, 2]}
variants:
  plain: {title: Plain, min_words: 4, threshold_beta: 0.5, resample: {oversample_positives: 2}}
  words: {classifier: linear, linear: {features: [word_count]}}
"""


@pytest.fixture
def raw():
    return yaml.safe_load(RAW)


def faults_of(raw):
    with pytest.raises(ConfigError) as error:
        parse_config(raw)
    return {".".join(path): text for path, text in error.value.problems}


def test_each_fold_is_trained_and_the_variant_pools_them(raw):
    config = parse_config(raw)
    folds = ("plain_fold_1", "plain_fold_2", "plain_fold_3")
    assert config.members_of("plain") == folds
    for number, fold in enumerate(folds, start=1):
        spec = config.variants[fold]
        assert (spec.classifier, spec.split.fold, spec.seeds) == ("encoder", number, (1, 2))
        assert (spec.min_words, spec.resample.oversample_positives) == (4, 2)
        assert spec.title == f"Plain, fold {number}"
    plain = config.variants["plain"]
    assert (plain.weights, plain.seeds, plain.title) == ("pooled", (1, 2), "Plain")
    assert (plain.split.fold, plain.split.folds, plain.min_words) == (None, 3, 4)
    assert (plain.threshold_beta, plain.deduplicate, plain.resample) == (0.5, "normalised", None)
    assert config.variants["words"].seeds == (1,)


def test_folds_have_models_and_no_row(raw):
    config = parse_config(raw)
    assert config.shown == ["plain", "words"]
    assert not any("_fold_" in path for path in metrics(config))
    assert asked(config) == []
    assert "data/toy/models/plain_fold_3/seed_2/manifest.json" in recorded(config)
    assert "results/toy/predictions/plain/seed_2/scores.json" in recorded(config)


def test_a_variant_in_folds_is_judged_like_any_other(raw):
    config = parse_config(raw)
    assert config.is_baseline("words") and not config.is_baseline("plain")
    assert config.unit_of("plain") == "episode"
    assert config.reference_of("words") == "plain"


def test_one_fold_alone_is_an_ordinary_variant(raw):
    raw["variants"]["plain"]["split"] = {"fold": 2}
    config = parse_config(raw)
    assert config.variants["plain"].classifier == "encoder"
    assert config.members_of("plain") == () and config.shown == ["plain", "words"]


def test_the_folds_of_an_ensemble_combine_those_of_its_members(raw):
    ensemble = {"members": ["plain", "words"], "weights": "learned"}
    raw["variants"]["both"] = {"classifier": "ensemble", "ensemble": ensemble}
    raw["variants"]["plain"] = {}
    config = parse_config(raw)
    assert config.members_of("both") == ("both_fold_1", "both_fold_2", "both_fold_3")
    assert config.members_of("both_fold_2") == ("plain_fold_2", "words_fold_2")
    assert config.variants["both_fold_2"].split.fold == 2
    assert config.valid_chooses("both") == "weights"
    assert (config.variants["both"].seeds, config.variants["both_fold_1"].seeds) == ((1,), (1,))
    settings = stage_settings.settings_text(config, "pool_folds", {"variant": "both", "seed": "1"})
    assert json.loads(settings)["folds"] == [*config.members_of("both")]


def test_the_baselines_of_a_track_have_the_folds_of_its_encoder(raw):
    raw["track_baselines"] = True
    config = parse_config(raw)
    assert config.members_of("track_A_tfidf") == tuple(
        f"track_A_tfidf_fold_{number}" for number in (1, 2, 3)
    )


def test_splits_from_before_there_were_folds_stay_fresh(raw):
    raw["defaults"]["split"] = {"method": "group_shuffle", "group_by": "episode"}
    settings = stage_settings.settings_text(parse_config(raw), "split_lines", {"variant": "plain"})
    assert not {"folds", "fold"} & {*json.loads(settings)["split"]}


@pytest.mark.parametrize(
    ("split", "said"),
    [
        ({"folds": 2}, "greater than or equal to 3"),
        ({"folds": None}, "folds is 3 or more with method group_kfold"),
        ({"group_by": None}, "group_by is episode or scene with method group_shuffle or group_k"),
        ({"method": "group_shuffle"}, "method group_shuffle with folds 3"),
        ({"fold": 4}, "fold 4 of folds 3; fold is 1 to folds"),
    ],
)
def test_a_split_that_cannot_be_is_refused_once(raw, split, said):
    raw["variants"]["plain"]["split"] = split
    [(path, text)] = faults_of(raw).items()
    assert path.startswith("variants.plain.split") and said in text


def test_what_has_no_folds_is_refused_where_it_stands(raw):
    raw["variants"] |= {
        "plain_fold_2": {"split": {"fold": 2}},
        "tuned": {"classifier": "linear", "search": {"settings": {"linear.C": [1, 2]}}},
        "mine": {
            "classifier": "ensemble",
            "ensemble": {"members": ["plain", "words"], "weights": "pooled"},
        },
        "mixed": {"classifier": "ensemble", "ensemble": {"members": ["words", "plain_fold_2"]}},
    }
    raw["variants"]["plain"] = {}
    faults = faults_of(raw)
    said = "its fold plain_fold_2 is named as the variant plain_fold_2"
    assert said in faults["variants.plain.split.folds"]
    assert "search with one split first" in faults["variants.tuned.search"]
    assert "is what split.folds makes" in faults["variants.mine.ensemble.weights"]
    assert (
        "hold out other rows: split.fold is null and 2" in faults["variants.mixed.ensemble.members"]
    )
    assert len(faults) == 4


@pytest.mark.parametrize(
    ("name", "other", "said"),
    [
        ("Basic", "basic_fold_1", "its fold Basic_fold_1 is named as the variant basic_fold_1"),
        ("v" + "".join(map(str, range(53))), "other", "a name is a plain word"),
    ],
)
def test_folds_whose_names_files_cannot_have_are_refused(raw, name, other, said):
    """They once ended in a traceback, since only the folds, which nobody wrote, have such names."""
    raw["variants"] = {name: {}, other: {"split": {"fold": 2}}}
    [(path, text)] = faults_of(raw).items()
    assert path == f"variants.{name}.split.folds" and said in text


def test_somebody_to_ask_is_named_where_there_is_no_model(raw):
    ensemble = {"members": ["plain", "words"]}
    raw["variants"]["plain"] = {}
    raw["variants"]["both"] = {"title": "Both", "classifier": "ensemble", "ensemble": ensemble}
    config = parse_config(raw)
    with pytest.raises(
        InputError, match=r"VARIANT=plain: a variant in folds .* plain_fold_1, plai"
    ):
        chosen_variants(config, "plain")
    with pytest.raises(
        InputError, match=r"VARIANT=both: .*; choose one of its folds, plain_fold_1, "
    ):
        chosen_variants(config, "both")
    assert config.ensemble_titles == ["plain", "words", "Both"]
    assert chosen_variants(config, "plain_fold_2") == ["plain_fold_2"]


def test_the_report_shows_the_recipe_of_the_folds(raw):
    """A variant in folds trains nothing itself, and once seemed to have no recipe at all."""
    raw["variants"]["plain"]["training"] = {"learning_rate": 0.01}
    raw["variants"]["other"] = {}
    raw["variants"]["both"] = {
        "classifier": "ensemble",
        "ensemble": {"members": ["other", "words"], "weights": "learned"},
    }
    config = parse_config(raw).model_dump(mode="json")
    shown = {"plain": "Plain", "other": "Other", "both": "Both"}
    page = recipes(config, shown, "other", {})
    lines = [" ".join(line.split()) for line in page.splitlines()]
    assert "| Plain | training.learning_rate | 0.01 | 5e-05 |" in lines
    assert any(line.startswith("| Plain | resample.oversample_positives | 2 |") for line in lines)
    assert any(line.startswith("| Other | small: built here") for line in lines)
    assert any("fitted on valid, on what is predicted by other, words" in line for line in lines)
    assert "fold" not in page.replace("split.fold", "")


def test_exports_from_before_there_were_folds_stay_fresh(raw):
    raw["defaults"]["split"] = {"method": "group_shuffle", "group_by": "episode"}
    wildcards = {"variant": "plain", "seed": "1"}
    settings = stage_settings.settings_text(parse_config(raw), "export_model", wildcards)
    assert not {"folds", "fold"} & {*json.loads(settings)["recipe"]["split"]}


def test_a_hundred_folds_are_the_most(raw):
    """A hundred million had the config hang before anything was printed."""
    raw["defaults"]["split"]["folds"] = 100_000_000
    said = "100000000: input should be less than or equal to 100"
    assert faults_of(raw) == {"defaults.split.folds": said}
