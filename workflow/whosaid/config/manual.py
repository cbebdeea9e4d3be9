"""Generates the manual from the config model: the tables of config/README.md and a JSON schema.

Run `make manual` after a change of `model.py`; a test fails if that was forgotten.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema

from whosaid.config.model import Config
from whosaid.config.recipe_section import Recipe
from whosaid.config.warning_codes import WARNINGS

CONFIG_DIR = Path(__file__).resolve().parents[3] / "config"
BEGIN, END = "<!-- generated: make manual -->", "<!-- end of generated -->"


def sections(model: type[BaseModel] = Config, path: str = "") -> Iterator[tuple[str, type]]:
    """Every section of the config with its path, each once, from the top down."""
    yield path or "(top level)", model
    for key, field in model.model_fields.items():
        if key == "variants":  # they have the keys of `defaults`
            continue
        for section, is_named in _sections_in(field.annotation):
            if not any(inner.description for inner in section.model_fields.values()):
                continue
            if section is Recipe:
                yield from sections(section, "defaults and variants.{name}")
                continue
            above = "…" if model is Recipe else path
            below = f"{key}.{{name}}" if is_named else key
            yield from sections(section, f"{above}.{below}" if above else below)


def _sections_in(annotation: Any, is_named: bool = False) -> Iterator[tuple[type[BaseModel], bool]]:
    """The sections that a type holds, and whether it holds them by name."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, is_named
    for part in get_args(annotation):
        yield from _sections_in(part, is_named or get_origin(annotation) is dict)


def type_name(annotation: Any) -> str:
    """A type in words for users, such as `whole number or null`."""
    if get_origin(annotation) in (Union, UnionType):
        return " or ".join(map(type_name, get_args(annotation)))
    if annotation is type(None):
        return "null"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "section"
    name = getattr(annotation, "__name__", str(annotation))
    if name == "Annotated":
        return type_name(get_args(annotation)[0])
    if name == "Literal":
        return ", ".join(f"`{value}`" for value in get_args(annotation))
    if name == "dict":
        value = type_name(get_args(annotation)[1])
        several = {"text": "texts", "section": "sections", "list of value": "lists of values"}
        return f"{several[value]} by name"
    if name == "tuple":
        return f"list of {type_name(get_args(annotation)[0])}"
    return {
        "Any": "value",
        "str": "text",
        "int": "whole number",
        "float": "number",
        "bool": "true or false",
    }[name]


def default_of(field: FieldInfo) -> str:
    """The default as it would be written in YAML."""
    if field.is_required():
        return "*required*"
    if isinstance(field.default, BaseModel):
        return ""
    return f"`{json.dumps(field.default)}`"


def key_tables() -> str:
    """A Markdown table of keys for each section of the config."""
    parts = []
    for path, section in sections():
        rows = [
            f"| `{key}` | {type_name(field.annotation)} | {default_of(field)} | "
            f"{field.description or ''} |"
            for key, field in section.model_fields.items()
        ]
        head = "| key | value | default | meaning |\n|---|---|---|---|"
        intro = section.__doc__.splitlines()[0]
        parts.append("\n".join([f"### `{path}`\n\n{intro}\n\n{head}", *rows]))
    return "\n\n".join(parts)


def warning_table() -> str:
    """A Markdown table of the warnings."""
    rows = [f"| {code} | {meaning} |" for code, meaning in WARNINGS.items()]
    intro = "They stand in the summary, the report and the JSON files, each with its code."
    return "\n".join([f"### Warnings\n\n{intro}\n\n| code | it warns that |\n|---|---|", *rows])


def manual(text: str) -> str:
    """The manual `text` with its generated part replaced."""
    pattern = re.compile(f"{re.escape(BEGIN)}.*{re.escape(END)}", re.DOTALL)
    generated = f"{key_tables()}\n\n{warning_table()}"
    return pattern.sub(lambda _: f"{BEGIN}\n\n{generated}\n\n{END}", text)


class _NothingRequired(GenerateJsonSchema):
    def field_is_required(self, field: Any, total: bool) -> bool:
        return False


def json_schema() -> dict[str, Any]:
    """The JSON schema of a config file or overlay, in which no key is required."""
    return Config.model_json_schema(schema_generator=_NothingRequired)


def main() -> None:
    """Write the generated part of config/README.md, and config/schema.json."""
    readme = CONFIG_DIR / "README.md"
    readme.write_text(manual(readme.read_text(encoding="utf-8")), encoding="utf-8")
    schema = json.dumps(json_schema(), indent=2, ensure_ascii=False)
    (CONFIG_DIR / "schema.json").write_text(schema + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
