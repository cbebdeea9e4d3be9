import copy
import inspect
import json
import math
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel, ValidationError
from snakemake.common.configfile import load_configfile
from snakemake.utils import update_config

from whosaid.config import stage_settings
from whosaid.config.parse import (
    ConfigError,
    in_base_order,
    merge,
    parse_config,
    read_config,
    read_config_file,
)
from whosaid.config.recipe_section import BestEpoch
from whosaid.evaluation.watched_metrics import WATCHED
from whosaid.reporting.figure_data import read_experiment
from whosaid.tokens.scratch_encoder import build_encoder

CONFIG = Path(__file__).parents[3] / "config"

VARIANTS = ("basic_distilbert", "basic_roberta", "rebalanced_distilbert")
VARIANTS += ("low_cutoff_distilbert", "augmented_vocab_distilbert")

BASELINES = ("tfidf", "length_only", "metadata_only")

MINIMAL = """
experiment: toy
corpus: {csv: lines.csv, target_speaker: dwight, word_tokenizer: preserve_line}
published_question: {target_speaker: dwight, top_speakers: 10}
encoders:
  small: {scratch: {architecture: distilbert}}
  large: {path: data/large}
defaults:
  encoder: small
  max_length: 128
  min_words: 3
  training: {learning_rate: 1.0e-3, seeds: [42]}
variants:
  plain: {}
  long: {encoder: large, max_length: null, training: {num_train_epochs: 2}}
"""

FIGURES = {
    name: {"train": 0.9, "test": 0.8, "valid": 0.8}
    for name in ("accuracy", "f1", "precision", "recall")
} | {"seconds": 60}
"""Published figures of a variant."""


def load(*names):
    """The files merged one over the other, as Snakemake merges --configfile."""
    merged = {}
    for name in names:
        update_config(merged, load_configfile(CONFIG / f"{name}.yaml"))
    return merged


def put(raw, path, value):
    """A copy of `raw` with `value` under the dotted `path`."""
    raw = copy.deepcopy(raw)
    *parents, last = path.split(".")
    here = raw
    for key in parents:
        if not isinstance(here.get(key), dict):
            here[key] = {}
        here = here[key]
    here[last] = value
    return raw


def faults(raw):
    """The dotted paths of all faults."""
    with pytest.raises(ConfigError) as caught:
        parse_config(raw)
    return [".".join(path) for path, _ in caught.value.problems]


@pytest.fixture
def raw():
    return yaml.safe_load(MINIMAL)


@pytest.fixture(scope="module")
def office():
    return parse_config(load("office"))


# How the config is read.


def test_a_variant_is_the_defaults_but_for_what_it_says(raw):
    config = parse_config(raw)
    plain, long = config.variants["plain"], config.variants["long"]
    assert (plain.encoder, plain.max_length, plain.min_words) == ("small", 128, 3)
    assert (long.encoder, long.min_words) == ("large", 3)
    # Sections are merged key by key, not replaced.
    assert (long.training.learning_rate, long.training.num_train_epochs) == (1e-3, 2)
    assert plain.training.num_train_epochs == 5


def test_null_in_a_variant_takes_a_default_away(raw):
    config = parse_config(put(raw, "variants.plain.min_words", None))
    assert config.variants["long"].max_length is None
    assert config.variants["plain"].max_length == 128
    assert config.variants["plain"].min_words is None


def test_null_takes_a_whole_section_of_the_defaults_away(raw):
    raw = put(raw, "defaults.resample", {"oversample_positives": 2})
    config = parse_config(put(raw, "variants.plain.resample", None))
    assert config.variants["plain"].resample is None
    assert config.variants["long"].resample.oversample_positives == 2


def test_a_variant_of_no_keys_is_the_defaults(raw):
    config = parse_config(put(raw, "variants.plain", {}))
    assert config.variants["plain"] == parse_config(raw).variants["plain"]


def test_a_variant_that_is_null_is_left_out(raw):
    assert "plain" not in parse_config(put(raw, "variants.plain", None)).variants


def test_a_list_replaces_the_default_list(raw):
    raw = put(raw, "defaults.annotate", ["directed_by", "writer1"])
    config = parse_config(put(raw, "variants.plain.annotate", ["title"]))
    assert config.variants["plain"].annotate == ("title",)
    assert config.variants["long"].annotate == ("directed_by", "writer1")


def test_merging_leaves_both_sides_as_they_were():
    base, overlay = {"a": {"b": 1}}, {"a": {"c": 2}}
    assert merge(base, overlay) == {"a": {"b": 1, "c": 2}}
    assert (base, overlay) == ({"a": {"b": 1}}, {"a": {"c": 2}})


def test_the_raw_config_is_left_as_it_was(raw):
    before = copy.deepcopy(raw)
    parse_config(raw)
    assert raw == before


def test_a_number_may_be_written_the_way_yaml_takes_for_text(raw):
    assert yaml.safe_load("5e-5") == "5e-5"
    spelt = [
        parse_config(put(raw, "defaults.training.learning_rate", rate)) for rate in ("5e-5", 5e-5)
    ]
    assert spelt[0].variants["plain"].training.learning_rate == 5e-5
    job = {"variant": "plain", "seed": "42"}
    texts = [stage_settings.settings_text(config, "train_model", job) for config in spelt]
    assert texts[0] == texts[1]


def test_an_integer_and_a_float_of_one_value_give_the_same_settings(raw):
    job = {"variant": "plain", "seed": "42"}
    texts = {
        stage_settings.settings_text(
            parse_config(put(raw, "defaults.training.num_train_epochs", epochs)), "train_model", job
        )
        for epochs in (5, 5.0, "5")
    }
    assert len(texts) == 1


def sections(value):
    if isinstance(value, BaseModel):
        yield value
        for name in type(value).model_fields:
            yield from sections(getattr(value, name))
    elif isinstance(value, dict):
        for item in value.values():
            yield from sections(item)


def test_the_config_is_frozen_at_every_depth(office):
    found = list(sections(office))
    assert len({type(section).__name__ for section in found}) >= 10
    for section in found:
        for name in type(section).model_fields:
            with pytest.raises(ValidationError, match="frozen"):
                setattr(section, name, getattr(section, name))


# What is refused.


def test_all_faults_are_reported_at_once_by_the_path_of_the_key(raw):
    raw = put(raw, "experiment", "two words")
    raw = put(raw, "corpus.top_speakers", 1)
    raw = put(raw, "encoders.small.scratch.hidden_size", 7)
    raw = put(raw, "encoders.large.hub", {"name": "a/b", "revision": "main"})
    raw = put(raw, "defaults.training.learning_rate", -1)
    raw = put(raw, "variants.plain.max_lenght", 64)
    raw = put(raw, "variants.plain.annotate", ["writer1", "writer1"])
    raw = put(raw, "variants.long.split.fractions.train", 0.9)
    raw = put(raw, "variants.long.encoder", "huge")
    del raw["corpus"]["csv"]
    assert set(faults(raw)) >= {
        "experiment",
        "corpus.csv",
        "corpus.top_speakers",
        "encoders.small.scratch",
        "encoders.large.hub.revision",
        "defaults.training.learning_rate",
        "variants.plain.max_lenght",
        "variants.long.split.fractions",
        "variants.long.encoder",
    }


