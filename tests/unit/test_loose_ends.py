"""What a change forgets must fail: keys that reach no stage, rules without a digest, lost paths.

Each was found by somebody who changed the code for the first time, where nothing failed.
"""

import json
import re
from pathlib import Path
from types import UnionType
from typing import Literal, Union, get_args, get_origin

import numpy as np
import pandas as pd
import pytest
import yaml
from pydantic import BaseModel

import whosaid
from whosaid.config import output_paths, stage_settings
from whosaid.config.column_names import COMPUTED_FEATURES
from whosaid.config.model import RESERVED, Config
from whosaid.config.parse import parse_config
from whosaid.config.recipe_section import Recipe
from whosaid.corpus import count_words, recipe, split_rows
from whosaid.training.linear_model import numbers_of

PROJECT = Path(__file__).parents[2]
RULES = "\n".join(
    path.read_text(encoding="utf-8")
    for path in sorted((PROJECT / "workflow" / "rules").glob("*.smk"))
)

ELSEWHERE = {
    "csv": "an input of read_lines",
    "encoders": "its sections are the settings of fetch_encoder and build_encoder",
    "defaults": "merged into the variants",
    "published_question": "says whether published figures are shown",
    "ensemble": "its members are settings of combine_predictions",
    "trials": "they are as many variants",
    "show_trials": "decides which variants have rows",
    "seconds": "goes by the name published_seconds",
    "statistics": "its keys are in `bootstrap`",
    "corpus": "its keys stand in many stages",
    "audit": "its keys are those of audit_splits",
    "track_baselines": "adds variants",
    "new_lines": "inputs of predict_new_lines",
    "informal_test": "goes by the name lines",
}
"""Keys that no stage's settings hold by their own name, and why."""


@pytest.fixture(scope="module")
def config() -> Config:
    """The shipped config, with something under every key."""
    raw = yaml.safe_load((PROJECT / "config" / "config.yaml").read_text(encoding="utf-8"))
    figures = dict.fromkeys(("train", "test", "valid"), 0.5)
    names = ("accuracy", "f1", "precision", "recall")
    raw["variants"]["basic_distilbert"]["published"] = dict.fromkeys(names, figures) | {
        "seconds": 1
    }
    raw["published_question"] = {"target_speaker": "dwight", "top_speakers": 10}
    raw["corpus"]["columns"] = {
        **{name: name.title() for name in ("speaker", "line", "row", "season", "episode", "scene")},
        "extra": {name: name for name in ("directed_by", "written_by", "writer1")},
    }
    raw["defaults"]["training"] |= {
        "layerwise_learning_rate_decay": 0.9,
        "focal_loss_gamma": 2,
        "speaker_loss_weight": 0.5,
        "gpus": 2,
        "best_epoch": {"metric": "loss", "patience": 2},
    }
    hub = {"name": "a/b", "revision": "0" * 40}
    raw["encoders"] |= {"hub": {"hub": hub}, "local": {"path": "there"}}
    raw["variants"]["around"] = {"context": {"before": 1}}
    kfold = {"method": "group_kfold", "group_by": "scene", "folds": 3, "train_share": 0.5}
    raw["variants"]["in_folds"] = {"split": kfold}
    return parse_config(raw)


def sections_in(annotation) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [section for part in get_args(annotation) for section in sections_in(part)]


def keys_of(section: type[BaseModel]) -> set[str]:
    """The names of all keys in a section and below it."""
    keys = set()
    for name, field in section.model_fields.items():
        keys.add(name)
        for inner in sections_in(field.annotation):
            keys |= keys_of(inner)
    return keys


def keys_in(value) -> set[str]:
    """The names of all keys in JSON values."""
    if isinstance(value, dict):
        return set(value).union(*map(keys_in, value.values()))
    return set().union(*map(keys_in, value)) if isinstance(value, list) else set()


def stages() -> list[str]:
    return sorted(re.findall(r'settings_of\("(\w+)"\)', RULES))


def test_every_file_of_rules_is_included():
    """A new rule lay in a file that nothing included; only a run asked for its output."""
    snakefile = (PROJECT / "workflow" / "Snakefile").read_text(encoding="utf-8")
    included = re.findall(r'^include: "rules/(.+)"', snakefile, re.MULTILINE)
    files = [path.name for path in (PROJECT / "workflow" / "rules").glob("*.smk")]
    assert sorted(included) == sorted(files)


