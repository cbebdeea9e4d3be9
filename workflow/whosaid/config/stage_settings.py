"""The settings that each stage takes from the config: one function per stage, named as its rule.

A function returns keyword arguments of the stage's `main` as plain JSON values. When they change,
the stage is stale. So a function returns everything that the stage depends on, and nothing else.
"""

import inspect
import json
from collections.abc import Mapping
from typing import Any

from whosaid.config import output_paths
from whosaid.config.column_names import COMPUTED_FEATURES
from whosaid.config.model import Config
from whosaid.config.recipe_section import Training

NEUTRAL = {
    "best_epoch": (None,),
    "focal_loss_gamma": (None, 0),
    "gpus": (1,),
    "layerwise_learning_rate_decay": (None, 1),
    "speaker_loss_weight": (None,),
}
"""Values of the younger keys of `training` that change no model.

They are left out, so that models and exports from before there were these keys are known.
"""


def settings_text(config: Config, stage: str, wildcards: Mapping[str, str]) -> str:
    """The settings of a job as one JSON text with sorted keys, which the script parses.

    It is one text because Snakemake compares params as an unordered set of texts without names.
    `wildcards` are those of the job; a function below gets the ones that it has parameters for.
    """
    choose = globals()[stage]
    names = list(inspect.signature(choose).parameters)[1:]
    return json.dumps(choose(config, **{name: wildcards[name] for name in names}), sort_keys=True)


def read_lines(config: Config) -> dict[str, Any]:
    """How the files are read, and what they are checked for."""
    apart = {"csv", "word_tokenizer", "question", "other_speakers", "target_speaker"}
    corpus = config.corpus.model_dump(mode="json", exclude=apart)
    asked = config.corpus.question == "target"
    return corpus | {"target_speaker": config.corpus.target_speaker if asked else None}


def split_lines(config: Config, variant: str) -> dict[str, Any]:
    """The recipe of a variant's rows, texts and labels."""
    spec = config.variants[variant]
    keys = {"deduplicate", "split", "resample", "min_words", "min_words_scope", "annotate"}
    recipe = _without_unused(spec.model_dump(mode="json", include=keys))
    # Left out where there is none, so that splits from before there was this key stay fresh.
    context = {"context": spec.context.model_dump(mode="json")} if spec.context else {}
    tokenizer = config.corpus.word_tokenizer if spec.min_words else None
    question = {
        "target_speaker": config.corpus.target,
        "top_speakers": config.corpus.top_speakers,
        "other_speakers": config.corpus.other_speakers,
    }
    names_speakers = spec.classifier == "encoder" and spec.training.speaker_loss_weight is not None
    named = {"names_speakers": True} if names_speakers else {}
    return {**question, **recipe, **context, **named, "word_tokenizer": tokenizer}


def audit_splits(config: Config, variant: str) -> dict[str, Any]:
    """What the leak audit looks for, its limits, and the names that its file carries."""
    spec = config.variants[variant]
    keys = {"before", "after", "across_scenes"}
    is_read = spec.context is not None and not spec.context.shuffled
    context = spec.context.model_dump(mode="json", include=keys) if is_read else None
    return {
        "experiment": config.experiment,
        "variant": variant,
        "question": config.corpus.question,
        "annotate": list(spec.annotate),
        "context": context,
        **config.audit.model_dump(mode="json"),
    }


def summarize_audit(config: Config) -> dict[str, Any]:
    """The rows of the leak audit's table, in config order."""
    return {"experiment": config.experiment, "variants": _variants(config, "title")}


def fetch_encoder(config: Config, encoder: str) -> dict[str, Any]:
    """Where the encoder comes from: one of the keys `hub`, `path`."""
    source = config.encoders[encoder]
    return source.model_dump(mode="json", exclude_none=True, include={"hub", "path"})


def build_encoder(config: Config, encoder: str) -> dict[str, Any]:
    """The shape of an encoder that is built here."""
    return config.encoders[encoder].scratch.model_dump(mode="json")


def tokenize_splits(config: Config, variant: str) -> dict[str, Any]:
    """The length at which texts are cut."""
    return {"max_length": config.variants[variant].max_length}


def inspect_tokens(config: Config, variant: str) -> dict[str, Any]:
    """The names that the page and the file of counts carry."""
    title = config.variants[variant].title or variant
    return {"experiment": config.experiment, "variant": variant, "title": title}


def train_model(config: Config, variant: str, seed: str) -> dict[str, Any]:
    """The Trainer's arguments and the seed of this one model."""
    training = _arguments(config.variants[variant].training)
    if training["class_weight"] is None:
        del training["class_weight"]  # so that models from before there was this key are known
    return {"question": config.corpus.question, "training": training, "seed": int(seed)}


def predict_splits(config: Config, variant: str) -> dict[str, Any]:
    """How predictions are computed; they do not depend on how the model was trained."""
    training = config.variants[variant].training
    size = {"per_device_eval_batch_size": training.per_device_eval_batch_size}
    return {"question": config.corpus.question, **size}