def test_a_fault_is_one_line_with_path_and_value(raw):
    raw = put(raw, "defaults.training.learning_rate", "fast")
    with pytest.raises(ConfigError) as caught:
        parse_config(raw)
    assert str(caught.value).startswith("defaults.training.learning_rate: 'fast': ")
    assert "\n" not in str(caught.value)


def test_a_misspelt_key_gets_a_hint(raw):
    with pytest.raises(ConfigError, match="did you mean max_length"):
        parse_config(put(raw, "variants.plain.max_lenght", 64))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("training.learning_rate", -1),
        ("training.num_train_epoch", 3),
        ("split.fractions.train", 0.9),
        ("split.train_share", 1),
        ("split.method", "random"),
        ("max_length", 1),
        ("annotate", ["director"]),
        ("annotate", ["writer1", "writer1"]),
        ("encoder", "huge"),
    ],
)
def test_a_fault_in_the_defaults_is_reported_once_and_there(path, value, raw):
    del raw["variants"]["long"]["encoder"]
    del raw["variants"]["long"]["max_length"]
    [fault] = faults(put(raw, f"defaults.{path}", value))
    key = f"defaults.{path}"
    assert key.startswith(fault) or fault.startswith(key)


def test_a_fault_that_a_variant_repeats_is_reported_in_both_places(raw):
    raw = put(raw, "defaults.training.learning_rate", -1)
    raw = put(raw, "variants.long.training.learning_rate", -2)
    assert set(faults(raw)) == {
        "defaults.training.learning_rate",
        "variants.long.training.learning_rate",
    }


def test_fractions_that_only_a_variant_spoils_are_reported_there(raw):
    raw = put(raw, "defaults.split.fractions", {"train": 0.5, "test": 0.25, "valid": 0.25})
    raw = put(raw, "variants.long.split.fractions.train", 0.7)
    assert faults(raw) == ["variants.long.split.fractions"]


@pytest.mark.parametrize(
    "section",
    [
        "corpus",
        "encoders.small",
        "encoders.small.scratch",
        "encoders.hubbed.hub",
        "defaults",
        "defaults.split",
        "defaults.split.fractions",
        "defaults.resample",
        "defaults.training",
        "defaults.linear",
        "variants.plain",
        "variants.plain.split",
        "variants.plain.split.fractions",
        "variants.plain.resample",
        "variants.plain.training",
        "variants.plain.published",
        "variants.plain.published.f1",
        "published_question",
        "statistics",
        "audit",
        "audit.limits",
    ],
)
def test_an_unknown_key_is_refused_at_every_depth(section, raw):
    raw["encoders"]["hubbed"] = {"hub": {"name": "a/b", "revision": "0" * 40}}
    raw["variants"]["plain"]["published"] = copy.deepcopy(FIGURES)
    assert parse_config(raw)
    assert faults(put(raw, f"{section}.nonsense", 1)) == [f"{section}.nonsense"]


def test_an_unknown_key_is_refused_at_the_top(raw):
    assert faults(put(raw, "variantes", {})) == ["variantes"]


NUMBERS = (
    "corpus.top_speakers",
    "published_question.top_speakers",
    "encoders.small.scratch.vocab_size",
    "encoders.small.scratch.seed",
    "defaults.split.seed",
    "defaults.split.fractions.train",
    "defaults.resample.oversample_positives",
    "defaults.resample.undersample_negatives",
    "defaults.min_words",
    "defaults.max_length",
    "defaults.training.num_train_epochs",
    "defaults.training.per_device_train_batch_size",
    "defaults.training.gradient_accumulation_steps",
    "defaults.training.learning_rate",
    "defaults.training.weight_decay",
    "defaults.training.warmup_steps",
    "defaults.training.max_steps",
    "defaults.training.max_grad_norm",
    "defaults.linear.C",
    "statistics.confidence",
    "statistics.resamples",
    "audit.near_duplicate_similarity",
    "audit.limits.shared_scenes",
)


@pytest.mark.parametrize("value", [True, False, math.nan, math.inf, -math.inf, "many"], ids=str)
@pytest.mark.parametrize("path", NUMBERS)
def test_what_is_no_number_is_refused_where_a_number_belongs(path, value, raw):
    raw["variants"] = {"plain": {}}
    assert faults(put(raw, path, value)) == [path]


@pytest.mark.parametrize("value", [True, math.nan])
def test_what_is_no_number_is_refused_in_a_list_of_seeds(value, raw):
    raw["variants"] = {"plain": {}}
    assert faults(put(raw, "defaults.training.seeds", [42, value])) == ["defaults.training.seeds.1"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("defaults.training.seeds", []),
        ("defaults.training.seeds", [1, 1]),
        ("defaults.training.seeds", [2**32]),
        ("defaults.training.max_steps", 0),
        ("defaults.classifier", "forest"),
        ("defaults.linear.features", []),
        ("defaults.linear.features", ["word_count", "word_count"]),
        ("defaults.linear.features", ["line"]),
        ("defaults.deduplicate", "all"),
        ("defaults.min_words_scope", "test"),
        ("defaults.split.method", "group_shuffle"),
        ("defaults.split.group_by", "scene"),
        ("statistics.confidence", 1),
        ("statistics.unit", "line"),
        ("statistics.unit", ["scene"]),
        ("reference", "nobody"),
        ("reference", ""),
        ("reference", 3),
        ("statistics.reference", "plain"),
        ("published_question.target_speaker", ""),
        ("published_question.top_speakers", 1),
        ("published_question", {"target_speaker": "dwight"}),
        ("audit.limits.exact_duplicates", 1.1),
        ("variants.plain.annotate", ["writer1", "writer1"]),
        ("encoders.small", {}),
        ("encoders.small.path", "somewhere"),
        ("encoders.small.scratch.num_attention_heads", 3),
        ("experiment", "../elsewhere"),
        ("experiment", "sample"),
        ("experiment", "benchmarks"),
        ("experiment", "model_store"),
        ("variants", {}),
        ("variants.a-b", {}),
        ("encoders.a/b", {"path": "x"}),
        ("corpus.target_speaker", ""),
        ("corpus", None),
        ("experiment", None),
    ],
)
def test_impossible_values_are_refused(path, value, raw):
    if path != "variants":
        raw["variants"] = {"plain": {}}
    found = faults(put(raw, path, value))
    assert all(path.startswith(fault) or fault.startswith(path) for fault in found)


def test_a_variant_without_any_encoder_is_refused(raw):
    del raw["defaults"]["encoder"]
    assert faults(raw) == ["variants.plain.encoder"]


