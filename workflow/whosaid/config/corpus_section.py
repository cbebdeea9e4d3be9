"""The section `corpus` of the config: the files of dialogue lines, and the question about them."""

import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from whosaid.config.column_names import FIELDS, TAKEN_NAMES
from whosaid.config.speaker_names import Normalisation, final_name, normalise_name
from whosaid.config.value_types import Count, Name, Section, Text, plain_path

Question = Literal["target", "speakers"]


def _paths(given: Any) -> Any:
    # Told in one line here, where pydantic has a line for each of the two types.
    paths = [given] if isinstance(given, str) else given
    if not (isinstance(paths, list | tuple) and all(isinstance(path, str) for path in paths)):
        raise ValueError("must be a path, a pattern, or a list of these")
    if not paths or "" in paths:
        raise ValueError("must name a file")
    for path in paths:
        plain_path(path)
    return given


def _extra_name(name: str) -> str:
    if name in TAKEN_NAMES:
        raise ValueError("this name has another meaning; choose another one")
    return name


def known_encoding(encoding: str) -> str:
    """The name of an encoding of texts. Raises ValueError if Python knows none of that name."""
    try:
        "a".encode(encoding)
    except (LookupError, ValueError):
        raise ValueError(
            "no text encoding that Python knows; utf-8, cp1252, latin-1 and utf-16 are some"
        ) from None
    return encoding


def _separator(separator: str) -> str:
    if re.search(r'["\r\n\x00]', separator):
        raise ValueError("a separator has no quotes and no line breaks")
    return separator


class Columns(Section):
    """Which columns of the files hold what; others are ignored. A value is a header."""

    speaker: Text = Field(description="Header of the column with the speaker's name.")
    line: Text = Field(description="Header of the column with what is said.")
    row: Text | None = Field(
        None,
        description="Header of a number that no two rows share; null: rows are counted from 0 over "
        "all files.",
    )
    season: Text | None = Field(None, description="Header of the season: any text; null: none.")
    episode: Text | None = Field(
        None,
        description="Header of the episode: any text, which with the season, if there is one, "
        "tells an episode from others; null: none.",
    )
    scene: Text | None = Field(
        None,
        description="Header of the scene: any text, which with season and episode, if there are "
        "any, tells a scene from others; null: none.",
    )
    extra: dict[Annotated[Name, AfterValidator(_extra_name)], Text] = Field(
        {},
        description="More columns, as `plain_name: header`. `annotate` and `linear.features` use "
        "them by their plain names.",
    )

    @model_validator(mode="after")
    def _headers_once(self):
        seen: dict[str, str] = {}
        for name, header in self.headers.items():
            other = seen.setdefault(header, name)
            if other != name:
                raise ValueError(f"{other} and {name} name one header, {header!r}; map it once")
        return self

    @property
    def headers(self) -> dict[str, str]:
        """The header of each mapped column by the column's name here."""
        given = {name: getattr(self, name) for name in FIELDS}
        return {name: header for name, header in given.items() if header is not None} | self.extra


class Speakers(Section):
    """How the names of speakers are put right: normalised, then by aliases, then dropped."""

    normalise: Normalisation = Field(
        "none",
        description="`strip` takes blanks off both ends; `casefold` does so too and ignores case, "
        "so that all names become lower case.",
    )
    aliases: dict[Text, Text] = Field(
        {},
        description='Other names, as `"MICHAEL SCOTT": michael`. An alias of a name to itself '
        "says that the name is no misspelt other one.",
    )
    drop: tuple[Text, ...] = Field((), description="Names whose rows are left out.")

    @model_validator(mode="after")
    def _aliases_agree(self):
        seen: dict[str, str] = {}
        for name in self.aliases:
            other = seen.setdefault(normalise_name(name, self.normalise), name)
            values = {normalise_name(self.aliases[key], self.normalise) for key in (other, name)}
            if len(values) > 1:
                raise ValueError(
                    f"aliases: {other!r} and {name!r} are one name once normalised, with two "
                    "aliases; keep one"
                )
        return self

    def final(self, name: str) -> str:
        """The name under which the lines of a speaker are stored."""
        return final_name(name, self.normalise, self.aliases)


