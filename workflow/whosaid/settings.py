"""What each stage takes from the config: one function per rule, under the rule's name.

A function returns the keyword arguments of the stage's `main` as plain JSON values. What it leaves
out cannot make the stage stale, so it holds what the stage depends on and nothing else.
"""

import inspect
import json
from collections.abc import Mapping
from typing import Any

from whosaid.config import Config


def settings_text(config: Config, stage: str, wildcards: Mapping[str, str]) -> str:
    """The settings of a job as one JSON text with sorted keys; scripts read it back.

    One text, since Snakemake compares params as an unordered set of texts without their names.
    `wildcards` are the job's, of which a stage is given those that its function below names.
    """
    choose = globals()[stage]
    names = list(inspect.signature(choose).parameters)[1:]
    return json.dumps(choose(config, **{name: wildcards[name] for name in names}), sort_keys=True)


def read_lines(config: Config) -> dict[str, Any]:
    """What the corpus is checked for: the target is one of the most frequent speakers."""
    return config.corpus.model_dump(mode="json", include={"target_speaker", "top_speakers"})


def split_lines(config: Config, variant: str) -> dict[str, Any]:
    """The recipe of a variant's rows, texts and labels."""
    spec = config.variants[variant]
    recipe = spec.model_dump(mode="json", include={"split", "resample", "min_words", "annotate"})
    tokenizer = config.corpus.word_tokenizer if spec.min_words else None
    return {**read_lines(config), **recipe, "word_tokenizer": tokenizer}


def fetch_encoder(config: Config, encoder: str) -> dict[str, Any]:
    """Where the encoder comes from: one of the keys `hub`, `path`, `scratch`."""
    return config.encoders[encoder].model_dump(mode="json", exclude_none=True)


def tokenize_splits(config: Config, variant: str) -> dict[str, Any]:
    """The length at which texts are cut."""
    return {"max_length": config.variants[variant].max_length}


def train_model(config: Config, variant: str, seed: str) -> dict[str, Any]:
    """The Trainer's arguments and the seed of this one model."""
    training = config.variants[variant].training.model_dump(mode="json", exclude={"seeds"})
    return {
        "target_speaker": config.corpus.target_speaker,
        "training": training,
        "seed": int(seed),
    }


def predict_splits(config: Config, variant: str) -> dict[str, Any]:
    """How predictions are computed; they do not depend on how the model was trained."""
    keys = {"per_device_eval_batch_size", "precision"}
    return config.variants[variant].training.model_dump(mode="json", include=keys)


def evaluate_split(config: Config, variant: str, split: str) -> dict[str, Any]:
    """The names that the metric file carries."""
    return {
        "experiment": config.experiment,
        "variant": variant,
        "split": split,
        "seeds": list(config.variants[variant].training.seeds),
    }


def summarize(config: Config) -> dict[str, Any]:
    """The rows of the table in config order: a list, since keys are sorted on their way."""
    return {
        "experiment": config.experiment,
        "target_speaker": config.corpus.target_speaker,
        "variants": [
            {
                "name": name,
                "title": spec.title or name,
                "seeds": list(spec.training.seeds),
                "published": spec.published and spec.published.model_dump(mode="json"),
            }
            for name, spec in config.variants.items()
        ],
    }