@pytest.mark.parametrize("raw", [{}, {"variants": 3}, {"variants": {"a": 3}}])
def test_a_config_of_the_wrong_shape_is_refused_like_any_other(raw):
    assert {"experiment", "corpus", "encoders"} <= set(faults(raw))


@pytest.mark.parametrize("defaults", [[], {"annotate": ["writer1", "writer1"]}])
def test_a_fault_of_the_defaults_as_a_whole_hides_no_other(defaults, raw):
    raw["variants"] = {"plain": {"encoder": "small"}}
    raw["defaults"] = defaults
    del raw["experiment"], raw["corpus"]["csv"]
    assert {"experiment", "corpus.csv"} < set(faults(raw))


def test_the_report_names_the_last_place_that_says_it(raw):
    overlay = {"defaults": {"training": {"learning_rate": -1}}}
    with pytest.raises(ConfigError) as caught:
        parse_config(merge(raw, overlay))
    report = caught.value.report({"config.yaml": raw, "mine.yaml": overlay, "--config": {}})
    assert report.startswith("mine.yaml: defaults.training.learning_rate: ")


# The shipped config files.


def test_every_shipped_config_resolves():
    for overlays in ([], ["office"], ["office", "office_minilm"], ["office", "fair"]):
        variants = parse_config(load("config", *overlays)).variants
        assert tuple(variants) == (*VARIANTS, *BASELINES)
        linear = [name for name, spec in variants.items() if spec.classifier == "linear"]
        assert linear == [*BASELINES]


def test_the_default_experiment_is_demo_and_leaves_the_folder_of_the_sample_alone():
    config = parse_config(load("config"))
    assert config.experiment == "demo"
    assert Path(config.corpus.csv).parent == Path("data/sample")
    with pytest.raises(ConfigError, match=r"^experiment: 'sample': this folder has another use"):
        parse_config(load("config") | {"experiment": "sample"})


def test_office_over_the_default_config_is_office_alone(office):
    merged = parse_config(load("config", "office"))
    assert merged.model_dump() == office.model_dump()


def test_office_pins_both_encoders(office):
    hubs = {name: encoder.hub.model_dump() for name, encoder in office.encoders.items()}
    assert hubs == {
        "distilbert": {
            "name": "distilbert/distilbert-base-uncased",
            "revision": "12040accade4e8a0f71eabdb258fecc2e7e948be",
        },
        "roberta": {
            "name": "FacebookAI/roberta-base",
            "revision": "e2da8e2f811d1448a5b465c236feacd80ffbac7b",
        },
    }


def test_office_asks_the_published_question(office):
    corpus = office.corpus
    assert (corpus.target_speaker, corpus.top_speakers) == ("dwight", 10)
    assert corpus.word_tokenizer == "punkt"
    assert office.published_question.model_dump() == {
        "target_speaker": "dwight",
        "top_speakers": 10,
    }
    assert office.asks_the_published_question


HALVES = {"train": 0.50, "test": 0.25, "valid": 0.25}
SEVENTIES = {"train": 0.70, "test": 0.15, "valid": 0.15}
BALANCE = {"oversample_positives": 2, "undersample_negatives": 0.5}
BALANCE |= {"undersample_to": None, "oversample_to": None}


@pytest.mark.parametrize(
    ("name", "encoder", "method", "fractions", "resample", "min_words", "annotate", "max_length"),
    [
        (VARIANTS[0], "distilbert", "datasets_stratified", HALVES, None, None, (), 128),
        (VARIANTS[1], "roberta", "datasets_stratified", HALVES, None, None, (), None),
        (VARIANTS[2], "distilbert", "pandas_per_class", SEVENTIES, BALANCE, None, (), 128),
        (VARIANTS[3], "distilbert", "pandas_per_class", SEVENTIES, None, 6, (), 128),
        (
            *(VARIANTS[4], "distilbert", "pandas_per_class", HALVES, None, None),
            *(("directed_by", "writer1"), 128),
        ),
    ],
)
def test_office_has_the_published_data_recipes(
    office, name, encoder, method, fractions, resample, min_words, annotate, max_length
):
    spec = office.variants[name]
    assert spec.encoder == encoder
    assert spec.split.method == method
    assert spec.split.fractions.model_dump() == fractions
    assert spec.split.seed == 27
    assert (spec.resample and spec.resample.model_dump()) == resample
    assert spec.min_words == min_words
    assert spec.annotate == annotate
    assert spec.max_length == max_length


@pytest.mark.parametrize("name", VARIANTS)
def test_office_has_the_published_training_arguments(office, name):
    accumulated = name == "basic_roberta"
    assert office.variants[name].training.model_dump() == {
        "num_train_epochs": 5,
        "max_steps": -1,
        "per_device_train_batch_size": 32,
        "per_device_eval_batch_size": 32,
        "gradient_accumulation_steps": 4 if accumulated else 1,
        "gpus": 1,
        "activation_checkpointing": accumulated,
        "learning_rate": 5e-5,
        "layerwise_learning_rate_decay": None,
        "weight_decay": 0.01,
        "lr_scheduler_type": "linear",
        "warmup_steps": 0,
        "max_grad_norm": 1.0,
        "train_sampling_strategy": "random",
        "precision": "float32",
        "class_weight": None,
        "focal_loss_gamma": None,
        "speaker_loss_weight": None,
        "best_epoch": None,
        "seeds": (42,),
    }


def test_a_pilot_goes_through_every_variant_with_less_of_train_and_the_same_rows_held_out():
    whole = parse_config(load("config", "office", "fair"))
    pilot = parse_config(load("config", "office", "fair", "pilot"))
    assert pilot.variants.keys() == whole.variants.keys()
    for name, spec in pilot.variants.items():
        assert spec.split.train_share == 0.1
        assert (spec.training.num_train_epochs, spec.training.max_steps) == (1, -1)
        assert spec.training.seeds == (42,)
        assert spec.split.model_copy(update={"train_share": None}) == whole.variants[name].split


def test_fair_holds_out_the_same_rows_for_every_variant_and_trains_all_alike():
    variants = parse_config(load("config", "office", "fair")).variants.values()
    for key in ("split", "deduplicate", "max_length", "training"):
        assert len({repr(getattr(spec, key)) for spec in variants}) == 1
    # What takes rows away before the split would take others from each variant.
    assert all(not spec.min_words or spec.min_words_scope == "train" for spec in variants)
    assert all(len(spec.seeds) >= 3 for spec in variants if spec.classifier == "encoder")
    assert all(len(spec.seeds) == 1 for spec in variants if spec.classifier == "linear")


