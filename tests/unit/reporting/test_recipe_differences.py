"""How the recipes of variants differ from the reference's, and where their encoders come from."""

import re

import pytest
import yaml

from whosaid.config.parse import parse_config
from whosaid.reporting.recipe_differences import differences, recipes

CONFIG = """
experiment: toy
corpus: {csv: lines.csv, target_speaker: dwight}
encoders:
  built: {scratch: {architecture: distilbert}}
  local: {path: data/my_encoder}
  hub: {hub: {name: some-one/bert-_x_, revision: %s}}
defaults: {encoder: built, training: {seeds: [1, 2]}}
variants:
  plain: {}
  twin: {title: The same}
  larger: {encoder: local, training: {learning_rate: 1.0e-3}}
  balanced: {resample: {oversample_positives: 2}, annotate: [directed_by, writer1]}
  fetched: {encoder: hub}
  words: {classifier: linear, training: {seeds: [1]}, linear: {C: 2}}
""" % ("a" * 40)


@pytest.fixture
def config():
    return parse_config(yaml.safe_load(CONFIG)).model_dump(mode="json")


def differing(config, variant, reference="plain"):
    variants = config["variants"]
    return {key: values for key, *values in differences(variants[variant], variants[reference])}


def test_a_title_is_no_difference(config):
    assert differing(config, "twin") == {}


def test_only_keys_that_differ_are_named(config):
    assert differing(config, "larger") == {
        "encoder": ["local", "built"],
        "training.learning_rate": ["0.001", "5e-05"],
    }


def test_a_section_is_compared_key_by_key_with_none(config):
    found = differing(config, "balanced")
    assert found == {
        "annotate": ["directed_by, writer1", "none"],
        "resample.oversample_positives": ["2", "—"],
        "resample.undersample_negatives": ["1.0", "—"],
    }
    # And so it is the other way round.
    assert differing(config, "plain", "balanced") == {k: v[::-1] for k, v in found.items()}


def test_a_baseline_names_what_it_reads(config):
    found = differing(config, "words")
    assert found["classifier"] == ["linear", "encoder"]
    assert found["linear.C"] == ["2.0", "—"]
    assert found["linear.features"] == ["word_ngrams, character_ngrams", "—"]
    assert not any(key.startswith(("encoder", "max_length", "training")) for key in found)


def test_every_variant_has_its_encoder_and_a_model_of_the_hub_its_page(config):
    titles = {name: f"{name}|" for name in config["variants"]}
    page = recipes(config, titles, "plain", {"hub": ["mit", "other_1"], "local": None})
    cells = dict(re.findall(r"^\| (\w+)\\\| +\| (.*?) +\|$", page.partition("\n\n")[0], re.M))
    assert cells["plain"].startswith("built: built here without pre-training, as distilbert with 2")
    assert cells["larger"] == "local: from the folder data/my_encoder, licence not known"
    link = f"https://huggingface.co/some-one/bert-_x_/tree/{'a' * 40}"
    assert (
        cells["fetched"] == rf"hub: [some-one/bert-\_x\_]({link}) at aaaaaaa, licence mit, other_1"
    )
    assert cells["words"] == "none: a logistic regression"
    assert [*cells] == [*titles]


def test_without_differences_there_is_one_table(config):
    assert "key that differs" not in recipes(
        config, {"plain": "Plain", "twin": "Twin"}, "plain", {}
    )
