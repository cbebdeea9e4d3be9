"""The config model: every key with its type, default, description and cross-checks.

Its larger sections are in `corpus_section.py` and `recipe_section.py`. The tables of
`config/README.md` and `config/schema.json` are generated from it.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from whosaid.config.chosen_on_valid import ChosenOnValid
from whosaid.config.corpus_section import Corpus
from whosaid.config.recipe_section import Recipe, Variant
from whosaid.config.tracks import Track
from whosaid.config.value_types import (
    Count,
    FilePath,
    Name,
    Named,
    Number,
    Section,
    Seed,
    Share,
    Text,
)
from whosaid.config.warning_codes import WARNINGS

RESERVED = (
    *("benchmarks", "downloads", "encoders", "logs", "model_store", "nltk_data"),
    *("processed", "sample"),
)
"""Folders of data/ and results/ that belong to no experiment."""

Unit = Literal["row", "scene", "episode"]


def _not_reserved(experiment: str) -> str:
    if experiment.lower() in RESERVED:
        raise ValueError(f"this folder has another use; names in use: {', '.join(RESERVED)}")
    return experiment


def _commit(revision: str) -> str:
    if not re.fullmatch("[0-9a-f]{40}", revision):
        raise ValueError("must be a commit of the repository: 40 hexadecimal digits")
    return revision


def _not_blank(line: str) -> str:
    if not line.strip():
        raise ValueError("the line is blank; write one, or leave it out")
    return line


def _warning_code(code: str) -> str:
    if code not in WARNINGS:
        raise ValueError(f"no such warning; the codes are {', '.join(WARNINGS)}")
    return code


class Hub(Section):
    """A model on the Hugging Face hub, pinned to a commit."""

    name: Text = Field(description="Repository on the hub, e.g. `FacebookAI/roberta-base`.")
    revision: Annotated[str, AfterValidator(_commit)] = Field(
        description="Commit of that repository: 40 hexadecimal digits, so that it never moves."
    )


class Scratch(Section):
    """A small model with random weights and a tokenizer trained on the corpus' own lines."""

    architecture: Literal["distilbert", "roberta"] = Field(
        description="`distilbert` gets an uncased WordPiece tokenizer, `roberta` a byte-level BPE."
    )
    vocab_size: Annotated[Count, Field(ge=300)] = Field(
        4000, description="Upper limit of the tokenizer's vocabulary."
    )
    hidden_size: Count = Field(64, description="Width of the encoder.")
    num_hidden_layers: Count = Field(2, description="Layers of the encoder.")
    num_attention_heads: Count = Field(2, description="Attention heads; divides `hidden_size`.")
    intermediate_size: Count = Field(128, description="Width of the feed-forward layers.")
    seed: Seed = Field(42, description="Seed of the random weights.")

    @model_validator(mode="after")
    def _heads_divide_width(self):
        if self.hidden_size % self.num_attention_heads:
            raise ValueError(
                f"hidden_size {self.hidden_size} is not a multiple of "
                f"num_attention_heads {self.num_attention_heads}"
            )
        return self


class Encoder(Section):
    """Where a pre-trained encoder comes from: exactly one of the three."""

    hub: Hub | None = Field(None, description="A hub repository and its commit.")
    path: FilePath | None = Field(
        None, description="A local folder with tokenizer, config.json and model.safetensors."
    )
    scratch: Scratch | None = Field(None, description="Built here, without any pre-training.")

    @model_validator(mode="after")
    def _exactly_one_source(self):
        given = [name for name in ("hub", "path", "scratch") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"got {' and '.join(given) or 'no source'}; give exactly one of hub, path, scratch "
                "(an overlay takes another one away by setting it to null)"
            )
        return self


class PublishedQuestion(Section):
    """The question that published figures answer."""

    target_speaker: Text = Field(description="Whose lines the published classifiers looked for.")
    top_speakers: Annotated[Count, Field(ge=2)] = Field(
        description="How many of the most frequent speakers were kept."
    )


class Statistics(Section):
    """How sure the table says it is."""

    confidence: Annotated[Number, Field(gt=0.5, lt=1)] = Field(
        0.95, description="Level of every interval; 1 - level is that of every test."
    )
    unit: Unit | None = Field(
        None,
        description="What is resampled as a whole: `row`, `scene` or `episode`; null: what the "
        "variant's split keeps together (`split.group_by`), else rows.",
    )
    resamples: Annotated[Count, Field(ge=100, le=100_000)] = Field(
        1000, description="Bootstrap resamples of the units."
    )
    seed: Seed = Field(27, description="Seed of the bootstrap.")