PUBLISHED = """
0.961 / 0.810 / 0.806 | 0.875 / 0.330 / 0.322 | 0.978 / 0.417 / 0.402 | 0.791 / 0.274 / 0.268 | 9 48
0.917 / 0.824 / 0.825 | 0.703 / 0.314 / 0.324 | 0.909 / 0.474 / 0.480 | 0.573 / 0.235 / 0.245 | 45 23
0.956 / 0.747 / 0.748 | 0.951 / 0.375 / 0.373 | 0.969 / 0.325 / 0.325 | 0.934 / 0.443 / 0.437 | 9 42
0.989 / 0.811 / 0.814 | 0.969 / 0.372 / 0.384 | 0.988 / 0.442 / 0.456 | 0.951 / 0.321 / 0.332 | 8 47
0.977 / 0.805 / 0.807 | 0.929 / 0.328 / 0.334 | 0.977 / 0.400 / 0.409 | 0.885 / 0.278 / 0.283 | 9 58
"""  # noqa: E501


@pytest.mark.parametrize(
    ("name", "row"), zip(VARIANTS, PUBLISHED.strip().splitlines(), strict=True), ids=VARIANTS
)
def test_office_has_the_published_figures(office, name, row):
    published = office.variants[name].published.model_dump()
    *figures, time = row.split(" | ")
    for metric, cell in zip(("accuracy", "f1", "precision", "recall"), figures, strict=True):
        train, test, valid = map(float, cell.split(" / "))
        assert published[metric] == {"train": train, "test": test, "valid": valid}
    minutes, seconds = map(int, time.split())
    assert published["seconds"] == 60 * minutes + seconds


def test_the_minilm_overlay_changes_encoders_and_speed_only(office):
    minilm = parse_config(load("config", "office", "office_minilm"))
    assert minilm.experiment == "office_minilm"
    for encoder in minilm.encoders.values():
        assert encoder.model_dump(exclude_none=True) == {"path": "data/encoders/minilm"}
    assert minilm.corpus == office.corpus
    faster = {"precision", "per_device_eval_batch_size", "activation_checkpointing"}
    for name, spec in minilm.variants.items():
        published = office.variants[name]
        same = {"training": True, "title": True}
        assert spec.model_dump(exclude=same) == published.model_dump(exclude=same)
        assert spec.training.model_dump(exclude=faster) == published.training.model_dump(
            exclude=faster
        )


# What each stage gets of it.

JOB = {"variant": "plain", "seed": "42", "split": "test", "encoder": "small"}
STAGES = ("read_lines", "split_lines", "audit_splits", "fetch_encoder", "tokenize_splits")
STAGES += ("train_model", "predict_splits", "train_linear", "evaluate_splits", "compare_variants")
STAGES += ("evaluate_slices", "draw_figures", "summarize", "summarize_audit", "write_report")
STAGES += ("build_encoder", "describe_corpus", "inspect_tokens", "export_model")
STAGES += ("write_errors_page", "verify", "predict_new_lines", "informal_test")
STAGES += ("combine_predictions", "pool_folds", "weigh_words")

OF_ALL_VARIANTS = {"compare_variants", "evaluate_slices", "draw_figures", "summarize"}
OF_ALL_VARIANTS |= {"describe_corpus", "summarize_audit", "verify", "write_errors_page"}
OF_ALL_VARIANTS |= {"write_report", "informal_test"}

NAMED = OF_ALL_VARIANTS - {"draw_figures", "informal_test"}
NAMED |= {"audit_splits", "inspect_tokens", "evaluate_splits", "export_model", "weigh_words"}
"""Stages whose output carries the name of the experiment."""


HANDED_ON_TO = {"draw_figures": read_experiment, "build_encoder": build_encoder}
"""What takes the settings of the stages whose `main` hands them on."""


def settings_of(raw, stage, **job):
    return stage_settings.settings_text(parse_config(raw), stage, JOB | job)


def reordered(value, keep=()):
    """`value` with the keys of every mapping in reverse, but those named in `keep`."""
    if not isinstance(value, dict):
        return value
    return {
        key: copy.deepcopy(value[key]) if key in keep else reordered(value[key], keep)
        for key in reversed(value)
    }


@pytest.mark.parametrize("stage", STAGES)
def test_settings_are_one_text_that_scripts_can_read_back(stage, raw):
    loaded = json.loads(settings_of(raw, stage))
    assert settings_of(raw, stage) == json.dumps(loaded, sort_keys=True)


@pytest.mark.parametrize("stage", STAGES)
def test_settings_are_arguments_of_the_stages_main(stage, raw):
    taken = inspect.signature(HANDED_ON_TO.get(stage) or __import__(stage).main).parameters
    given = json.loads(settings_of(raw, stage))
    assert set(given) <= set(taken)
    assert not any(taken[name].kind is inspect.Parameter.VAR_KEYWORD for name in given)


@pytest.mark.parametrize("stage", STAGES)
def test_the_order_of_the_keys_does_not_matter(stage):
    raw = load("config" if stage == "build_encoder" else "office")
    # The order of the variants is that of the table's rows.
    other = reordered(raw)
    other["variants"] = {name: other["variants"][name] for name in raw["variants"]}
    job = {"variant": "basic_roberta", "encoder": "roberta"}
    assert json.dumps(raw) != json.dumps(other)
    assert settings_of(raw, stage, **job) == settings_of(other, stage, **job)


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage not in OF_ALL_VARIANTS])
@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("variants.long.title", "Long"),
        ("variants.long.max_length", 64),
        ("variants.long.min_words", 9),
        ("variants.long.annotate", ["title"]),
        ("variants.long.split.seed", 28),
        ("variants.long.training.num_train_epochs", 9),
        ("variants.long.training.seeds", [1, 2]),
        ("variants.another", {"encoder": "large"}),
        ("encoders.large.path", "data/larger"),
    ],
)
def test_a_sibling_variant_is_none_of_a_stages_business(stage, path, value, raw):
    assert settings_of(put(raw, path, value), stage) == settings_of(raw, stage)


@pytest.mark.parametrize("stage", STAGES)
def test_the_name_of_the_experiment_reaches_only_what_carries_it(stage, raw):
    same = settings_of(put(raw, "experiment", "other"), stage) == settings_of(raw, stage)
    assert same == (stage not in NAMED)


@pytest.mark.parametrize("stage", STAGES)
def test_the_path_of_the_csv_is_none_of_a_stages_settings(stage, raw):
    assert settings_of(put(raw, "corpus.csv", "other.csv"), stage) == settings_of(raw, stage)


SPEAKERS = {"csv": "lines.csv", "question": "speakers", "word_tokenizer": "preserve_line"}

