"""The section `context`, the track that follows from it, and the baselines of a track."""

import pytest
import yaml

from whosaid.config.output_paths import exports, recorded
from whosaid.config.parse import ConfigError, parse_config
from whosaid.config.stage_settings import settings_text

BASE = "config/config.yaml"
D = {"before": 3, "after": 3, "names": "around", "scene_names": "others"}


@pytest.fixture
def raw():
    with open(BASE, encoding="utf-8") as file:
        return yaml.safe_load(file)


def with_context(raw, context, **more):
    raw["variants"]["around"] = {"context": context, **more}
    return raw


def faults(raw):
    with pytest.raises(ConfigError) as error:
        parse_config(raw)
    return str(error.value).splitlines()


@pytest.mark.parametrize(
    ("context", "track"),
    [
        (None, "A"),
        ({}, "B"),
        ({"before": "scene", "after": 0}, "B"),
        ({"names": "before"}, "C"),
        ({"names": "around", "texts": False}, "D"),
        ({"scene_names": "others"}, "D"),
        (D, "D"),
        (D | {"scene_names": "all"}, "E"),
    ],
)
def test_the_track_follows_from_the_context(context, track, raw):
    assert parse_config(with_context(raw, context)).variants["around"].track == track


def test_each_variant_is_compared_with_one_of_its_track(raw):
    config = parse_config(with_context(raw, D))
    assert {config.reference_of(name) for name in config.variants if name != "around"} == {
        "basic_distilbert"
    }
    assert config.reference_of("around") == "around"
    raw["reference"] = "around"
    config = parse_config(raw)
    assert config.reference_of("around") == "around"
    assert config.reference_of("tfidf") == "basic_distilbert"


@pytest.mark.parametrize(
    ("context", "fault"),
    [
        ({"texts": False}, "gives nothing to read"),
        ({"before": 0, "after": 0}, "gives nothing to read"),
        ({"before": -1}, "variants.around.context.before"),
        ({"before": "episode"}, "variants.around.context.before"),
        ({"before": True}, "variants.around.context.before"),
        ({"names": "all"}, "'all'"),
        ({"across_scenes": True, "after": "scene"}, "across_scenes"),
        ({"befor": 2}, "did you mean before?"),
        ({"reading": "scene"}, "reading: scene needs before: scene"),
        ({"before": "scene", "after": "scene", "reading": "scene", "shuffled": True}, "shuffled"),
    ],
)
def test_a_context_that_will_not_do_is_refused(context, fault, raw):
    assert any(fault in line for line in faults(with_context(raw, context)))


def test_a_scene_that_is_read_once_cannot_be_resampled(raw):
    scene = {"before": "scene", "after": "scene", "reading": "scene"}
    parse_config(with_context(raw, scene))
    assert any("resample" in line for line in faults(with_context(raw, scene, resample={})))


def test_baselines_of_scenes_that_are_read_once_read_line_by_line(raw):
    scene = {"before": "scene", "after": "scene", "reading": "scene", "names": "around"}
    config = parse_config(with_context(raw, scene) | {"track_baselines": True})
    assert config.variants["track_D_shuffled"].context.reading == "window"


def test_a_feature_that_the_context_does_not_give_is_refused(raw):
    linear = {"classifier": "linear", "linear": {"features": ["context_words", "context_names"]}}
    [fault] = faults(with_context(raw, {}, **linear))
    assert fault.startswith("variants.around.linear.features: 'context_names'")
    assert "gives context_words" in fault
    [*found] = faults(with_context(raw, None, **linear))
    assert len(found) == 2 and "gives nothing" in found[0]


def test_a_corpus_without_scenes_has_no_context_within_scenes(raw):
    raw["corpus"]["columns"] = {"speaker": "who", "line": "what", "episode": "part"}
    raw["variants"] = {"basic": {}}
    [fault] = faults(with_context(raw, {}))
    assert fault.startswith("variants.around.context: 'scene'") and "corpus.scenes" in fault
    parse_config(with_context(raw, {"across_scenes": True}))
    assert faults(with_context(raw, {"across_scenes": True, "scene_names": "all"}))


def test_settings_of_a_variant_without_context_know_no_context(raw):
    """The splits and models of configs from before there was this key stay fresh."""
    config = parse_config(with_context(raw, {}))
    plain = settings_text(config, "split_lines", {"variant": "basic_distilbert"})
    assert "context" not in plain
    assert '"before": 2' in settings_text(config, "split_lines", {"variant": "around"})


def test_baselines_are_added_for_each_track_in_use(raw):
    raw["track_baselines"] = True
    config = parse_config(with_context(raw, D, split={"seed": 5}))
    added = [name for name in config.variants if name.startswith("track_")]
    assert added == [
        "track_A_tfidf",
        "track_A_without_text",
        "track_D_tfidf",
        "track_D_without_text",
        "track_D_shuffled",
    ]
    assert {config.variants[name].track for name in added[2:]} == {"D"}
    assert {config.variants[name].split.seed for name in added[2:]} == {5}
    assert config.variants["track_D_shuffled"].context.shuffled
    assert config.variants["track_D_without_text"].linear.features == (
        "context_names",
        "scene_names",
    )


def test_a_baseline_of_the_users_own_stays(raw):
    own = {"classifier": "linear", "linear": {"features": ["word_count"]}, "title": "Mine"}
    raw |= {"track_baselines": True}
    raw["variants"]["track_A_tfidf"] = own
    assert parse_config(raw).variants["track_A_tfidf"].title == "Mine"


def test_a_variant_with_context_is_not_exported_and_predicts_no_file(raw):
    raw["new_lines"] = {"mine": "mine.csv"}
    config = parse_config(with_context(raw, D))
    assert not any("/around/" in path for path in exports(config))
    assert "results/demo/new/mine/around.parquet" not in recorded(config)
    assert "results/demo/new/mine/tfidf.parquet" in recorded(config)


@pytest.mark.parametrize("value", [-1, True, None, "all", 1001, 1.5])
def test_a_number_of_lines_that_will_not_do_is_one_line(value, raw):
    """It was two, with the names of functions of pydantic."""
    [said] = faults(with_context(raw, {"before": value}))
    told = "" if value is None else f"{value!r}: "
    assert said == (
        f"variants.around.context.before: {told}must be a number from 0 to 1000, or `scene`"
    )


def test_names_before_without_lines_before_are_refused(raw):
    """The variant was of track C and knew nobody."""
    [said] = faults(with_context(raw, {"before": 0, "after": 2, "names": "before"}))
    assert said.startswith("variants.around.context: names: before with before: 0 names nobody")


def test_a_context_that_a_linear_baseline_does_not_read_is_refused(raw):
    """It stood in the table of track B with the figures of TF-IDF."""
    [said] = faults(with_context(raw, {}, classifier="linear"))
    assert said.startswith("variants.around.context: no feature of this linear baseline reads it")
    raw["defaults"]["context"] = {}
    del raw["variants"]["around"]["context"]
    assert parse_config(raw).variants["around"].context


def test_a_baseline_of_a_track_may_be_the_reference_or_be_left_out(raw):
    """Null brought it back, and its name was unknown."""
    raw = with_context(raw, {}) | {"track_baselines": True, "reference": "track_A_tfidf"}
    config = parse_config(raw)
    assert config.reference_of("tfidf") == "track_A_tfidf"
    assert "track_B_shuffled" in config.variants
    assert parse_config(config.model_dump(mode="json")) == config
    raw["variants"]["track_B_shuffled"] = None
    assert "track_B_shuffled" not in parse_config(raw).variants
