"""Reads config files, merges defaults into variants, and reports each fault in one line."""

import difflib
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from whosaid.config.context_problems import context_problems
from whosaid.config.corpus_files import corpus_files
from whosaid.config.ensembles import ensemble_problems, with_rows_of_members
from whosaid.config.folds import fold_problems, with_folds
from whosaid.config.missing_columns import Problem, mapping, missing_columns
from whosaid.config.model import Config
from whosaid.config.output_paths import with_models
from whosaid.config.recipe_section import BestEpoch, Resample
from whosaid.config.searches import as_written, search_problems, with_trials
from whosaid.config.table_problems import table_problems
from whosaid.config.track_baselines import track_baselines
from whosaid.config.value_types import PLAIN_WORD
from whosaid.errors import InputError

ALLOWED = {
    "dict_type": "must be a mapping of keys",
    "model_type": "must be a mapping of keys",
    "tuple_type": "must be a list",
}
"""Replacements for messages of pydantic that speak of Python types."""


QUOTES = "YAML reads No and Yes as true or false, and digits as a number; put it in quotes"
"""What to do where a text arrives as another type."""

MADE = ("data", "results")
"""The folders of what the workflow makes."""


class ConfigError(ValueError):
    """The config is wrong, in each of the `problems`; all are in the `file`, if one is given."""

    def __init__(self, problems: list[Problem], file: str | None = None):
        self.problems, self.file = problems, file
        super().__init__("\n".join(_fault(file, *problem) for problem in problems))

    def report(self, sources: Mapping[str, Any]) -> str:
        """One line per fault, which starts with the file or option that the key is in.

        `sources` maps each file or option to its content. If several hold a key, the last one
        counts, as in Snakemake's own merge.
        """
        lines = []
        for path, text in self.problems:
            places = [place for place, raw in sources.items() if _is_written(path, raw)]
            lines.append(_fault(self.file or ["config", *places][-1], path, text))
        return "\n".join(lines)


def _fault(place: str | None, path: Sequence[str], text: str) -> str:
    """A line about a fault: the file or option, the key, if these are known, and the text."""
    return ": ".join(part for part in (place, ".".join(path), text) if part)


class _UniqueKeyLoader(yaml.SafeLoader):
    """Rejects a key that occurs twice in a mapping, where YAML would use the last one."""

    def construct_mapping(self, node, deep=False):
        keys = [
            self.construct_object(key, deep=True)
            for key, _ in node.value
            if key.tag != "tag:yaml.org,2002:merge"  # << may occur more than once
        ]
        for key in keys:
            if keys.count(key) > 1:
                mark = node.start_mark
                fault = f"stands twice in the mapping at line {mark.line + 1}; delete one of them"
                raise ConfigError([((str(key),), fault)], mark.name)
        return super().construct_mapping(node, deep)


def base_config(project: Path) -> str:
    """The path of the base config: the working folder's own, or else the one of the `project`.

    Ends the run by SystemExit if the file is no text: Snakemake would print a traceback.
    """
    path = Path("config", "config.yaml")
    path = path if path.exists() else project / path
    try:
        path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        sys.exit(f"{path}: {error}; save the config as a file of UTF-8 text")
    return str(path)


def read_config_file(path: str) -> dict[str, Any]:
    """The content of a YAML or JSON config file.

    Raises ConfigError if a key occurs twice in one mapping, or if the file is no mapping.
    """
    with open(path, encoding="utf-8") as file:
        content = yaml.load(file, _UniqueKeyLoader)
    if content is None:
        return {}
    if not isinstance(content, Mapping):
        what = "a list" if isinstance(content, list) else f"{str(content)[:60]!r}"
        fault = f"no config file but {what}; it must be a mapping of keys, as `experiment: my_show`"
        raise ConfigError([((), fault)], str(path))
    return content


def read_config(overlays: Sequence[str], project: Path, given: Any = None) -> Config:
    """The base config with the overlays, and then what is `given`, for commands beside Snakemake.

    Raises ConfigError, also if a file cannot be read or is no YAML.
    """
    raw: Any = {}
    for path in [base_config(project), *overlays]:
        try:
            raw = merge(raw, read_config_file(path))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise ConfigError([((), " ".join(str(error).split()))], path) from None
    return parse_config(merge(raw, given or {}))


def chosen_variants(config: Config, variant: str | None) -> list[str]:
    """The variant that somebody chose, or all that have models of their own.

    Raises InputError if there is no such variant, or if it is an ensemble.
    """
    names = with_models(config)
    if variant is None:
        return names
    if variant not in config.variants:
        raise InputError(f"VARIANT={variant}: no variant; choose from {', '.join(names)}")
    if variant not in names:
        is_pooled = config.variants[variant].weights == "pooled"
        what, whose = ("a variant in folds", "folds") if is_pooled else ("an ensemble", "members")
        raise InputError(
            f"VARIANT={variant}: {what} has no model of its own; choose one of its {whose}, "
            f"{', '.join(config.models_of(variant))}"
        )
    return [variant]