ENSEMBLE = {
    "plain": {"classifier": "ensemble", "ensemble": {"members": ["long"]}},
    "long": {"training": {"seeds": [1, 2]}},
}
FOLDS = {
    "plain": {"split": {"method": "group_kfold", "group_by": "scene", "folds": 3}},
    "long": {},
}
OWN_SETTINGS = {
    "read_lines": {"corpus.target_speaker": "jim", "corpus.top_speakers": 5, "corpus": SPEAKERS},
    "split_lines": {
        "corpus.target_speaker": "jim",
        "corpus.top_speakers": 5,
        "corpus": SPEAKERS,
        "corpus.word_tokenizer": "punkt",
        "variants.plain.split.method": "pandas_per_class",
        "variants.plain.split.seed": 28,
        "variants.plain.split.train_share": 0.5,
        "variants.plain.split.fractions": {"train": 0.7, "test": 0.15, "valid": 0.15},
        "variants.plain.split": {"method": "group_shuffle", "group_by": "scene"},
        "variants.plain.resample": {"oversample_positives": 2},
        "variants.plain.deduplicate": "exact",
        "variants.plain.min_words": 4,
        "variants.plain.min_words_scope": "train",
        "variants.plain.annotate": ["title"],
    },
    "audit_splits": {
        "experiment": "other",
        "variants.plain.annotate": ["title"],
        "audit.near_duplicate_similarity": 0.8,
        "audit.limits.exact_duplicates": 0.1,
    },
    "summarize_audit": {"experiment": "other", "variants.plain.title": "Plain"},
    "fetch_encoder": {"encoders.small": {"path": "data/small"}},
    "build_encoder": {
        "encoders.small.scratch.architecture": "roberta",
        "encoders.small.scratch.vocab_size": 500,
        "encoders.small.scratch.hidden_size": 32,
        "encoders.small.scratch.num_hidden_layers": 1,
        "encoders.small.scratch.num_attention_heads": 4,
        "encoders.small.scratch.intermediate_size": 64,
        "encoders.small.scratch.seed": 1,
    },
    "tokenize_splits": {"variants.plain.max_length": 64},
    "train_model": {
        "variants.plain.training.num_train_epochs": 1,
        "variants.plain.training.max_steps": 7,
        "variants.plain.training.per_device_train_batch_size": 8,
        "variants.plain.training.gradient_accumulation_steps": 2,
        "variants.plain.training.learning_rate": 1e-4,
        "variants.plain.training.weight_decay": 0.1,
        "variants.plain.training.lr_scheduler_type": "cosine",
        "variants.plain.training.warmup_steps": 0.1,
        "variants.plain.training.max_grad_norm": 2,
        "variants.plain.training.activation_checkpointing": True,
        "variants.plain.training.train_sampling_strategy": "group_by_length",
        "variants.plain.training.precision": "bfloat16",
        "variants.plain.training.class_weight": "balanced",
        "variants.plain.training.focal_loss_gamma": 2,
        "variants.plain.training.layerwise_learning_rate_decay": 0.9,
        "variants.plain.training.best_epoch": {"metric": "f1"},
        "variants.plain.training.speaker_loss_weight": 0.5,
        "variants.plain.training.gpus": 2,
        "corpus": SPEAKERS,
    },
    "predict_splits": {
        "variants.plain.training.per_device_eval_batch_size": 8,
        "corpus": SPEAKERS,
    },
    "train_linear": {
        "variants.plain.linear.features": ["word_count"],
        "variants.plain.linear.C": 2,
        "variants.plain.linear.class_weight": None,
    },
    "combine_predictions": {"variants": ENSEMBLE, "corpus": SPEAKERS},
    "pool_folds": {"variants": FOLDS, "corpus": SPEAKERS},
    "evaluate_splits": {
        "experiment": "other",
        "variants.plain.training.seeds": [1, 2],
        "variants.plain.training.best_epoch": {"metric": "f1"},
        "variants.plain.published": FIGURES,
        "statistics.resamples": 100,
        "statistics.confidence": 0.9,
        "statistics.seed": 1,
        "statistics.unit": "scene",
        "variants.plain.split": {"method": "group_shuffle", "group_by": "scene"},
        "variants.plain.threshold_beta": 0.5,
        "variants.plain.calibration": "temperature",
    },
    "compare_variants": {
        "experiment": "other",
        "variants.plain.training.seeds": [1, 2],
        "variants.another": {},
        "reference": "long",
        "statistics.resamples": 100,
        "statistics.unit": "scene",
        "variants.plain.classifier": "linear",
        "variants.plain.threshold_beta": 0.5,
    },
    "evaluate_slices": {
        "experiment": "other",
        "statistics.confidence": 0.9,
        "statistics.unit": "scene",
    },
    "draw_figures": {
        "corpus.target_speaker": "jim",
        "variants.plain.title": "Plain",
        "reference": "long",
    },
    "summarize": {
        "experiment": "other",
        "corpus.target_speaker": "jim",
        "variants.plain.title": "Plain",
        "variants.plain.training.seeds": [1, 2],
        "variants.another": {},
        "variants.plain.published": FIGURES,
        "variants.plain.split.seed": 28,
        "variants.plain.classifier": "linear",
        "reference": "long",
        "ignore_warnings": ["W104"],
    },
    "inspect_tokens": {"experiment": "other", "variants.plain.title": "Plain"},
    "predict_new_lines": {
        "corpus.encoding": "cp1252",
        "variants.plain.annotate": ["title"],
        "variants.plain.min_words": 4,
        "variants.plain.training.seeds": [1, 2],
    },
    "weigh_words": {
        "experiment": "other",
        "corpus": SPEAKERS,
        "variants.plain.training.seeds": [1, 2],
        "variants.plain.training.per_device_eval_batch_size": 8,
    },
    "informal_test": {
        "informal_test": ["Beets."],
        "corpus.target_speaker": "jim",
        "variants.plain.annotate": ["title"],
        "variants.another": {},
    },
    "describe_corpus": {
        "experiment": "other",
        "variants.plain.title": "Plain",
        "variants.another": {},
        "reference": "long",
    },
    "verify": {
        "experiment": "other",
        "variants.plain.training.seeds": [1, 2],
        "variants.plain.classifier": "linear",
        "variants.another": {},
        "defaults.min_words": None,
    },
    "export_model": {
        "experiment": "other",
        "corpus.target_speaker": "jim",
        "variants.plain.title": "Plain",
        "variants.plain.max_length": 64,
        "variants.plain.training.learning_rate": 1e-4,
        "encoders.small": {"path": "data/small"},
        "statistics.confidence": 0.9,
        "corpus": SPEAKERS,
    },
    "write_report": {
        "corpus": SPEAKERS,
        "variants.plain.title": "Plain",
        "variants.plain.training.learning_rate": 1e-4,
        "reference": "long",
        "audit.limits.exact_duplicates": 0.1,
    },
    "write_errors_page": {
        "experiment": "other",
        "corpus": SPEAKERS,
        "corpus.target_speaker": "jim",
        "variants.plain.title": "Plain",
        "variants.plain.training.seeds": [1, 2],
        "variants.another": {},
        "reference": "long",
    },
}


