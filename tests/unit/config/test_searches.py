"""Searches: a variant with several settings to try becomes the best of as many trials."""

import pytest
import yaml

from whosaid.config.output_paths import asked, metrics, recorded, training_records
from whosaid.config.parse import ConfigError, parse_config

RAW = """
experiment: toy
corpus: {csv: lines.csv, target_speaker: dwight, word_tokenizer: preserve_line}
encoders: {small: {scratch: {architecture: distilbert}}}
defaults: {encoder: small, training: {seeds: [1, 2], num_train_epochs: 3}}
variants:
  plain: {}
  words: {classifier: linear, linear: {C: 0.5, features: [word_count]}}
"""
RATES = {"training.learning_rate": [1.0e-5, 1.0e-4], "training.num_train_epochs": [1, 2]}


@pytest.fixture
def raw():
    return yaml.safe_load(RAW)


def tuned(raw, search, **recipe):
    """The raw config with one more variant, which has this search."""
    raw["variants"]["tuned"] = {"title": "Tuned", "search": search, **recipe}
    return raw


def test_each_combination_is_a_trial_with_the_rest_of_the_recipe(raw):
    config = parse_config(tuned(raw, {"settings": RATES}, min_words=4, threshold_beta=0.5))
    trials = [f"tuned_{number}" for number in range(1, 5)]
    assert list(config.variants) == ["plain", "words", *trials, "tuned"]
    assert config.members_of("tuned") == (*trials,)
    tried = {
        (each.training.learning_rate, each.training.num_train_epochs)
        for each in map(config.variants.get, trials)
    }
    assert tried == {(1e-5, 1), (1e-5, 2), (1e-4, 1), (1e-4, 2)}
    assert {config.variants[trial].min_words for trial in trials} == {4}
    best = config.variants["tuned"]
    assert (best.title, best.weights, best.seeds, best.min_words) == ("Tuned", "best", (1, 2), 4)
    assert best.threshold_beta == 0.5
    assert config.valid_chooses("tuned") == "member"
    assert not config.is_baseline("tuned")


def test_trials_have_models_and_records_but_no_row(raw):
    config = parse_config(tuned(raw, {"settings": RATES}))
    assert config.shown == ["plain", "words", "tuned"]
    assert not any("tuned_1" in path for path in [*metrics(config), *training_records(config)])
    assert asked(config) == ["plain", "words"]
    kept = [path for path in recorded(config) if "tuned_1" in path]
    assert "data/toy/models/tuned_1/seed_2/manifest.json" in kept
    assert "results/toy/predictions/tuned_1/seed_2/scores.json" in kept
    # `verify` did not look at these.
    assert "data/toy/splits/tuned_1/split_counts.json" in kept
    assert "results/toy/audit/tuned_1.json" in kept


def test_trials_may_have_rows_that_are_named_by_their_settings(raw):
    config = parse_config(tuned(raw, {"settings": RATES, "show_trials": True}))
    trials = list(config.members_of("tuned"))
    assert config.shown == ["plain", "words", *trials, "tuned"]
    titles = [config.variants[trial].title for trial in trials]
    assert "Tuned: learning_rate 0.0001, num_train_epochs 2" in titles and len({*titles}) == 4
    assert "results/toy/metrics/tuned_4/test.json" in metrics(config)
    assert config.reference_of("tuned_2") == config.reference_of("tuned") == "plain"


def test_random_trials_differ_and_are_the_same_every_time(raw):
    search = {"method": "random", "trials": 3, "settings": {"linear.C": [0.1, 0.2, 0.4, 0.8, 1.6]}}

    def tried(seed):
        given = tuned(raw, {**search, "seed": seed}, classifier="linear")
        config = parse_config(given)
        assert config.is_baseline("tuned") and config.variants["tuned"].seeds == (1,)
        return [config.variants[name].linear.C for name in config.members_of("tuned")]

    assert len({*tried(1)}) == 3
    assert tried(1) == tried(1)
    assert len({(*tried(seed),) for seed in range(5)}) > 1


def test_the_settings_of_the_trials_reach_the_record_of_the_search(raw):
    from whosaid.config.stage_settings import combine_predictions

    config = parse_config(tuned(raw, {"settings": RATES}))
    settings = combine_predictions(config, "tuned", "2")
    assert [each["name"] for each in settings["members"]] == [*config.members_of("tuned")]
    for name, given in zip(config.members_of("tuned"), settings["settings"], strict=True):
        training = config.variants[name].training
        assert given["training.learning_rate"] == training.learning_rate
        assert given["training.num_train_epochs"] == training.num_train_epochs


def test_the_config_with_its_trials_is_accepted_again(raw):
    config = parse_config(tuned(raw, {"settings": RATES}))
    assert parse_config(config.model_dump(mode="json")) == config


@pytest.mark.parametrize(
    ("search", "said"),
    [
        (
            {"settings": {}},
            "variants.tuned.search: 1 of 1 combinations of settings; a search tries",
        ),
        ({"settings": {"linear.C": []}}, "variants.tuned.search: settings: linear.C has no values"),
        ({"settings": {"linear.C": [1]}}, "variants.tuned.search: 1 of 1 combinations"),
        ({"settings": {"linear.C": [*range(1, 99)]}}, "variants.tuned.search: 98 of 98"),
        (
            {"settings": {"linear.C": [1, 2]}, "method": "random"},
            "variants.tuned.search: trials: a number with method random, null with grid",
        ),
        (
            {"settings": {"linear.C": [1, 2]}, "method": "random", "trials": 3},
            "variants.tuned.search: 3 of 2 combinations",
        ),
        ({"settings": {"linear.D": [1, 2]}}, "variants.tuned.search.settings.linear.D: unknown"),
        ({"settings": {"linear.C": [1, -2]}}, "variants.tuned.search.settings.linear.C: -2: input"),
        (
            {"settings": {"split.seed": [1, 2]}},
            "variants.tuned.search.settings: tuned_1 and tuned_2 hold out other rows: split.seed",
        ),
    ],
)
def test_a_search_that_will_not_do_is_refused(search, said, raw):
    with pytest.raises(ConfigError) as refused:
        parse_config(tuned(raw, search, classifier="linear"))
    assert str(refused.value).splitlines()[0].startswith(said)