def merge(base: Any, overlay: Any) -> Any:
    """`overlay` over `base`: mappings key by key at every depth, anything else replaced."""
    if not (isinstance(base, Mapping) and isinstance(overlay, Mapping)):
        return overlay
    return {**base, **{key: merge(base.get(key), value) for key, value in overlay.items()}}


def in_base_order(raw: Mapping[str, Any], sources: Iterable[Any]) -> dict[str, Any]:
    """`raw` with its variants in the order in which the `sources` first name them.

    Snakemake's merge puts the variants of an overlay first. The `sources` are the contents of the
    config files, the base config first.
    """
    variants = raw.get("variants")
    if not isinstance(variants, Mapping):
        return dict(raw)
    named = [name for source in sources for name in mapping(mapping(source).get("variants"))]
    names = [name for name in dict.fromkeys([*named, *variants]) if name in variants]
    return {**raw, "variants": {name: variants[name] for name in names}}


def parse_config(raw: Mapping[str, Any]) -> Config:
    """Check the raw config and merge `defaults` into the variants.

    Raises ConfigError with every fault at once, each with the path of its key as the user wrote it.
    """
    written, defaults = mapping(raw.get("variants")), mapping(raw.get("defaults"))
    # An overlay leaves a variant out by setting it to null.
    variants = with_trials(
        {name: merge(defaults, spec) for name, spec in written.items() if spec is not None}
    )
    resolved = {key: value for key, value in raw.items() if value is not None}
    if written:
        resolved["variants"] = with_rows_of_members(variants)
    problems = list(_unknown_names(resolved, variants, defaults))
    problems += missing_columns(resolved, variants, defaults)
    try:
        config = Config.model_validate(resolved)
        if config.track_baselines:
            added = track_baselines(config)
            variants |= {name: spec for name, spec in added.items() if name not in written}
            resolved["variants"] = with_rows_of_members(variants)  # one may have them as members
            config = Config.model_validate(resolved)
        problems += [*_of_other_question(config), *context_problems(config, written)]
        problems += [*fold_problems(config), *search_problems(config)]
        problems += [*ensemble_problems(config, written, variants), *table_problems(config)]
    except ValidationError as error:
        problems += _explain(error)
    if problems:
        # A fault of a setting or of the recipe is one of many trials, and is named once.
        places = [(as_written(path, written, variants), text) for path, text in problems]
        problems = [*dict.fromkeys(places)]
        in_defaults = {path[1:] for path, _ in problems if path[0] == "defaults"}
        raise ConfigError(
            [
                (path, text)
                for path, text in problems
                if path[0] != "variants"
                or path[2:] not in in_defaults
                or (path[2:] and _is_written(path, {**raw, "variants": written}))
            ]
        )
    if not any(variant.split.is_pooled for variant in config.variants.values()):
        return config
    # Last, so that every fault has been named as the user wrote it, and not once for each fold.
    resolved["variants"] = with_folds(config, resolved["variants"])
    return Config.model_validate(resolved)


def check_corpus(config: Config) -> None:
    """Raise ConfigError unless every file of the corpus is there and can be read."""
    try:
        corpus_files(config.corpus.paths)
    except ValueError as error:
        raise ConfigError([(("corpus", "csv"), str(error))]) from None


def check_encoders(config: Config) -> None:
    """Raise ConfigError if the files of an encoder would be copied onto themselves.

    Snakemake deletes the outputs of a job before it, here the only copy of the encoder.
    """
    made = Path("data", config.experiment, "encoders").resolve()
    for name, encoder in config.encoders.items():
        if encoder.path is not None and Path(encoder.path).resolve().is_relative_to(made):
            fault = f"{encoder.path}: the workflow writes there; keep the encoder in another folder"
            raise ConfigError([(("encoders", name, "path"), fault)])


def check_overlays(overlays: Mapping[str, Any]) -> None:
    """End the run if one of the overlays, the contents of files by their paths, is no config.

    `--configfile` takes every name after it, and so the targets that a user writes there.
    """
    for path, content in overlays.items():
        is_made = any(Path(path).is_relative_to(Path(name).absolute()) for name in MADE)
        if is_made and not {*content} <= {*Config.model_fields}:
            sys.exit(f"{path}: no config file; targets stand before --configfile, or after a `--`")


def load_config(
    files: Sequence[str], merged: Mapping[str, Any], overrides: Mapping[str, Any]
) -> Config:
    """The checked config from what Snakemake `merged` of the `files` and the `overrides`.

    `files` are the base config and the overlays in order, `overrides` what `--config` gives. Ends
    the run by SystemExit with one line for each fault, which names the place that the fault comes
    from: Snakemake would print a WorkflowError with its traceback.
    """
    sources: dict[str, Any] = {}
    try:
        for path in files:
            sources[path] = read_config_file(path)
        check_overlays({path: sources[path] for path in files[1:]})
        sources["--config"] = overrides
        config = parse_config(in_base_order(merged, sources.values()))
        # Checked here and not in an input function: if one fails, Snakemake concludes that the rule
        # cannot make its output, and accepts an older results/summary.md as finished.
        check_corpus(config)
        check_encoders(config)
    except ConfigError as error:
        sys.exit(error.report(sources))
    return config