@pytest.mark.parametrize(
    ("stage", "path", "value"),
    [(stage, *change) for stage, changes in OWN_SETTINGS.items() for change in changes.items()],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_stages_own_setting_changes_its_settings(stage, path, value, raw):
    assert settings_of(put(raw, path, value), stage) != settings_of(raw, stage)


@pytest.mark.parametrize(
    ("stage", "path", "value"),
    [
        (stage, path, value)
        for path, value, stages in [
            (
                *("variants.plain.title", "Plain"),
                {
                    *("draw_figures", "describe_corpus", "inspect_tokens", "summarize"),
                    *("summarize_audit", "write_errors_page", "export_model", "informal_test"),
                },
            ),
            ("variants.plain.max_length", 64, {"tokenize_splits", "export_model"}),
            (
                *("variants.plain.min_words", 4),
                {
                    *("split_lines", "draw_figures", "export_model"),
                    *("predict_new_lines", "informal_test"),
                },
            ),
            ("variants.plain.training.learning_rate", 1e-4, {"train_model", "export_model"}),
            (
                *("variants.plain.training.seeds", [42, 43]),
                (OF_ALL_VARIANTS | {"evaluate_splits", "predict_new_lines", "weigh_words"}),
            ),
            ("variants.plain.linear.C", 2, {"train_linear"}),
            (
                *("variants.plain.threshold_beta", 0.5),
                {"evaluate_splits", "compare_variants", "export_model"},
            ),
            ("variants.plain.training.precision", "bfloat16", {"train_model", "export_model"}),
            ("audit.limits.shared_scenes", 0, {"audit_splits"}),
            (
                *("statistics.unit", "scene"),
                {"evaluate_splits", "compare_variants", "evaluate_slices"},
            ),
            ("encoders.small.scratch.seed", 1, {"build_encoder", "export_model"}),
            (
                *("reference", "long"),
                {
                    *("compare_variants", "draw_figures", "describe_corpus", "summarize"),
                    "write_errors_page",
                },
            ),
            # Without published figures it does not matter what question they would answer.
            ("published_question.target_speaker", "jim", set()),
            (
                *("corpus.target_speaker", "jim"),
                {
                    *("read_lines", "split_lines", "draw_figures", "export_model", "summarize"),
                    *("write_errors_page", "informal_test"),
                },
            ),
        ]
        for stage in STAGES
        if stage not in stages | {"write_report"}  # which shows every key
    ],
)
def test_a_setting_of_another_stage_does_not(stage, path, value, raw):
    assert settings_of(put(raw, path, value), stage) == settings_of(raw, stage)


def test_new_lines_never_have_a_separator_of_several_characters(raw):
    """Python's reader of CSV takes one character, so the job ended with a traceback."""
    of = {}
    for separator in (";", " +++$+++ "):
        corpus = {"separator": separator, "columns": {"speaker": "who", "line": "what"}}
        given = put(raw, "corpus", raw["corpus"] | corpus)
        of[separator] = json.loads(settings_of(given, "predict_new_lines"))["separator"]
    assert of == {";": {"csv": ";"}, " +++$+++ ": {}}


@pytest.mark.parametrize("name", ["config", "office"])
def test_the_config_that_the_report_shows_is_the_whole_one(name):
    shown = json.loads(settings_of(load(name), "write_report"))["config"]
    config = parse_config(load(name))
    shown["corpus"]["csv"] = config.model_dump(mode="json")["corpus"]["csv"]
    again = parse_config(yaml.safe_load(yaml.safe_dump(shown)))
    left_out = {"defaults", "new_lines"}
    assert again.model_dump(exclude=left_out) == config.model_dump(exclude=left_out)


def test_a_warning_that_there_is_not_cannot_be_ignored(raw):
    assert parse_config(put(raw, "ignore_warnings", ["W104"])).ignore_warnings == ("W104",)
    with pytest.raises(ConfigError, match=r"ignore_warnings\.0: .*no such warning.*W101, W102"):
        parse_config(put(raw, "ignore_warnings", ["W100"]))


def test_a_blank_line_of_the_informal_test_is_refused(raw):
    """It became a heading without a text."""
    assert parse_config(put(raw, "informal_test", ["Beets."])).informal_test == ("Beets.",)
    with pytest.raises(ConfigError, match=r"informal_test\.1: '   ': the line is blank; write"):
        parse_config(put(raw, "informal_test", ["Beets.", "   "]))


NEUTRAL = [
    ("class_weight", None),
    ("focal_loss_gamma", None),
    ("focal_loss_gamma", 0),
    ("layerwise_learning_rate_decay", None),
    ("layerwise_learning_rate_decay", 1),
    ("best_epoch", None),
    ("speaker_loss_weight", None),
    ("gpus", 1),
]


@pytest.mark.parametrize(("key", "value"), NEUTRAL)
def test_models_from_before_there_was_a_key_are_found(key, value, raw):
    asked = put(raw, f"variants.plain.training.{key}", value)
    assert key not in json.loads(settings_of(asked, "train_model"))["training"]
    for stage in ("train_model", "export_model", "evaluate_splits"):
        assert settings_of(asked, stage) == settings_of(raw, stage)


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        ("focal_loss_gamma", -1, "-1: input should be greater than or equal to 0"),
        ("focal_loss_gamma", 11, "11: input should be less than or equal to 10"),
        ("speaker_loss_weight", 0, "0: input should be greater than 0"),
        ("gpus", 0, "0: input should be greater than or equal to 1"),
        ("layerwise_learning_rate_decay", 0, "0: input should be greater than 0"),
        ("layerwise_learning_rate_decay", 1.1, "1.1: input should be less than or equal to 1"),
        ("lr_scheduler_type", "polynomial", "'polynomial': input should be 'linear', 'cosine'"),
        ("best_epoch", "f1", "'f1': must be a mapping of keys"),
        ("best_epoch.patience", 2, "is missing"),
        ("best_epoch", {"metric": "f1", "patience": 0}, "0: input should be greater than or"),
        ("best_epoch.metric", "mcc", "'mcc': input should be 'loss', 'accuracy', 'f1'"),
        ("best_epoch.metric", "macro_f1", "'macro_f1': is not for the question target, which has"),
    ],
)
def test_a_value_of_training_that_cannot_be_is_refused(key, value, fault, raw):
    with pytest.raises(ConfigError) as refused:
        parse_config(put(raw, f"variants.plain.training.{key}", value))
    path, _, text = str(refused.value).partition(": ")
    assert path.startswith("variants.plain.training.") and text.startswith(fault)


def test_a_batch_that_cannot_be_shared_evenly_is_refused(raw):
    asked = put(raw, "variants.plain.training", {"per_device_train_batch_size": 32, "gpus": 5})
    fault = "gpus 5 does not divide per_device_train_batch_size 32; take 1 or 2 or 4, or another"
    with pytest.raises(ConfigError, match=fault):
        parse_config(asked)


@pytest.mark.parametrize("question", ["target", "speakers"])
def test_epochs_are_judged_by_what_the_question_watches(question, raw):
    watched = [metric.name for metric in WATCHED[question]]
    ranked = ["average_precision"] if question == "target" else []
    assert [*BestEpoch.metrics_of(question)] == ["loss", *watched, *ranked]
    raw = raw if question == "target" else put(raw, "corpus", SPEAKERS)
    for metric in BestEpoch.metrics_of(question):
        parse_config(put(raw, "variants.plain.training.best_epoch", {"metric": metric}))


