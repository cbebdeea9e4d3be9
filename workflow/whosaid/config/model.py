"""The config model: every key with its type, default, description and cross-checks.

The model is closed (an unknown key is an error) and frozen. The tables of `config/README.md` and
`config/schema.json` are generated from it.
"""

import math
import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from whosaid.config.column_names import FIELDS, PUBLISHED_HEADERS
from whosaid.config.speaker_names import Normalisation, final_name, normalise_name

PLAIN_WORD = (
    "a name is a plain word, since it names files: a letter, then letters, digits or _, at most "
    "100 in all, with no end that is repeated 20 times"
)

RESERVED = ("benchmarks", "encoders", "logs", "model_store", "nltk_data", "processed", "sample")
"""Folders of data/ and results/ that belong to no experiment."""

Unit = Literal["row", "scene", "episode"]
Question = Literal["target", "speakers"]

PUBLISHED_COLUMNS = tuple(name for name in PUBLISHED_HEADERS if name not in ("speaker", "line"))
"""What the published form has besides the number of the row, the speaker and the line."""

TEXT_FEATURES = ("word_ngrams", "character_ngrams", "word_count")
"""The features of the linear baselines that are no columns of the corpus."""

TAKEN_NAMES = (*FIELDS, *TEXT_FEATURES, "text", "label", "abstained")
"""The names that no column under `corpus.columns.extra` can have."""


def _refuse_bool(value: Any) -> Any:
    # Python treats True as the number 1; in a config that is a mistake.
    if isinstance(value, bool):
        raise ValueError("Input should be a number")
    return value


def _plain_word(name: str) -> str:
    # A repeated end is for Snakemake the sign of an endless recursion. File systems allow 255
    # characters, and names of temporary files add the host's name and more.
    if not re.fullmatch(r"(?!.*?(.+)\1{19}$)[A-Za-z][A-Za-z0-9_]{0,99}", name):
        raise ValueError(PLAIN_WORD)
    return name


def _differ_in_letters(named: dict[str, Any]) -> dict[str, Any]:
    seen: dict[str, str] = {}
    for name in named:
        other = seen.setdefault(name.lower(), name)
        if other != name:
            raise ValueError(f"{other} and {name} would be one file where case does not count")
    return named


def _plain_path(path: str) -> str:
    if re.search(r"[{}\x00-\x1f]", path):
        raise ValueError("a path has no braces, which are wildcards, and no control characters")
    return path


def _paths(given: Any) -> Any:
    # Told in one line here, where pydantic has a line for each of the two types.
    paths = [given] if isinstance(given, str) else given
    if not (isinstance(paths, list | tuple) and all(isinstance(path, str) for path in paths)):
        raise ValueError("must be a path, a pattern, or a list of these")
    if not paths or "" in paths:
        raise ValueError("must name a file")
    for path in paths:
        _plain_path(path)
    return given


def _extra_name(name: str) -> str:
    if name in TAKEN_NAMES:
        raise ValueError("this name has another meaning; choose another one")
    return name


def _codec(encoding: str) -> str:
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


def _not_reserved(experiment: str) -> str:
    if experiment.lower() in RESERVED:
        raise ValueError(f"this folder has another use; names in use: {', '.join(RESERVED)}")
    return experiment


def _commit(revision: str) -> str:
    if not re.fullmatch("[0-9a-f]{40}", revision):
        raise ValueError("must be a commit of the repository: 40 hexadecimal digits")
    return revision


def _all_or_some(steps: int) -> int:
    if steps < 1 and steps != -1:
        raise ValueError("must be at least 1, or -1 for the steps of the epochs")
    return steps