class AuditLimits(Section):
    """Largest share of a held-out split's rows; a crossed limit stops the run before training."""

    exact_duplicates: Share | None = Field(
        None, description="Rows of test or valid whose text is also in train; null: no limit."
    )
    normalised_duplicates: Share | None = Field(
        None, description="The same, ignoring case, punctuation and spacing."
    )
    near_duplicates: Share | None = Field(None, description="Rows with a near duplicate in train.")
    shared_episodes: Share | None = Field(
        None, description="Rows whose episode also has rows in train."
    )
    shared_scenes: Share | None = Field(
        None, description="Rows whose scene also has rows in train."
    )
    shared_neighbours: Share | None = Field(
        None, description="Rows in whose `context` a row of train stands."
    )


class Audit(Section):
    """What the leak audit looks for, and how much of it is allowed."""

    near_duplicate_similarity: Annotated[Number, Field(gt=0.5, le=1)] = Field(
        0.9, description="Two texts are near duplicates from this cosine of character trigrams on."
    )
    limits: AuditLimits = Field(AuditLimits(), description="What stops the run; none by default.")


class Config(Section):
    """The whole config. `parse_config` has merged `defaults` into each variant."""

    experiment: Annotated[Name, AfterValidator(_not_reserved)] = Field(
        description="Names the cache: data/{experiment} and results/{experiment}."
    )
    corpus: Corpus = Field(description="The lines and the question.")
    encoders: Annotated[dict[Name, Encoder], Named] = Field(
        min_length=1, description="Encoders by the names that variants use."
    )
    defaults: Recipe = Field(Recipe(), description="What every variant starts from.")
    variants: Annotated[dict[Name, Variant], Named] = Field(
        min_length=1,
        description="A variant says only how it differs from `defaults`; null leaves it out.",
    )
    reference: str | None = Field(
        None,
        description="The variant that the others of its track are compared with; null: the first "
        "variant of the base config that is not left out. In any other track it is the first "
        "variant with an encoder.",
    )
    track_baselines: bool = Field(
        False,
        description="Adds linear baselines for each track that a variant with an encoder is of: "
        "TF-IDF of the same information, the same without any text, and TF-IDF with the context of "
        "another row.",
    )
    published_question: PublishedQuestion | None = Field(
        None,
        validate_default=True,
        description="The question that all `published` figures answer. They are left out, with a "
        "note, where `corpus` asks another one.",
    )
    new_lines: Annotated[dict[Name, FilePath], Named] = Field(
        {},
        description="Files of other lines, by a name: `results/{experiment}/new/{name}/"
        "{variant}.csv` says who says them. A file needs the column of the line, and those that "
        "the variant reads; the end of its name says its form. The first row of `csv` and `tsv` "
        "names the columns, whatever `corpus.header` and `corpus.row_names` say. `encoding`, "
        "`quotes`, `missing` and a separator of one character are those of the corpus.",
    )
    informal_test: tuple[Annotated[Text, AfterValidator(_not_blank)], ...] = Field(
        (),
        description="Lines that every model is asked in `results/{experiment}/informal_test.md` "
        "and in the report.",
    )
    ignore_warnings: tuple[Annotated[str, AfterValidator(_warning_code)], ...] = Field(
        (), description="Codes of warnings that the summary and the report leave out."
    )
    statistics: Statistics = Field(Statistics(), description="Intervals and comparisons.")
    audit: Audit = Field(Audit(), description="The leak audit and its limits.")

    # Validates the field and not the model, so that the error has the path of the key.
    @field_validator("published_question")
    @classmethod
    def _published_figures_have_a_question(cls, question: Any, info: ValidationInfo) -> Any:
        variants = info.data.get("variants", {})
        published = [name for name, variant in variants.items() if variant.published]
        if published and question is None:
            raise ValueError(
                f"variants.{published[0]} has published figures; give the target_speaker and the "
                "top_speakers that they are for"
            )
        return question

    @property
    def reference_variant(self) -> str:
        """The variant that the others are compared with."""
        return self.reference or self.shown[0]

    def track_of(self, variant: str) -> Track:
        """What the models of a variant may know; an ensemble knows what any of its members does.

        With what its members predict for the lines around it knows something of their texts.
        """
        ensemble = self.variants[variant].ensemble
        if ensemble is None:
            return self.variants[variant].track
        known = [self.track_of(name) for name in ensemble.members]
        return max([*known, "B"] if ensemble.neighbours else known)

    def neighbours_by(self, variant: str) -> list[str]:
        """The members whose predictions for the lines around a line an ensemble may read.

        A model that knows who speaks before a line tells, by what it predicts for the next line,
        who says this one; so only those are asked that know no names.
        """
        ensemble = self.variants[variant].ensemble
        if ensemble is None or not ensemble.neighbours:
            return []
        return [name for name in ensemble.members if self.track_of(name) <= "B"]

    def reference_of(self, variant: str) -> str:
        """The variant that a variant is compared with: one that knows as much of who speaks."""
        track = self.track_of(variant)
        of_track = [name for name in self.shown if self.track_of(name) == track]
        if self.reference_variant in of_track:
            return self.reference_variant
        return next(filter(self.is_encoder, of_track), of_track[0])

    def is_encoder(self, variant: str) -> bool:
        """Whether it is an encoder, or the best or the folds of several settings of one."""
        spec = self.variants[variant]
        if spec.weights in ("best", "pooled"):
            return self.is_encoder(self.members_of(variant)[0])
        return spec.classifier == "encoder"

    def columns_read(self) -> list[tuple[str, tuple[str, ...]]]:
        """Each key that reads columns of the CSV, with columns of which one must have values."""
        read = []
        for name, variant in self.variants.items():
            if variant.annotate:
                read.append((f"variants.{name}.annotate", variant.annotate))
            if variant.classifier == "linear":
                key = f"variants.{name}.linear.features"
                read += [(key, (feature,)) for feature in variant.linear.features]
        return read

    def unit_of(self, variant: str) -> Unit:
        """What is resampled as a whole to say how sure a variant's figures are."""
        return self.statistics.unit or self.variants[variant].split.group_by or "row"

    def members_of(self, variant: str) -> tuple[str, ...]:
        """The variants whose predictions an ensemble combines; any other variant has none."""
        ensemble = self.variants[variant].ensemble
        return ensemble.members if ensemble else ()

    @property
    def parts(self) -> set[str]:
        """The trials of searches and the folds of variants: they are trained, and have no row."""
        return {
            part
            for name, spec in self.variants.items()
            if spec.weights == "pooled" or (spec.search and not spec.search.show_trials)
            for part in self.members_of(name)
        }

    @property
    def shown(self) -> list[str]:
        """The variants that tables, figures and pages show: all but trials and folds."""
        parts = self.parts
        return [name for name in self.variants if name not in parts]

    @property
    def ensemble_titles(self) -> list[str]:
        """The titles of the ensembles, which have no models and cannot be asked."""
        shown = {name: self.variants[name] for name in self.shown}
        return [each.title or name for name, each in shown.items() if each.ensemble]

    def models_of(self, variant: str) -> list[str]:
        """The variants with models of their own that an ensemble rests on, or the variant alone."""
        members = self.members_of(variant)
        models = [model for member in members for model in self.models_of(member)]
        return [*dict.fromkeys(models)] if members else [variant]

    def is_one_ensemble(self, variant: str) -> bool:
        """Whether it combines all models of its members to one, in each fold if it has some."""
        spec = self.variants[variant]
        if spec.weights == "pooled":
            return self.is_one_ensemble(self.members_of(variant)[0])
        return spec.weights in ("equal", "learned")

    def is_baseline(self, variant: str) -> bool:
        """Whether no encoder takes part: a logistic regression, or an ensemble of such alone."""
        members = self.members_of(variant)
        if members:
            return all(map(self.is_baseline, members))
        return self.variants[variant].classifier == "linear"

    def valid_chooses(self, variant: str) -> ChosenOnValid | None:
        """What valid chooses besides a threshold; of several things the one that counts most."""
        spec = self.variants[variant]
        if spec.weights == "best":
            return "member"
        chosen = {self.valid_chooses(name) for name in self.members_of(variant)}
        if spec.classifier == "encoder" and spec.training.best_epoch:
            chosen.add("epoch")
        if spec.weights == "learned":
            chosen.add("weights")
        return next((each for each in ("member", "epoch", "weights") if each in chosen), None)

    @property
    def asks_the_published_question(self) -> bool:
        """Whether the published figures answer the question that `corpus` asks."""
        question, corpus = self.published_question, self.corpus
        return (
            question is not None
            and corpus.question == "target"
            and question.target_speaker == corpus.target
            and question.top_speakers == corpus.top_speakers
        )