def predict_new_lines(config: Config, variant: str) -> dict[str, Any]:
    """What is read of a file of new lines, and how predictions are computed."""
    spec, corpus = config.variants[variant], config.corpus
    columns = {*spec.reads["annotate"], *spec.reads["features"]} - {*COMPUTED_FEATURES}
    headers = corpus.columns.headers if corpus.columns else {}
    # One of several characters is for old corpora; new files are CSV or TSV as usual.
    has_own_separator = corpus.separator is not None and len(corpus.separator) == 1
    return {
        **predict_splits(config, variant),
        **spec.reads,
        "wanted": {name: headers.get(name, name) for name in ("line", *sorted(columns))},
        "encoding": corpus.encoding,
        "quotes": corpus.quotes,
        "separator": {corpus.format: corpus.separator} if has_own_separator else {},
        "missing": list(corpus.missing),
        "seeds": list(spec.seeds),
        "min_words": spec.min_words,
        "word_tokenizer": corpus.word_tokenizer,
    }


def informal_test(config: Config) -> dict[str, Any]:
    """The lines, and what each variant's models read of them."""
    asked, left_out = output_paths.asked(config), config.ensemble_titles
    return {
        "lines": list(config.informal_test),
        "question": config.corpus.question,
        "target": config.corpus.target,
        "word_tokenizer": config.corpus.word_tokenizer,
        "variants": [
            {**given, **config.variants[given["name"]].reads}
            for given in _variants(config, "title", "seeds", "min_words")
            if given["name"] in asked
        ],
        **({"ensembles": left_out} if left_out else {}),
    }


def weigh_words(config: Config, variant: str) -> dict[str, Any]:
    """Which models are asked, and the names that the file carries."""
    spec = config.variants[variant]
    return {
        **predict_splits(config, variant),
        "experiment": config.experiment,
        "variant": variant,
        "features": spec.reads["features"],
        "reading": spec.reads["reading"],
        "seeds": list(spec.seeds),
    }


def train_linear(config: Config, variant: str, seed: str) -> dict[str, Any]:
    """The features and the penalty of the logistic regression."""
    linear = config.variants[variant].linear.model_dump(mode="json")
    return {"question": config.corpus.question, "linear": linear, "seed": int(seed)}


def combine_predictions(config: Config, variant: str, seed: str) -> dict[str, Any]:
    """The members of an ensemble with their seeds, in the order of their files, and the weights."""
    spec = config.variants[variant]
    return {
        "question": config.corpus.question,
        "members": [
            {"name": name, "seeds": list(config.variants[name].seeds)}
            for name in config.members_of(variant)
        ],
        "weights": spec.weights,
        # Only the folds of valid ask for units.
        "unit": config.unit_of(variant) if spec.weights == "learned" else None,
        "neighbours": spec.ensemble.neighbours if spec.ensemble else 0,
        "neighbours_by": config.neighbours_by(variant),
        "settings": [*spec.search.combinations()] if spec.search else None,
        "seed": int(seed),
    }


def pool_folds(config: Config, variant: str, seed: str) -> dict[str, Any]:
    """The folds of a variant, in the order of their files."""
    folds = list(config.members_of(variant))
    return {"question": config.corpus.question, "folds": folds, "seed": int(seed)}


def evaluate_splits(config: Config, variant: str) -> dict[str, Any]:
    """The names and published figures that the metric files carry, and the bootstrap."""
    spec = config.variants[variant]
    published = spec.published and spec.published.model_dump(mode="json", exclude={"seconds"})
    return {
        "experiment": config.experiment,
        "question": config.corpus.question,
        "variant": variant,
        "seeds": list(spec.seeds),
        "unit": config.unit_of(variant),
        "is_baseline": config.is_baseline(variant),
        **({"is_ensemble": True} if config.is_one_ensemble(variant) else {}),
        "threshold_beta": spec.threshold_beta,
        "calibration": spec.calibration,
        "published": published if config.asks_the_published_question else None,
        "other_question": published is not None and not config.asks_the_published_question,
        **({"valid_chooses": chosen} if (chosen := config.valid_chooses(variant)) else {}),
        **_bootstrap(config),
    }


def compare_variants(config: Config) -> dict[str, Any]:
    """Which variants are compared with which, and the bootstrap."""
    return {
        "experiment": config.experiment,
        "question": config.corpus.question,
        "reference": config.reference_variant,
        "variants": _variants(
            *(config, "seeds", "unit", "is_baseline", "threshold_beta", "track", "compared_with")
        ),
        **_bootstrap(config),
    }


def evaluate_slices(config: Config) -> dict[str, Any]:
    """The variants in config order, the columns to slice by, and the bootstrap."""
    variants = _variants(config, "seeds", "unit")
    columns = config.corpus.columns
    return {
        "experiment": config.experiment,
        "question": config.corpus.question,
        "columns": list(columns.extra) if columns else [],
        "variants": variants,
        **_bootstrap(config),
    }