class Corpus(Section):
    """The files of dialogue lines, and whose lines the classifiers look for."""

    csv: Annotated[Text | tuple[Text, ...], BeforeValidator(_paths)] = Field(
        description="Path of the file of lines, a pattern such as `scripts/*.csv`, a URL, or a "
        "list of these. Files are read in the order of the list, those of a pattern sorted. What "
        "a URL stands for is fetched by `snakemake --cores 1 fetch_corpus`."
    )
    format: Literal["csv", "tsv", "jsonl", "parquet"] = Field(
        "csv",
        description="Form of the files. `jsonl` has one JSON object per line, whose inner objects "
        "are named with dots. A name that ends in `.gz` means gzip.",
    )
    separator: Annotated[Text, AfterValidator(_separator)] | None = Field(
        None,
        description="What stands between the cells of `csv` and `tsv`; null: a comma or a tab. "
        "With more than one character cells are never in quotes.",
    )
    encoding: Annotated[Text, AfterValidator(known_encoding)] = Field(
        "utf-8", description="Encoding of text files: any name that Python knows."
    )
    header: Annotated[tuple[str, ...], Field(min_length=1)] | None = Field(
        None, description="The names of the columns, for `csv` and `tsv` without a row of names."
    )
    quotes: Literal["doubled", "escaped", "none"] = Field(
        "doubled",
        description="How a quote within a quoted cell of `csv` and `tsv` is written: twice, or "
        "after a backslash. `none`: cells are never in quotes, and a quote is a sign like others.",
    )
    row_names: bool = Field(
        False,
        description="Whether each row of `csv` and `tsv` begins with its name, for which the "
        "header has none, as R's `write.table` writes it. It is left out.",
    )
    missing: tuple[Text, ...] = Field(
        (), description="Texts that stand for an empty cell, such as `NA`."
    )
    columns: Columns | None = Field(
        None,
        description="Which column holds what; null: the published form, twelve columns by exact "
        "name and type.",
    )
    scenes: Literal["blank_rows", "stage_directions", "changes"] | None = Field(
        None,
        description="How scenes are found by order: a new one starts after a row without any cell "
        "filled, after a row without speaker, or where `columns.scene` is not that of the row "
        "before.",
    )
    rows_without_speaker_or_line: Literal["refuse", "drop"] = Field(
        "refuse", description="What to do with rows that lack one of the two."
    )
    speakers: Speakers = Field(Speakers(), description="How names of speakers are put right.")
    question: Question = Field(
        "target",
        description="`target`: is a line the `target_speaker`'s or not? `speakers`: which of the "
        "`top_speakers` says it?",
    )
    target_speaker: Text | None = Field(
        None,
        validate_default=True,
        description="The positive class: the value of `speaker` that label 1 stands for. The "
        "question `speakers` does not read it.",
    )
    top_speakers: Annotated[Count, Field(ge=2, le=100)] = Field(
        10, description="Keep the lines of this many most frequent speakers, the target among them."
    )
    other_speakers: Literal["drop", "class"] = Field(
        "drop",
        description="What happens to the lines of all others: `drop`, or `class` for one more "
        "class, `others`, in the question `speakers`.",
    )
    word_tokenizer: Literal["punkt", "preserve_line"] = Field(
        "punkt",
        description="How NLTK counts words for `min_words`: `punkt` splits the text into sentences "
        "first (the published count; needs the punkt_tab data), `preserve_line` does not (needs no "
        "data; some counts differ).",
    )

    @field_validator("target_speaker")
    @classmethod
    def _target_has_a_name(cls, target: str | None, info: ValidationInfo) -> str | None:
        if target is None and info.data.get("question") == "target":
            raise ValueError("is missing; the question target needs it")
        return target

    @field_validator("other_speakers")
    @classmethod
    def _others_have_a_question(cls, others: str, info: ValidationInfo) -> str:
        if others == "class" and info.data.get("question") == "target":
            raise ValueError("the question target has no class for others; drop, or ask `speakers`")
        return others

    @model_validator(mode="after")
    def _keys_fit(self):
        has_scene = self.columns is not None and self.columns.scene is not None
        if self.scenes is not None and self.columns is None:
            raise ValueError("scenes are numbered in the published form; scenes needs columns")
        if self.scenes == "changes" and not has_scene:
            raise ValueError("scenes: changes needs columns.scene")
        if self.scenes in ("blank_rows", "stage_directions") and has_scene:
            raise ValueError(f"scenes: {self.scenes} finds scenes that columns.scene names already")
        if self.format in ("jsonl", "parquet"):
            for key in ("separator", "header", "quotes", "row_names"):
                if getattr(self, key) != type(self).model_fields[key].default:
                    raise ValueError(f"{key} is for csv and tsv, not for {self.format}; remove it")
        if self.quotes == "escaped" and len(self.separator or ",") > 1:
            raise ValueError("with a separator of several characters cells are never in quotes")
        if self.scenes == "blank_rows" and self.format == "parquet":
            raise ValueError("scenes: blank_rows is for csv, tsv and jsonl")
        return self

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths and patterns of the files."""
        return (self.csv,) if isinstance(self.csv, str) else self.csv

    @property
    def target(self) -> str | None:
        """The target's name as the lines are stored; None where the question has no target."""
        if self.question != "target":
            return None
        return self.speakers.final(self.target_speaker)
