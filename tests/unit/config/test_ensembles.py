import copy

import pytest
import yaml

from whosaid.config.output_paths import weighed
from whosaid.config.parse import ConfigError, merge, parse_config

RAW = """
experiment: toy
corpus: {csv: lines.csv, target_speaker: dwight, word_tokenizer: preserve_line}
encoders: {small: {scratch: {architecture: distilbert}}}
defaults: {encoder: small, training: {seeds: [1, 2]}}
variants:
  plain: {}
  words: {classifier: linear}
  length: {classifier: linear, linear: {features: [word_count]}}
  other_split: {split: {seed: 28}}
  scenes: {split: {method: group_shuffle, group_by: scene}}
  distinct: {deduplicate: exact}
  long: {min_words: 6}
  learns_long: {min_words: 6, min_words_scope: train, resample: {oversample_positives: 2}}
  both: {classifier: ensemble, ensemble: {members: [plain, words]}}
"""


@pytest.fixture
def raw():
    return yaml.safe_load(RAW)


def of(raw, *members, **changes):
    """The config with an ensemble of these members, called `both`."""
    both = {"classifier": "ensemble", "ensemble": {"members": list(members)}}
    raw = copy.deepcopy(raw)
    raw["variants"]["both"] = both | changes
    return raw


def fault(raw):
    with pytest.raises(ConfigError) as refused:
        parse_config(raw)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_an_ensemble_has_the_rows_of_its_members_and_one_seed(raw):
    config = parse_config(of(raw, "scenes"))
    assert config.variants["both"].split == config.variants["scenes"].split
    assert config.variants["both"].seeds == (1,)
    assert config.unit_of("both") == "scene"
    config = parse_config(of(raw, "long"))
    assert config.variants["both"].min_words == 6
    # What a member does to its own train split is none of the ensemble's.
    config = parse_config(of(raw, "learns_long", "plain"))
    assert (config.variants["both"].min_words, config.variants["both"].resample) == (None, None)


def test_an_ensemble_of_baselines_is_a_baseline(raw):
    assert parse_config(of(raw, "words", "length")).is_baseline("both")
    assert not parse_config(of(raw, "words", "plain")).is_baseline("both")
    assert parse_config(raw).is_baseline("words")
    assert not parse_config(raw).is_baseline("plain")


MEMBERS = "variants.both.ensemble.members: "


@pytest.mark.parametrize(
    ("members", "said"),
    [
        (["plain", "word"], "'word' is not in variants; did you mean words? choose from plain,"),
        (["plain", "both"], "'both' is this ensemble itself; choose from plain, words,"),
        (["plain", "more"], "'more' is an ensemble too; name its members instead"),
        (["words"], "words alone, with one seed, is one model and no ensemble"),
        (["plain", "other_split"], "plain and other_split hold out other rows: split.seed is 27"),
        (["plain", "scenes"], "plain and scenes hold out other rows: split.method is datasets"),
        (["words", "plain", "distinct"], "words and distinct hold out other rows: deduplicate is"),
        (["plain", "long"], "plain and long hold out other rows: min_words is null and 6"),
        (["long", "learns_long"], "long and learns_long hold out other rows: min_words is 6 and"),
    ],
)
def test_members_that_will_not_do_are_refused_in_one_line(members, said, raw):
    raw["variants"]["more"] = {"classifier": "ensemble", "ensemble": {"members": ["plain"]}}
    assert fault(of(raw, *members)).startswith(MEMBERS + said)


def test_a_member_that_an_overlay_leaves_out_is_refused(raw):
    left_out = merge(raw, {"variants": {"words": None}})
    assert fault(left_out).startswith(f"{MEMBERS}'words' is not in variants")


def test_an_ensemble_names_its_members_and_no_other_variant_has_any(raw):
    said = "variants.both.classifier: ensemble without ensemble.members"
    assert fault(of(raw, ensemble=None)).startswith(said)
    said = "variants.both.classifier: encoder with ensemble.members"
    assert fault(of(raw, "plain", classifier="encoder")).startswith(said)
    assert "name one variant twice" in fault(of(raw, "plain", "plain"))
    assert fault(of(raw)).startswith(MEMBERS)