Number = Annotated[float, BeforeValidator(_refuse_bool), Field(allow_inf_nan=False)]
Count = Annotated[int, BeforeValidator(_refuse_bool), Field(ge=1)]
Seed = Annotated[int, BeforeValidator(_refuse_bool), Field(ge=0, lt=2**32)]
Name = Annotated[str, AfterValidator(_plain_word)]
Named = AfterValidator(_differ_in_letters)
Text = Annotated[str, Field(min_length=1)]
FilePath = Annotated[Text, AfterValidator(_plain_path)]
Share = Annotated[Number, Field(ge=0, le=1)]
Ratio = Annotated[Number, Field(gt=0, le=1)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Columns(_Section):
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


class Speakers(_Section):
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


class Corpus(_Section):
    """The files of dialogue lines, and whose lines the classifiers look for."""

    csv: Annotated[Text | tuple[Text, ...], BeforeValidator(_paths)] = Field(
        description="Path of the file of lines, a pattern such as `scripts/*.csv`, or a list of "
        "these. Files are read in the order of the list, those of a pattern sorted."
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
    encoding: Annotated[Text, AfterValidator(_codec)] = Field(
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


class Hub(_Section):
    """A model on the Hugging Face hub, pinned to a commit."""

    name: Text = Field(description="Repository on the hub, e.g. `FacebookAI/roberta-base`.")
    revision: Annotated[str, AfterValidator(_commit)] = Field(
        description="Commit of that repository: 40 hexadecimal digits, so that it never moves."
    )


class Scratch(_Section):
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


class Encoder(_Section):
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


class Fractions(_Section):
    """Shares of the three splits; they sum to 1."""

    train: Annotated[Number, Field(gt=0, lt=1)] = Field(0.5, description="Share of training rows.")
    test: Annotated[Number, Field(gt=0, lt=1)] = Field(
        0.25, description="Share of test rows, which are also watched after each epoch."
    )
    valid: Annotated[Number, Field(gt=0, lt=1)] = Field(
        0.25, description="Share of validation rows, looked at only at the end."
    )

    @model_validator(mode="after")
    def _sum_to_one(self):
        total = self.train + self.test + self.valid
        if not math.isclose(total, 1.0, abs_tol=1e-9):
            raise ValueError(
                f"train {self.train} + test {self.test} + valid {self.valid} = {total:.6g}; "
                "the three fractions must sum to 1"
            )
        return self


class Split(_Section):
    """How the rows are divided among train, test and valid."""

    method: Literal["datasets_stratified", "pandas_per_class", "group_shuffle"] = Field(
        "datasets_stratified",
        description="The published sampling: `datasets`' stratified `train_test_split` twice, or "
        "`pandas`' `sample` for each class. `group_shuffle` keeps groups together, so that none is "
        "in two splits; fractions are then fractions of the groups.",
    )
    group_by: Literal["episode", "scene"] | None = Field(
        None, description="What `group_shuffle` keeps together; null with the other methods."
    )
    fractions: Fractions = Field(Fractions(), description="Shares of the three splits.")
    seed: Seed = Field(27, description="Seed of every draw and of the final shuffles.")

    @model_validator(mode="after")
    def _groups_have_a_method(self):
        if (self.method == "group_shuffle") != (self.group_by is not None):
            raise ValueError(
                f"method {self.method} with group_by {self.group_by or 'null'}; group_by is "
                "episode or scene with method group_shuffle, and null with any other"
            )
        return self


class Resample(_Section):
    """Re-balancing of the training split only, after the split."""

    oversample_positives: Count = Field(
        1,
        description="Question `target`: how many copies of each positive training row the split "
        "holds.",
    )
    undersample_negatives: Annotated[Number, Field(gt=0, le=1)] = Field(
        1.0, description="Question `target`: share of the negative training rows to keep."
    )
    undersample_to: Ratio | None = Field(
        None,
        description="Question `speakers`: rows of larger classes are dropped until the smallest "
        "class has this share of the largest; null: none are.",
    )
    oversample_to: Ratio | None = Field(
        None,
        description="Question `speakers`: rows of smaller classes are repeated until each has this "
        "share of the largest; null: none are.",
    )

    @staticmethod
    def keys_of(question: Question) -> tuple[str, ...]:
        """The keys that are for this question."""
        if question == "target":
            return "oversample_positives", "undersample_negatives"
        return "oversample_to", "undersample_to"

    def of_other_question(self, question: Question) -> list[str]:
        """The keys that have a value although they are not for this question."""
        own, fields = self.keys_of(question), type(self).model_fields
        return [k for k in fields if k not in own and getattr(self, k) != fields[k].default]


class Training(_Section):
    """Arguments of the Transformers `Trainer`, by its own names."""

    num_train_epochs: Annotated[Number, Field(gt=0)] = Field(5.0, description="Passes over train.")
    max_steps: Annotated[int, BeforeValidator(_refuse_bool), AfterValidator(_all_or_some)] = Field(
        -1, description="Optimizer steps, whatever `num_train_epochs`; -1: those of the epochs."
    )
    per_device_train_batch_size: Count = Field(32, description="Rows per training batch.")
    per_device_eval_batch_size: Count = Field(32, description="Rows per evaluation batch.")
    gradient_accumulation_steps: Count = Field(1, description="Batches per optimizer step.")
    learning_rate: Annotated[Number, Field(gt=0, le=1)] = Field(5e-5, description="Peak rate.")
    weight_decay: Annotated[Number, Field(ge=0, le=1)] = Field(
        0.01, description="Decoupled weight decay; biases and layer norms are spared."
    )
    lr_scheduler_type: Literal["linear", "cosine", "constant", "constant_with_warmup"] = Field(
        "linear", description="Course of the learning rate after the warm-up."
    )
    warmup_steps: Annotated[Number, Field(ge=0)] = Field(
        0.0, description="Steps of warm-up; below 1 it is the share of all steps."
    )
    max_grad_norm: Annotated[Number, Field(ge=0)] = Field(
        1.0, description="Gradients are clipped to this norm; 0 switches clipping off."
    )
    activation_checkpointing: bool = Field(
        False, description="Recompute activations in the backward pass: less memory, more time."
    )
    train_sampling_strategy: Literal["random", "group_by_length"] = Field(
        "random",
        description="`random` batches, as published, or `group_by_length`: of similar length. "
        "Those cost up to 0.01 of average precision and are faster only for an encoder whose rows "
        "cannot be packed.",
    )
    precision: Literal["float32", "bfloat16", "auto"] = Field(
        "float32",
        description="Arithmetic of the matrix products; `auto` takes bfloat16 where the device "
        "computes it natively.",
    )
    class_weight: Literal["balanced"] | None = Field(
        None,
        description="`balanced`: in the training loss a row counts by the inverse of its class's "
        "frequency, as in scikit-learn; null: every row counts the same.",
    )
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1)] = Field(
        (42,), description="One model is trained per seed; metrics are means over them."
    )

    @model_validator(mode="after")
    def _seeds_differ(self):
        if len(set(self.seeds)) != len(self.seeds):
            raise ValueError(f"seeds {list(self.seeds)} name one seed twice")
        return self


class Linear(_Section):
    """A logistic regression, for `classifier: linear`: a baseline that an encoder has to beat."""

    features: Annotated[tuple[Text, ...], Field(min_length=1)] = Field(
        ("word_ngrams", "character_ngrams"),
        description="What it sees: `word_ngrams`, TF-IDF of words (1 and 2); `character_ngrams`, "
        "of characters (2 to 5, within words); `word_count`; or a column of the corpus as "
        "categories.",
    )
    C: Annotated[Number, Field(gt=0)] = Field(
        0.3, description="Inverse of the strength of the L2 penalty, as in scikit-learn."
    )
    class_weight: Literal["balanced"] | None = Field(
        "balanced", description="`balanced` gives all classes the same weight; null: every row."
    )

    @model_validator(mode="after")
    def _features_once(self):
        if len(set(self.features)) != len(self.features):
            raise ValueError(f"features {list(self.features)} name one feature twice")
        return self


class PublishedSplits(_Section):
    """One published figure per split."""

    train: Share
    test: Share
    valid: Share


class Published(_Section):
    """Published figures of a variant, for the question in `published_question`."""

    accuracy: PublishedSplits = Field(description="Published accuracy: train, test, valid.")
    f1: PublishedSplits = Field(description="Published F1: train, test, valid.")
    precision: PublishedSplits = Field(description="Published precision: train, test, valid.")
    recall: PublishedSplits = Field(description="Published recall: train, test, valid.")
    seconds: Annotated[Number, Field(gt=0)] = Field(description="Published fine-tuning time.")


class PublishedQuestion(_Section):
    """The question that published figures answer."""

    target_speaker: Text = Field(description="Whose lines the published classifiers looked for.")
    top_speakers: Annotated[Count, Field(ge=2)] = Field(
        description="How many of the most frequent speakers were kept."
    )


class Recipe(_Section):
    """What makes a variant; `defaults` and each variant have these keys."""

    title: str | None = Field(
        None, description="Name in the summary table; the variant's name where there is none."
    )
    classifier: Literal["encoder", "linear"] = Field(
        "encoder",
        description="`encoder` fine-tunes a pre-trained one; `linear` fits a logistic regression, "
        "which ignores `encoder`, `max_length` and `training`.",
    )
    linear: Linear = Field(Linear(), description="The logistic regression's features.")
    encoder: str | None = Field(None, description="A name from `encoders`.")
    deduplicate: Literal["exact", "normalised"] | None = Field(
        None,
        description="Keep only the first line of each text before the split; `normalised` ignores "
        "case, punctuation and spacing; null: keep all, as published.",
    )
    split: Split = Field(Split(), description="How the rows are divided.")
    resample: Resample | None = Field(
        None, description="Re-balancing of the training split; null: none."
    )
    min_words: Annotated[Count, Field(ge=2)] | None = Field(
        None, description="Keep only lines of at least this many NLTK word tokens; null: all."
    )
    min_words_scope: Literal["corpus", "train"] = Field(
        "corpus",
        description="`corpus`: shorter lines are dropped before the split, as published. `train`: "
        "they are dropped from train only. In test and valid the variant abstains on them, which "
        "counts as predicting that they are not the target's, or, in the question `speakers`, that "
        "they are of the class with most such lines in train.",
    )
    annotate: tuple[Text, ...] = Field(
        (),
        description="Columns of the corpus whose values are appended to the text as `[value]` and "
        "added to the tokenizer; an empty cell (no third writer, say) adds nothing.",
    )
    max_length: Annotated[Count, Field(ge=8)] | None = Field(
        None, description="Truncate to this many tokens; null: the model's own limit."
    )
    training: Training = Field(Training(), description="Arguments of the Trainer.")
    published: Published | None = Field(None, description="Published figures, for the table.")

    @model_validator(mode="after")
    def _annotate_once(self):
        if len(set(self.annotate)) != len(self.annotate):
            raise ValueError(f"annotate {list(self.annotate)} names one column twice")
        return self


class Variant(Recipe):
    """One row of the table: what `defaults` says, unless the variant says otherwise."""

    encoder: str = Field(description="A name from `encoders`.")

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of its models. A logistic regression has one optimum, so one is enough."""
        return self.training.seeds if self.classifier == "encoder" else self.training.seeds[:1]


class Statistics(_Section):
    """How sure the table says it is."""

    confidence: Annotated[Number, Field(gt=0.5, lt=1)] = Field(
        0.95, description="Level of every interval; 1 - level is that of every test."
    )
    unit: Unit | None = Field(
        None,
        description="What is resampled as a whole: `row`, `scene` or `episode`; null: what the "
        "variant's split keeps together (`split.group_by`), else rows.",
    )
    resamples: Annotated[Count, Field(ge=100)] = Field(
        1000, description="Bootstrap resamples of the units."
    )
    seed: Seed = Field(27, description="Seed of the bootstrap.")


class AuditLimits(_Section):
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


class Audit(_Section):
    """What the leak audit looks for, and how much of it is allowed."""

    near_duplicate_similarity: Annotated[Number, Field(gt=0.5, le=1)] = Field(
        0.9, description="Two texts are near duplicates from this cosine of character trigrams on."
    )
    limits: AuditLimits = Field(AuditLimits(), description="What stops the run; none by default.")


class Config(_Section):
    """The whole config. `parse_config` has merged `defaults` into each variant."""

    experiment: Annotated[Name, AfterValidator(_not_reserved)] = Field(
        description="Names the cache: data/{experiment} and results/{experiment}."
    )
    corpus: Corpus = Field(description="The lines and the question.")
    encoders: Annotated[dict[Name, Encoder], Named] = Field(
        min_length=1, description="Pre-trained encoders by the names that variants use."
    )
    defaults: Recipe = Field(Recipe(), description="What every variant starts from.")
    variants: Annotated[dict[Name, Variant], Named] = Field(
        min_length=1,
        description="A variant says only how it differs from `defaults`; null leaves it out.",
    )
    reference: str | None = Field(
        None,
        description="The variant that the others are compared with; null: the first variant of the "
        "base config that is not left out.",
    )
    published_question: PublishedQuestion | None = Field(
        None,
        validate_default=True,
        description="The question that all `published` figures answer. They are left out, with a "
        "note, where `corpus` asks another one.",
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
        return self.reference or next(iter(self.variants))

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