def _unknown_names(
    resolved: Mapping[str, Any], variants: Mapping[str, Any], defaults: Mapping[str, Any]
) -> Iterator[Problem]:
    """A problem for each `encoder` that names nothing in the config."""
    recipes = {("defaults",): defaults}
    recipes |= {("variants", str(name)): spec for name, spec in variants.items()}
    used = [((*place, "encoder"), mapping(spec).get("encoder")) for place, spec in recipes.items()]
    encoders = resolved.get("encoders")
    for path, name in used:
        if isinstance(name, str) and isinstance(encoders, Mapping) and name not in encoders:
            yield path, f"{name!r} is not in encoders: {', '.join(map(str, encoders))}"


def _of_other_question(config: Config) -> Iterator[Problem]:
    """A problem for each key of a recipe that is for another question."""
    question = config.corpus.question
    recipes = {("defaults",): config.defaults}
    recipes |= {("variants", name): variant for name, variant in config.variants.items()}
    for place, recipe in recipes.items():
        if question != "target" and recipe.threshold_beta != 1:
            fault = f"is not for the question {question}, which has no threshold; leave it out"
            yield (*place, "threshold_beta"), fault
    for name, variant in config.variants.items():
        for key in variant.resample.of_other_question(question) if variant.resample else []:
            path = ("variants", name, "resample", key)
            own = ", ".join(Resample.keys_of(question))
            yield path, f"is not for the question {question}, whose keys are {own}; leave it out"
        if variant.classifier != "encoder":
            continue
        if question != "target" and variant.training.speaker_loss_weight is not None:
            path = ("variants", name, "training", "speaker_loss_weight")
            yield path, f"is not for the question {question}, which asks for them; leave it out"
        best = variant.training.best_epoch
        allowed = BestEpoch.metrics_of(question)
        if best and best.metric not in allowed:
            path = ("variants", name, "training", "best_epoch", "metric")
            fault = f"{best.metric!r}: is not for the question {question}"
            yield path, f"{fault}, which has {', '.join(allowed)}"


def _is_written(path: tuple[str, ...], value: Any) -> bool:
    """Whether `value`, as the user wrote it, holds the key `path`."""
    for key in path:
        if not isinstance(value, Mapping):
            return True
        by_text = {str(name): inner for name, inner in value.items()}  # YAML reads 3 as a number
        if key not in by_text:
            return False
        value = by_text[key]
    return True


def _explain(error: ValidationError) -> Iterator[Problem]:
    """Each fault as the path of its key and one sentence: the value and what is allowed."""
    for fault in error.errors():
        path = tuple(str(part) for part in fault["loc"])
        value, allowed = fault["input"], fault["msg"].removeprefix("Value error, ")
        is_name = "aliases" not in path  # the keys of other mappings are plain words
        is_key, is_text = path[-1] == "[key]", fault["type"] != "string_type"
        if not is_text and isinstance(value, bool | int | float) and not (is_key and is_name):
            yield path[:-1] if is_key else path, f"{value!r}: {QUOTES}"
        elif path == ("variants",) and fault["type"] == "too_short":
            yield path, "no variant is left: each is null; keep one or add one of your own"
        elif is_key:
            yield path[:-1], allowed if is_text else PLAIN_WORD
        elif fault["type"] == "extra_forbidden":
            keys = list(_section_at(path[:-1]).model_fields)
            close = difflib.get_close_matches(path[-1], keys, n=1)
            hint = f"did you mean {close[0]}? " if close else ""
            yield path, f"unknown key; {hint}allowed here: {', '.join(keys)}"
        elif fault["type"] == "missing":
            yield path, "is missing"
        elif fault["type"] == "too_short":
            yield path, "is empty; give at least one"
        elif fault["type"] in ALLOWED:
            yield path, f"{value!r}: {ALLOWED[fault['type']]}"
        elif fault["type"] == "value_error" and isinstance(value, Mapping | BaseModel | None):
            yield path, allowed
        else:
            yield path, f"{value!r}: {allowed[0].lower()}{allowed[1:]}"


def _section_at(path: tuple[str, ...]) -> type[BaseModel]:
    """The section of the config that a path of keys leads to."""
    here: Any = Config
    for key in path:
        if isinstance(here, type) and issubclass(here, BaseModel):
            here = here.model_fields[key].annotation
        else:  # dict[name, section]
            here = get_args(here)[1]
        if isinstance(here, UnionType):  # section | None
            here = get_args(here)[0]
    return here