@pytest.mark.parametrize(
    ("key", "value"),
    [("split", {"seed": 3}), ("min_words", 9), ("resample", {"oversample_positives": 2})],
)
def test_a_recipe_of_its_own_is_refused(key, value, raw):
    said = f"variants.both.{key}: an ensemble has the rows and the predictions of its members"
    assert fault(of(raw, "plain", **{key: value})).startswith(said)


def test_neighbours_are_read_only_of_members_that_know_no_names(raw):
    """What a model predicts for the next line, when it is told who says this one, tells it."""
    before, around = ({"context": {"names": names}} for names in ("before", "around"))
    raw["variants"] |= {"texts": {"context": {}}, "named": before, "named_too": around}
    raw["variants"]["both"] = {"classifier": "ensemble"}

    def read_by(*members, weights="learned"):
        ensemble = {"members": list(members), "weights": weights, "neighbours": 2}
        return of(raw, *members, ensemble=ensemble)

    assert parse_config(read_by("plain", "words")).track_of("both") == "B"
    assert parse_config(read_by("plain", "texts")).track_of("both") == "B"
    assert parse_config(read_by("words")).members_of("both") == ("words",)
    mixed = parse_config(read_by("plain", "named", "texts"))
    assert mixed.neighbours_by("both") == ["plain", "texts"] and mixed.track_of("both") == "C"
    said = (
        "variants.both.ensemble.neighbours: named, named_too: each knows who speaks around a line"
    )
    assert fault(read_by("named", "named_too")).startswith(said)
    said = "neighbours: 2 needs weights: learned"
    assert said in fault(read_by("plain", "words", weights="equal"))
    without = of(raw, ensemble={"members": ["plain", "named"], "weights": "learned"})
    assert parse_config(without).track_of("both") == "C"
    assert parse_config(without).neighbours_by("both") == []


@pytest.mark.parametrize("members", [["plain", "words"], ["words", "plain"]])
def test_members_may_learn_from_another_share_of_train(raw, members):
    raw = of(raw, *members)
    raw["variants"]["plain"]["split"] = {"train_share": 0.5}
    config = parse_config(raw)
    assert config.variants["both"].split.train_share is None
    assert parse_config(config.model_dump(mode="json")) == config


def test_the_whole_config_that_a_report_shows_is_accepted(raw):
    config = parse_config(of(raw, "long"))
    assert parse_config(config.model_dump(mode="json")) == config


def test_words_are_weighed_by_the_models_that_read_them(raw):
    features = {"features": ["word_count", "word_ngrams"]}
    raw["variants"]["mixed"] = {"classifier": "linear", "linear": features}
    config = parse_config(raw)
    assert set(config.variants) - {*weighed(config)} == {"length", "both"}


OF_TRACKS = {
    "plain": {"split": {"method": "group_shuffle", "group_by": "episode"}},
    "length": None,
}


@pytest.mark.parametrize("members", [["track_A_tfidf", "plain"], ["plain", "track_A_tfidf"]])
def test_a_baseline_of_a_track_is_a_member_as_any_other(raw, members):
    """Named first, it once gave the ensemble the rows of the defaults."""
    raw = of(raw, *members) | {"track_baselines": True}
    raw["variants"] = merge(raw["variants"], OF_TRACKS)
    config = parse_config(raw)
    assert config.variants["both"].split == config.variants["plain"].split
    folds = {"method": "group_kfold", "group_by": "episode", "folds": 3}
    raw["variants"]["both"]["split"] = folds
    assert fault(raw).startswith("variants.both.split: an ensemble has the rows")


@pytest.mark.parametrize("key", ["linear", "max_length", "training"])
def test_what_would_train_an_ensemble_is_refused(raw, key):
    """It ran without a word."""
    values = {"linear": {"C": 5.0}, "max_length": 10, "training": {"learning_rate": 0.5}}
    said = f"variants.both.{key}: an ensemble trains no model; leave it out"
    assert fault(of(raw, "plain", "words", **{key: values[key]})) == said


def test_two_rows_of_one_title_are_refused(raw):
    raw["variants"]["plain"]["title"] = "words"
    assert fault(raw) == "variants.words.title: 'words': plain is called so; choose another"