def draw_figures(config: Config) -> dict[str, Any]:
    """Titles, seeds and order of the variants, and the cutoffs that the histogram shows."""
    return {
        "question": config.corpus.question,
        "target_speaker": config.corpus.target,
        "reference": config.reference_variant,
        "variants": _variants(config, "title", "seeds", "classifier", "min_words"),
    }


def summarize(config: Config) -> dict[str, Any]:
    """The rows of the tables, in config order."""
    split = config.variants[config.reference_variant].split
    folds = split.folds if split.is_pooled else None
    return {
        "experiment": config.experiment,
        "question": config.corpus.question,
        "target_speaker": config.corpus.target,
        "reference": config.reference_variant,
        "split_seed": config.variants[config.reference_variant].split.seed,
        **({"division": f"{folds} folds"} if folds else {}),
        "ignore_warnings": list(config.ignore_warnings),
        "variants": _variants(
            config, "title", "seeds", "is_baseline", "track", "published_seconds"
        ),
    }


def describe_corpus(config: Config) -> dict[str, Any]:
    """The titles of the variants, in config order."""
    return {
        "experiment": config.experiment,
        "reference": config.reference_variant,
        "variants": _variants(config, "title"),
    }


def write_errors_page(config: Config) -> dict[str, Any]:
    """The question, the titles and seeds of the variants, and which one is shown first."""
    return {
        "experiment": config.experiment,
        "question": config.corpus.question,
        "target_speaker": config.corpus.target,
        "reference": config.reference_variant,
        "variants": _variants(config, "title", "seeds"),
    }


def export_model(config: Config, variant: str, seed: str) -> dict[str, Any]:
    """Which model it is, its recipe, where its encoder comes from, and the level of intervals."""
    spec = config.variants[variant]
    apart = {"title", "classifier", "linear", "ensemble", "published", "training"}
    if config.corpus.question != "target":
        apart.add("threshold_beta")
    recipe = _without_unused(spec.model_dump(mode="json", exclude=apart))
    recipe["training"] = _arguments(spec.training)
    encoder = config.encoders[spec.encoder].model_dump(mode="json", exclude_none=True)
    return {
        "experiment": config.experiment,
        "variant": variant,
        "title": spec.title or variant,
        "seed": int(seed),
        "question": config.corpus.question,
        "target_speaker": config.corpus.target,
        "recipe": recipe,
        "encoder": {"name": spec.encoder, **encoder},
        "confidence": config.statistics.confidence,
    }


def write_report(config: Config) -> dict[str, Any]:
    """What the report shows of the config: all but the files of the corpus.

    The variants hold what `defaults` says.
    """
    left_out = {"corpus": {"csv"}, "defaults": True, "new_lines": True}
    return {
        "question": config.corpus.question,
        "reference": config.reference_variant,
        "config": config.model_dump(mode="json", exclude=left_out),
    }


def verify(config: Config) -> dict[str, Any]:
    """One output of every job whose outputs are compared with their record."""
    return {"experiment": config.experiment, "expected": output_paths.recorded(config)}


def prune_outputs(config: Config) -> dict[str, Any]:
    """What the config asks for; other outputs of the experiment are not in use."""
    return {
        "experiment": config.experiment,
        "seeds": {name: list(variant.seeds) for name, variant in config.variants.items()},
        "encoder_names": list(config.encoders),
        "informal_pages": output_paths.informal_pages(config),
    }


def _variants(config: Config, *keys: str) -> list[dict[str, Any]]:
    """The name of every variant and what the `keys` stand for.

    A list keeps the config order; `settings_text` sorts the keys of a mapping.
    """
    rows = []
    for name in config.shown:
        spec = config.variants[name]
        published = spec.published if config.asks_the_published_question else None
        derived = {
            "title": spec.title or name,
            "seeds": list(spec.seeds),
            "unit": config.unit_of(name),
            "is_baseline": config.is_baseline(name),
            "track": config.track_of(name),
            "compared_with": config.reference_of(name),
            "published_seconds": published and published.seconds,
        }
        values = {key: derived[key] if key in derived else getattr(spec, key) for key in keys}
        rows.append({"name": name, **values})
    return rows


def _without_unused(recipe: dict[str, Any]) -> dict[str, Any]:
    """The recipe without keys of its split that say nothing, so that what is older stays fresh."""
    split = recipe["split"]
    if split["folds"] is None:
        del split["folds"], split["fold"]
    if split["train_share"] is None:
        del split["train_share"]
    return recipe


def _arguments(training: Training) -> dict[str, Any]:
    """How a model is trained, whatever its seed."""
    neutral = {key for key, values in NEUTRAL.items() if getattr(training, key) in values}
    return training.model_dump(mode="json", exclude={"seeds"} | neutral)


def _bootstrap(config: Config) -> dict[str, Any]:
    keys = {"confidence", "resamples", "seed"}
    return {"bootstrap": config.statistics.model_dump(mode="json", include=keys)}