def test_every_key_of_the_config_reaches_a_stage(config):
    settings = set()
    for stage in {*stages()} - {"write_report"}:  # it shows every key, and follows none
        for variant, spec in config.variants.items():
            for encoder, source in config.encoders.items():
                if stage == "build_encoder" and source.scratch is None:
                    continue
                wildcards = {"variant": variant, "encoder": encoder, "seed": str(spec.seeds[0])}
                text = stage_settings.settings_text(config, stage, wildcards)
                settings |= keys_in(json.loads(text))
    assert keys_of(Config) - settings == set(ELSEWHERE)


def test_every_rule_has_a_stamp_and_a_digest_of_its_code_or_a_reason():
    without = {
        "fetch_corpus": "makes nothing",
        "fetch_encoder": "what was fetched stays",
        "pack_bundle": "makes nothing",
        "verify": "makes nothing",
        "repair": "makes nothing",
        "list_unused": "makes nothing",
        "prune_outputs": "makes nothing",
        "prune_store": "makes nothing",
    }
    rules = re.split(r"^rule (\w+):$", RULES, flags=re.M)
    of_rules = dict(zip(rules[1::2], rules[2::2], strict=True))
    scripted = {name: text for name, text in of_rules.items() if "script:" in text}
    assert {name for name, text in scripted.items() if "code=" not in text} == set(without)
    for name, text in scripted.items():
        has_stamp = f'    input:\n        stamp("{name}"),\n' in text
        assert has_stamp != (without.get(name) == "makes nothing"), name
        if "code_text(" in text:
            assert f'code_text("{name}")' in text
        assert "log:" in text


def test_every_stage_with_settings_has_its_function():
    assert stages()
    for stage in stages():
        assert callable(getattr(stage_settings, stage))


def test_every_recorded_path_is_the_output_of_a_rule(config):
    patterns = [
        re.compile(re.sub(r"\\\{[\w.\\]+\\\}", r"[^/]+", re.escape(text)))
        for text in re.findall(r'"((?:data|results)/[^"]+)"', RULES)
    ]
    figures = set(output_paths.figures(config).values())  # the rule asks for them by this function
    for path in set(output_paths.recorded(config)) - figures:
        assert any(pattern.fullmatch(path) for pattern in patterns), path


def test_no_experiment_is_called_like_a_folder_with_another_use():
    """One could be called `downloads`."""
    modules = [path.read_text("utf-8") for path in Path(whosaid.__path__[0]).rglob("*.py")]
    used = set(re.findall(r'"(?:data|results)/(\w+)(?=["/])', "".join([RULES, *modules])))
    assert {"downloads", "logs", "nltk_data"} <= used <= set(RESERVED)


def test_the_store_is_no_experiments_folder():
    assert Path(output_paths.MODEL_STORE).name in RESERVED
    assert RULES.count("output_paths.MODEL_STORE") == 2
    assert '"data/model_store' not in RULES


def literals(annotation) -> list:
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    if get_origin(annotation) in (Union, UnionType, tuple) or hasattr(annotation, "__metadata__"):
        return [value for part in get_args(annotation) for value in literals(part)]
    return []


def values_of(section: type[BaseModel], key: str) -> list:
    return literals(section.model_fields[key].annotation)


def test_every_allowed_value_has_its_case(tmp_path, monkeypatch):
    sections = Recipe.model_fields
    split = sections_in(sections["split"].annotation)[0]
    labels = np.tile([0, 1, 0, 0], 10)
    for method in values_of(split, "method"):
        chosen = {
            "method": method,
            "fractions": {"train": 0.5, "test": 0.25, "valid": 0.25},
            "seed": 1,
            "group_by": "episode",
            "folds": 4,
            "fold": 1,
        }
        parts = split_rows.split_rows(
            labels, ["not", "target"], chosen, None, groups=np.arange(40) // 4
        )
        assert sum(map(len, parts.values())) == 40
    lines = pd.DataFrame({"text": ["A b.", "a b"], "label": [0, 1]})
    for deduplicate in values_of(Recipe, "deduplicate"):
        assert len(recipe.drop_duplicates(lines, deduplicate)) in (1, 2)
    corpus = sections_in(Config.model_fields["corpus"].annotation)[0]
    monkeypatch.setattr(count_words.nltk, "word_tokenize", lambda text, **_: text.split())
    for tokenizer in values_of(corpus, "word_tokenizer"):
        counts = count_words.count_words(lines["text"], tokenizer, str(tmp_path))
        assert counts.tolist() == [2, 2]
    for feature in COMPUTED_FEATURES:
        assert numbers_of(feature) != "one_hot"


@pytest.mark.parametrize("feature", ["speaker", "line", "label"])
def test_a_feature_without_numbers_is_an_error_and_no_category(feature):
    with pytest.raises(ValueError, match=feature):
        numbers_of(feature)