def test_an_ensemble_whose_member_chooses_its_epoch_on_valid_says_so(raw):
    raw = put(raw, "variants.both", {"classifier": "ensemble"})
    raw = put(raw, "variants.both.ensemble", {"members": ["plain", "long"]})
    assert parse_config(raw).valid_chooses("both") is None
    config = parse_config(put(raw, "variants.long.training.best_epoch", {"metric": "f1"}))
    chosen = {name for name in config.variants if config.valid_chooses(name) == "epoch"}
    assert chosen == {"long", "both"}
    raw = put(raw, "variants.both.ensemble.weights", "learned")
    assert parse_config(raw).valid_chooses("both") == "weights"


def test_a_linear_variant_reads_no_metric_of_an_epoch(raw):
    raw = put(raw, "variants.plain.training.best_epoch", {"metric": "macro_f1"})
    assert faults(raw) == ["variants.plain.training.best_epoch.metric"]
    parse_config(put(raw, "variants.plain.classifier", "linear"))


# The report shows every key.
@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage != "write_report"])
def test_the_target_is_none_of_the_business_of_a_question_about_speakers(stage, raw):
    raw = put(raw, "corpus", SPEAKERS)
    other = put(raw, "corpus", SPEAKERS | {"target_speaker": "jim"})
    assert settings_of(raw, stage) == settings_of(other, stage)


@pytest.mark.parametrize(
    ("corpus", "resample", "fault"),
    [
        ({"target_speaker": None}, None, "corpus.target_speaker: is missing; the question target"),
        ({"other_speakers": "class"}, None, "corpus.other_speakers: 'class': the question target"),
        (
            {},
            {"oversample_to": 1},
            "variants.plain.resample.oversample_to: is not for the question",
        ),
        (
            {"question": "speakers"},
            {"undersample_negatives": 0.5},
            "variants.plain.resample.undersample_negatives: is not for the question speakers",
        ),
    ],
)
def test_a_key_of_the_other_question_is_refused(corpus, resample, fault, raw):
    raw = put(raw, "corpus", raw["corpus"] | corpus)
    raw = put(raw, "variants.plain.resample", resample)
    with pytest.raises(ConfigError) as refused:
        parse_config(raw)
    assert str(refused.value).startswith(fault)


@pytest.mark.parametrize("place", ["defaults", "variants.plain"])
def test_the_goal_of_a_threshold_is_refused_where_there_is_none(place, raw):
    raw = put(raw, f"{place}.threshold_beta", 0.5)
    assert parse_config(raw).variants["plain"].threshold_beta == 0.5
    with pytest.raises(ConfigError) as refused:
        parse_config(put(raw, "corpus", SPEAKERS))
    said = "is not for the question speakers, which has no threshold; leave it out"
    assert str(refused.value) == f"{place}.threshold_beta: {said}"
    # The report shows every key with its value.
    assert parse_config(put(put(raw, f"{place}.threshold_beta", 1), "corpus", SPEAKERS))


def test_a_card_about_speakers_says_nothing_of_a_threshold(raw):
    """The recipe in the card of a model without a threshold named the goal of one."""
    assert "threshold_beta" in json.loads(settings_of(raw, "export_model"))["recipe"]
    speakers = put(raw, "corpus", SPEAKERS)
    assert "threshold" not in settings_of(speakers, "export_model")


def test_each_seed_of_a_variant_has_settings_of_its_own(raw):
    raw = put(raw, "defaults.training.seeds", [1, 2])
    one, two = (settings_of(raw, "train_model", seed=seed) for seed in ("1", "2"))
    assert one != two


def test_how_words_are_counted_matters_only_where_they_are(raw):
    raw = put(raw, "variants.plain.min_words", None)
    other = put(raw, "corpus.word_tokenizer", "punkt")
    assert settings_of(raw, "split_lines") == settings_of(other, "split_lines")


@pytest.mark.parametrize(
    ("unit", "group_by", "resampled"),
    [
        (None, None, "row"),
        (None, "scene", "scene"),
        (None, "episode", "episode"),
        ("row", "scene", "row"),
        ("episode", "scene", "episode"),
        ("scene", None, "scene"),
    ],
)
def test_what_the_split_keeps_together_is_resampled_unless_the_config_says_another(
    unit, group_by, resampled, raw
):
    if group_by:
        split = {"method": "group_shuffle", "group_by": group_by}
        raw = put(raw, "variants.plain.split", split)
    raw = put(raw, "statistics.unit", unit)
    assert json.loads(settings_of(raw, "evaluate_splits"))["unit"] == resampled
    for stage in ("compare_variants", "evaluate_slices"):
        plain, _ = json.loads(settings_of(raw, stage))["variants"]
        assert plain["unit"] == resampled


def test_variants_without_an_encoder_are_baselines(raw):
    raw = put(raw, "variants.long.classifier", "linear")
    for stage in ("compare_variants", "summarize"):
        variants = json.loads(settings_of(raw, stage))["variants"]
        assert [variant["is_baseline"] for variant in variants] == [False, True]


def test_the_table_names_the_split_seed_of_the_reference(raw):
    raw = put(put(raw, "variants.long.split.seed", 28), "reference", "long")
    assert json.loads(settings_of(raw, "summarize"))["split_seed"] == 28


def test_the_rows_of_the_table_are_in_config_order(raw):
    variants = dict(reversed(raw["variants"].items()))
    loaded = json.loads(settings_of(raw | {"variants": variants}, "summarize"))
    assert [variant["name"] for variant in loaded["variants"]] == ["long", "plain"]


# Which variant the others are compared with.


def merged(base, *overlays):
    """The config as the workflow gets it: Snakemake starts from the overlays and adds the base."""
    over = {}
    for overlay in overlays:
        update_config(over, copy.deepcopy(overlay))
    everything = copy.deepcopy(over)
    update_config(everything, copy.deepcopy(base))
    update_config(everything, over)
    return in_base_order(everything, [base, *overlays])


def reference_of(raw):
    """The reference of the config, which each stage that needs it has to be given."""
    config = parse_config(raw)
    for stage in ("compare_variants", "draw_figures", "summarize"):
        given = json.loads(stage_settings.settings_text(config, stage, {}))["reference"]
        assert given == config.reference_variant
    return config.reference_variant


def test_the_reference_is_the_first_variant_of_the_base_config(raw):
    assert reference_of(raw) == "plain"
    overlay = {"variants": {"long": {"title": "Long"}}}
    config = merged(raw, overlay)
    assert list(config["variants"]) == ["plain", "long"]
    assert config["variants"]["long"]["title"] == "Long"
    assert reference_of(config) == "plain"


