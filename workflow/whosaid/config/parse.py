"""Parses the raw config: merges defaults into variants and reports each fault in one line."""

import difflib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from whosaid.config.model import PLAIN_WORD, Config

ALLOWED = {
    "dict_type": "must be a mapping of keys",
    "model_type": "must be a mapping of keys",
    "tuple_type": "must be a list",
}
"""Replacements for messages of pydantic that speak of Python types."""


class ConfigError(ValueError):
    """The config is wrong; `problems` holds one `(path of the key, what is wrong)` per fault."""

    def __init__(self, problems: list[tuple[tuple[str, ...], str]]):
        self.problems = problems
        super().__init__("\n".join(f"{'.'.join(path)}: {text}" for path, text in problems))

    def report(self, sources: Mapping[str, Any]) -> str:
        """One line per fault, which starts with the file or option that the key is in.

        `sources` maps each file or option to its content. If several hold a key, the last one
        counts, as in Snakemake's own merge.
        """
        lines = []
        for path, text in self.problems:
            places = [place for place, raw in sources.items() if _is_written(path, raw)]
            lines.append(f"{places[-1] if places else 'config'}: {'.'.join(path)}: {text}")
        return "\n".join(lines)


def merge(base: Any, overlay: Any) -> Any:
    """`overlay` over `base`: mappings key by key at every depth, anything else replaced."""
    if not (isinstance(base, Mapping) and isinstance(overlay, Mapping)):
        return overlay
    merged = dict(base)
    for key, value in overlay.items():
        merged[key] = merge(base[key], value) if key in base else value
    return merged


def in_base_order(raw: Mapping[str, Any], sources: Iterable[Any]) -> dict[str, Any]:
    """`raw` with its variants in the order in which the `sources` first name them.

    Snakemake's merge puts the variants of an overlay first. The `sources` are the contents of the
    config files, the base config first.
    """
    variants = raw.get("variants")
    if not isinstance(variants, Mapping):
        return dict(raw)
    written = [source.get("variants") for source in sources if isinstance(source, Mapping)]
    names = dict.fromkeys(
        name for named in written if isinstance(named, Mapping) for name in named
    ) | dict.fromkeys(variants)
    return {**raw, "variants": {name: variants[name] for name in names if name in variants}}


def parse_config(raw: Mapping[str, Any]) -> Config:
    """Check the raw config and merge `defaults` into the variants.

    Raises ConfigError with every fault at once, each with the path of its key as the user wrote it.
    """
    written = raw.get("variants")
    if not isinstance(written, Mapping):
        written = {}
    defaults = raw.get("defaults")
    if not isinstance(defaults, Mapping):
        defaults = {}
    # An overlay leaves a variant out by setting it to null.
    variants = {name: merge(defaults, spec) for name, spec in written.items() if spec is not None}
    resolved = {key: value for key, value in raw.items() if value is not None}
    if written:
        resolved["variants"] = variants
    problems = list(_unknown_encoders(resolved.get("encoders"), variants, defaults))
    problems += _unknown_reference(resolved.get("reference"), variants)
    try:
        config = Config.model_validate(resolved)
    except ValidationError as error:
        problems += _explain(error)
    if problems:
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
    return config


def check_corpus(config: Config) -> None:
    """Raise ConfigError unless the CSV is a file that can be read."""
    csv = Path(config.corpus.csv)
    if csv.is_file() and os.access(csv, os.R_OK):
        return
    fault = "not a file" if csv.exists() else "no such file"
    if csv.is_file():
        fault = "permission denied"
    advice = "put the processed CSV there or set corpus.csv to where it is"
    raise ConfigError([(("corpus", "csv"), f"{csv}: {fault}; {advice}")])


def _unknown_encoders(
    encoders: Any, variants: Mapping[str, Any], defaults: Mapping[str, Any]
) -> Iterator[tuple[tuple[str, ...], str]]:
    if not isinstance(encoders, Mapping):
        return
    recipes = {("defaults",): defaults}
    recipes |= {("variants", str(name)): spec for name, spec in variants.items()}
    for place, spec in recipes.items():
        encoder = spec.get("encoder") if isinstance(spec, Mapping) else None
        if isinstance(encoder, str) and encoder not in encoders:
            known = ", ".join(map(str, encoders))
            yield (*place, "encoder"), f"{encoder!r} is not in encoders: {known}"


def _unknown_reference(
    reference: Any, variants: Mapping[str, Any]
) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(reference, str) and variants and reference not in variants:
        known = ", ".join(map(str, variants))
        yield ("reference",), f"{reference!r} is not in variants: {known}"


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


def _explain(error: ValidationError) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each fault as the path of its key and one sentence: the value and what is allowed."""
    for fault in error.errors():
        path = tuple(str(part) for part in fault["loc"])
        value, allowed = fault["input"], fault["msg"].removeprefix("Value error, ")
        if path[-1] == "[key]":
            yield path[:-1], PLAIN_WORD
        elif fault["type"] == "extra_forbidden":
            keys = list(_section_at(path[:-1]).model_fields)
            close = difflib.get_close_matches(path[-1], keys, n=1)
            hint = f"did you mean {close[0]}? " if close else ""
            yield path, f"unknown key; {hint}allowed here: {', '.join(keys)}"
        elif fault["type"] == "missing":
            yield path, "is missing"
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