def test_a_fault_that_all_trials_share_is_named_once(raw):
    """A misspelt key in the settings, or in the recipe, was named once for each trial."""
    for key, recipe in (("linear.D", {}), ("linear.C", {"min_word": 6})):
        search = {"settings": {key: [1, 2, 3]}}
        with pytest.raises(ConfigError) as refused:
            parse_config(tuned(raw, search, classifier="linear", **recipe))
        [line] = str(refused.value).splitlines()
        place = "variants.tuned.min_word: " if recipe else "variants.tuned.search.settings.linear.D"
        assert line.startswith(place)


def test_a_variant_that_has_the_name_of_a_trial_is_refused(raw):
    raw["variants"]["tuned_2"] = {}
    with pytest.raises(ConfigError, match="there is a variant of such a name"):
        parse_config(tuned(raw, {"settings": RATES}))


def test_an_ensemble_may_have_a_search_as_member(raw):
    """It was refused as an ensemble, and its trials were no way around: only one of them counts."""
    search = {"settings": {"training.learning_rate": [1.0e-5, 1.0e-4]}}
    raw = tuned(raw, search, split={"seed": 5}, context={"names": "before"})
    raw["variants"]["alike"] = {"classifier": "linear", "split": {"seed": 5}}
    members = {"members": ["tuned", "alike"], "weights": "learned"}
    raw["variants"]["both"] = {"classifier": "ensemble", "ensemble": members}
    config = parse_config(raw)
    assert config.variants["both"].split.seed == 5
    assert config.valid_chooses("both") == "member" and not config.is_baseline("both")
    raw["variants"]["both"]["ensemble"] = {**members, "neighbours": 1}
    assert parse_config(raw).neighbours_by("both") == ["alike"]  # the trials read names
    raw["variants"]["both"]["ensemble"] = {"members": ["tuned", "words"]}
    with pytest.raises(ConfigError, match="tuned and words hold out other rows: split"):
        parse_config(raw)


def test_an_ensemble_has_nothing_to_search(raw):
    both = {"classifier": "ensemble", "ensemble": {"members": ["plain", "words"]}}
    with pytest.raises(ConfigError, match=r"^variants\.tuned\.search: an ensemble is not trained"):
        parse_config(tuned(raw, {"settings": RATES}, **both))


@pytest.mark.parametrize("seeds", [5, "42", None, [1, "one"]])
def test_faulty_seeds_are_refused_where_they_stand(seeds, raw):
    """A number where a list should be once ended the check with a traceback."""
    with pytest.raises(ConfigError, match=r"training\.seeds"):
        parse_config(tuned(raw, {"settings": RATES}, training={"seeds": seeds}))


def test_the_best_of_written_variants_needs_the_same_seeds_of_all(raw):
    best = {
        "classifier": "ensemble",
        "ensemble": {"members": ["plain", "words"], "weights": "best"},
    }
    raw["variants"]["best"] = best
    said = r"^variants\.best\.ensemble\.members: plain and words have other seeds, 1, 2 and 1; the"
    with pytest.raises(ConfigError, match=said):
        parse_config(raw)
    raw["variants"]["plain"]["training"] = {"seeds": [1]}
    config = parse_config(raw)
    assert config.variants["best"].seeds == (1,)
    assert config.shown == ["plain", "words", "best"]


@pytest.mark.parametrize(
    ("classifier", "settings"),
    [
        ("encoder", {"threshold_beta": [0.5, 2.0]}),
        ("encoder", {"calibration": [None, "temperature"]}),
        ("encoder", {"training.learning_rate": [1.0e-3, "1e-3"]}),
        ("encoder", {"linear.C": [0.1, 1.0]}),
        ("linear", {"training.learning_rate": [1.0e-3, 1.0e-4]}),
    ],
)
def test_a_search_of_what_changes_no_model_is_refused(raw, classifier, settings):
    """It was accepted, every trial was made, and the setting that was found was thrown away."""
    with pytest.raises(ConfigError) as refused:
        parse_config(tuned(raw, {"settings": settings}, classifier=classifier))
    said = "variants.tuned.search.settings: trials 1 and 2 are one recipe; "
    assert str(refused.value).startswith(said)


def test_a_setting_within_another_is_refused(raw):
    settings = {"training": [{}, {"weight_decay": 0.1}], "training.learning_rate": [1e-3, 1e-4]}
    with pytest.raises(ConfigError, match=r"training has training\.learning_rate in it"):
        parse_config(tuned(raw, {"settings": settings}))


def test_a_trial_is_no_reference_unless_it_has_a_row(raw):
    """It was accepted, and the figures then failed, after all trainings."""
    raw["reference"] = "tuned_1"
    search = {"settings": RATES}
    with pytest.raises(ConfigError, match=r"^reference: 'tuned_1' has no row of its own; choose"):
        parse_config(tuned(raw, search))
    assert parse_config(tuned(raw, search | {"show_trials": True})).reference == "tuned_1"