def test_a_variant_that_an_overlay_adds_comes_last_and_is_no_reference(raw):
    first, second = {"variants": {"mine": {}, "long": {}}}, {"variants": {"other": {}, "plain": {}}}
    config = merged(raw, first, second)
    assert list(config["variants"]) == ["plain", "long", "mine", "other"]
    assert list(parse_config(config).variants) == ["plain", "long", "mine", "other"]
    assert reference_of(config) == "plain"


def test_the_next_variant_is_the_reference_where_the_first_is_left_out(raw):
    overlay = {"variants": {"mine": {}, "long": {}, "plain": None}}
    assert reference_of(merged(raw, overlay)) == "long"
    overlay = {"variants": {"mine": {}, "long": None, "plain": None}}
    assert reference_of(merged(raw, overlay)) == "mine"


@pytest.mark.parametrize("name", [*VARIANTS, *BASELINES])
def test_no_overlay_makes_a_shipped_variant_the_reference_by_naming_it(name):
    base = read_config_file(CONFIG / "config.yaml")
    office = read_config_file(CONFIG / "office.yaml")
    mine = {"variants": {name: {"title": "Mine"}}}
    for overlays in ([mine], [mine, office], [office, mine]):
        config = merged(base, *overlays)
        assert reference_of(config) == VARIANTS[0]
        assert list(config["variants"]) == [*VARIANTS, *BASELINES]


def test_a_reference_that_is_named_counts_wherever_it_is_named(raw):
    assert reference_of(put(raw, "reference", "long")) == "long"
    assert reference_of(merged(raw, {"reference": "long"})) == "long"
    named = put(raw, "reference", "long")
    assert reference_of(merged(named, {"reference": None})) == "plain"
    assert reference_of(merged(named, {"variants": {"mine": {}}})) == "long"


def test_an_unknown_reference_is_one_line_with_the_variants_to_choose_from(raw):
    with pytest.raises(ConfigError) as caught:
        parse_config(put(raw, "reference", "nobody"))
    assert str(caught.value) == "reference: 'nobody' is not in variants; choose from plain, long"
    with pytest.raises(ConfigError) as caught:
        parse_config(put(put(raw, "reference", "plain"), "variants.plain", None))
    assert str(caught.value) == "reference: 'plain' is not in variants; choose from long"


def test_the_old_place_of_the_reference_is_an_unknown_key(raw):
    with pytest.raises(ConfigError, match=r"^statistics\.reference: unknown key; allowed here: "):
        parse_config(put(raw, "statistics.reference", "plain"))


@pytest.mark.parametrize("variants", [None, 3, [], "plain"])
def test_variants_of_the_wrong_shape_are_left_to_the_parser(variants, raw):
    raw["variants"] = variants
    assert in_base_order(raw, [raw, {}, None, {"variants": None}]) == raw
    assert "variants" in faults(raw)


# The question that published figures answer.


@pytest.fixture
def published(raw):
    """A config with published figures for its first variant."""
    return put(raw, "variants.plain.published", FIGURES)


def published_settings(raw, variant="plain"):
    """What the stages are given of a variant's published figures."""
    metrics = json.loads(settings_of(raw, "evaluate_splits", variant=variant))
    rows = json.loads(settings_of(raw, "summarize"))["variants"]
    [seconds] = [row["published_seconds"] for row in rows if row["name"] == variant]
    return metrics["published"], metrics["other_question"], seconds


def test_published_figures_are_given_where_the_corpus_asks_their_question(published):
    figures = {name: FIGURES[name] for name in FIGURES if name != "seconds"}
    assert published_settings(published) == (figures, False, 60)
    assert published_settings(published, "long") == (None, False, None)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("corpus.target_speaker", "jim"),
        ("corpus.target_speaker", "Dwight"),
        ("corpus.top_speakers", 9),
        ("published_question.target_speaker", "jim"),
        ("published_question.top_speakers", 11),
    ],
)
def test_published_figures_are_dropped_where_the_corpus_asks_another_question(
    path, value, published
):
    other = put(published, path, value)
    assert parse_config(other).variants["plain"].published is not None
    assert published_settings(other) == (None, True, None)
    # Where there are no figures there is nothing to note.
    assert published_settings(other, "long") == (None, False, None)


@pytest.mark.parametrize("name", VARIANTS)
def test_office_about_another_speaker_has_no_published_figures(name):
    office = load("config", "office")
    figures, is_other, seconds = published_settings(office, name)
    assert (figures is not None, is_other, seconds > 0) == (True, False, True)
    other = put(office, "corpus.target_speaker", "michael")
    assert published_settings(other, name) == (None, True, None)


@pytest.mark.parametrize("question", ["missing", None])
def test_published_figures_of_no_question_are_refused_in_one_line(question, published):
    if question is None:
        published["published_question"] = None
    else:
        del published["published_question"]
    with pytest.raises(ConfigError) as caught:
        parse_config(published)
    assert caught.value.report({"config.yaml": published}).startswith(
        ("config.yaml: " if question is None else "config: ")
        + "published_question: variants.plain has published figures; give the target_speaker and "
    )
    assert "\n" not in str(caught.value)
    assert parse_config(put(published, "variants.plain.published", None))
    # It is named beside any other fault.
    assert set(faults(put(published, "corpus.top_speakers", 1))) == {
        *("published_question", "corpus.top_speakers")
    }


def test_no_question_is_needed_without_published_figures(raw):
    del raw["published_question"]
    config = parse_config(raw)
    assert config.published_question is None
    assert not config.asks_the_published_question
    assert published_settings(raw) == (None, False, None)


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [
        ("experiment: one\ncorpus: {}\nexperiment: two\n", "experiment", 1),
        ("variants:\n  plain: {}\n  plain: {min_words: 3}\n", "plain", 2),
    ],
)
def test_a_key_that_stands_twice_is_refused_where_yaml_would_take_the_last(
    text, key, line, tmp_path
):
    """The check once went unnoticed: the method of the loader that makes it had another name."""
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    fault = f"{path}: {key}: stands twice in the mapping at line {line}; delete one of them"
    with pytest.raises(ConfigError, match=f"^{fault}$") as raised:
        read_config_file(str(path))
    # The line once began with the base config, which holds the key too.
    base = {"config/config.yaml": {"experiment": "one", "variants": {"plain": {}}}}
    assert raised.value.report(base) == fault


@pytest.mark.parametrize(
    ("text", "what"), [("- a\n- b\n", "a list"), ("some text\n", "'some text'")]
)
def test_a_config_that_is_no_mapping_is_refused_by_its_name(text, what, tmp_path, monkeypatch):
    """Such an overlay replaced the whole config, of which it was said that its keys are missing."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=f"^mine.yaml: no config file but {what}; it must be a"):
        read_config(["mine.yaml"], CONFIG.parent)


def test_a_count_of_gpus_out_of_all_proportion_is_refused_at_once(raw):
    """All numbers below it were tried as divisors of the batch."""
    with pytest.raises(ConfigError, match=r"training\.gpus: 300000000: input should be less than"):
        parse_config(put(raw, "defaults.training.gpus", 300_000_000))
