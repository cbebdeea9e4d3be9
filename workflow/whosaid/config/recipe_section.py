"""The recipe of a variant: how its rows are chosen and learned from."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from whosaid.config.column_names import CONTEXT_FEATURES
from whosaid.config.context_section import Context
from whosaid.config.corpus_section import Question
from whosaid.config.ensemble_section import Ensemble, Weights
from whosaid.config.search_section import Search
from whosaid.config.split_section import Split
from whosaid.config.tracks import Track
from whosaid.config.value_types import Count, Number, Ratio, Section, Seed, Share, Text, refuse_bool


def _all_or_some(steps: int) -> int:
    if steps < 1 and steps != -1:
        raise ValueError("must be at least 1, or -1 for the steps of the epochs")
    return steps


class Resample(Section):
    """Re-balancing of the training split only, after the split."""

    oversample_positives: Annotated[Count, Field(le=1000)] = Field(
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


class BestEpoch(Section):
    """Keep the weights of the epoch that is best on `valid`, of equal ones the first."""

    metric: Literal[
        *("loss", "accuracy", "f1", "precision", "recall", "average_precision"),
        *("macro_f1", "macro_precision", "macro_recall"),
    ] = Field(
        description="What an epoch is judged by. Those with `macro_` are for the question "
        "`speakers`; `loss` and `accuracy` for both; the others for `target`. The loss is the "
        "plain cross-entropy."
    )
    patience: Count | None = Field(
        None,
        description="Training ends after this many epochs in a row without a better one; null: "
        "after all epochs.",
    )

    @staticmethod
    def metrics_of(question: Question) -> tuple[str, ...]:
        """The metrics that are for this question."""
        if question == "target":
            return "loss", "accuracy", "f1", "precision", "recall", "average_precision"
        return "loss", "accuracy", "macro_f1", "macro_precision", "macro_recall"


class Training(Section):
    """Arguments of the Transformers `Trainer`, by its own names where it has one."""

    num_train_epochs: Annotated[Number, Field(gt=0)] = Field(5.0, description="Passes over train.")
    max_steps: Annotated[int, BeforeValidator(refuse_bool), AfterValidator(_all_or_some)] = Field(
        -1, description="Optimizer steps, whatever `num_train_epochs`; -1: those of the epochs."
    )
    per_device_train_batch_size: Count = Field(32, description="Rows per training batch.")
    per_device_eval_batch_size: Count = Field(32, description="Rows per evaluation batch.")
    gradient_accumulation_steps: Count = Field(1, description="Batches per optimizer step.")
    gpus: Annotated[Count, Field(le=1000)] = Field(
        1,
        description="GPUs that one training takes, in one machine or, with the resource `nodes`, "
        "in several. Each gets its share of every training batch, so the steps are those of one "
        "GPU; this number must divide `per_device_train_batch_size`. Without GPUs so many "
        "processes share the cores.",
    )
    learning_rate: Annotated[Number, Field(gt=0, le=1)] = Field(5e-5, description="Peak rate.")
    layerwise_learning_rate_decay: Ratio | None = Field(
        None,
        description="Each layer of the encoder learns with the rate of the layer above times this "
        "factor, the embeddings with that of the lowest layer times it, the head with the full "
        "rate; null or 1: all learn with the full rate.",
    )
    weight_decay: Annotated[Number, Field(ge=0, le=1)] = Field(
        0.01, description="Decoupled weight decay; biases and layer norms are spared."
    )
    lr_scheduler_type: Literal[
        "linear", "cosine", "constant", "constant_with_warmup", "inverse_sqrt"
    ] = Field(
        "linear",
        description="Course of the learning rate after the warm-up. `inverse_sqrt` has fallen to a "
        "half after four times `warmup_steps`; without a warm-up it hardly falls.",
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
    focal_loss_gamma: Annotated[Number, Field(ge=0, le=10)] | None = Field(
        None,
        description="Focal loss: in the training loss a row whose class the model gives the "
        "probability p counts by (1 - p) to the power of this, so rows that are hard count more; 2 "
        "is usual. It goes together with `class_weight`. null or 0: cross-entropy.",
    )
    speaker_loss_weight: Annotated[Number, Field(gt=0, le=10)] | None = Field(
        None,
        description="Question `target`: while it is trained, the encoder also learns which of the "
        "`top_speakers` says a line, and the loss of that answer counts by this number; null: no "
        "second answer. The trained model has only the first one.",
    )
    best_epoch: BestEpoch | None = Field(
        None,
        description="Keep the weights of the epoch that is best on `valid`; null: those of the "
        "last epoch, as published. `test` decides nothing either way.",
    )
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1)] = Field(
        (42,), description="One model is trained per seed; metrics are means over them."
    )

    @model_validator(mode="after")
    def _batches_can_be_shared(self):
        size = self.per_device_train_batch_size
        if size % self.gpus:
            fitting = [str(gpus) for gpus in range(1, self.gpus) if not size % gpus]
            raise ValueError(
                f"gpus {self.gpus} does not divide per_device_train_batch_size {size}; take "
                f"{' or '.join(fitting)}, or another batch size"
            )
        return self

    @model_validator(mode="after")
    def _seeds_differ(self):
        if len(set(self.seeds)) != len(self.seeds):
            raise ValueError(f"seeds {list(self.seeds)} name one seed twice")
        return self


class Linear(Section):
    """A logistic regression, for `classifier: linear`: a baseline that an encoder has to beat."""

    features: Annotated[tuple[Text, ...], Field(min_length=1)] = Field(
        ("word_ngrams", "character_ngrams"),
        description="What it sees: `word_ngrams`, TF-IDF of words (1 and 2); `character_ngrams`, "
        "of characters (2 to 5, within words); `word_count`; a column of the corpus as "
        "categories; or what the variant's `context` gives: `context_words`, `context_names`, "
        "`scene_names`.",
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


class PublishedSplits(Section):
    """One published figure per split."""

    train: Share
    test: Share
    valid: Share


class Published(Section):
    """Published figures of a variant, for the question in `published_question`."""

    accuracy: PublishedSplits = Field(description="Published accuracy: train, test, valid.")
    f1: PublishedSplits = Field(description="Published F1: train, test, valid.")
    precision: PublishedSplits = Field(description="Published precision: train, test, valid.")
    recall: PublishedSplits = Field(description="Published recall: train, test, valid.")
    seconds: Annotated[Number, Field(gt=0)] = Field(description="Published fine-tuning time.")


class Recipe(Section):
    """What makes a variant; `defaults` and each variant have these keys."""

    title: str | None = Field(
        None, description="Name in the summary table; the variant's name where there is none."
    )
    classifier: Literal["encoder", "linear", "ensemble"] = Field(
        "encoder",
        description="`encoder` fine-tunes a pre-trained one; `linear` fits a logistic regression, "
        "which ignores `encoder`, `max_length` and all of `training` but its first seed; "
        "`ensemble` combines what other variants predict, and has their rows.",
    )
    linear: Linear = Field(Linear(), description="The logistic regression's features.")
    ensemble: Ensemble | None = Field(
        None, description="Whose predictions an `ensemble` combines; null with the others."
    )
    search: Search | None = Field(
        None, description="Settings to try; the best on valid becomes the variant. null: none."
    )
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
    context: Context | None = Field(
        None,
        description="What is known of the lines around a line; null: nothing, as published.",
    )
    max_length: Annotated[Count, Field(ge=8)] | None = Field(
        None,
        description="Truncate to this many tokens; null: the model's own limit. Context is cut "
        "from its far ends, and the line itself only where it does not fit alone.",
    )
    training: Training = Field(Training(), description="Arguments of the Trainer.")
    threshold_beta: Annotated[Number, Field(gt=0, le=100)] = Field(
        1.0,
        description="Question `target`: the decision threshold is the one with the best F-beta on "
        "valid, of this beta. Below 1 precision counts more, above 1 recall.",
    )
    calibration: Literal["temperature"] | None = Field(
        None,
        description="`temperature`: the logits of each model are divided by one number, which has "
        "the smallest log loss on valid. It changes how sure a model says it is, and no decision; "
        "null: probabilities as the model gives them.",
    )
    published: Published | None = Field(None, description="Published figures, for the table.")

    @model_validator(mode="after")
    def _scenes_are_read_once(self):
        if self.resample is not None and self.context and self.context.reading == "scene":
            raise ValueError(
                "resample with context.reading scene: a scene is read once, with all of its lines; "
                "set resample to null, or take reading: window"
            )
        return self

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
        """The seeds of its models. A logistic regression has one optimum, so one is enough.

        An ensemble goes by one seed too: it takes all models of its members together. The best of
        several members has the seeds of that member, and a pooled variant those of its folds.
        """
        has_all = self.classifier == "encoder" or self.weights in ("best", "pooled")
        return self.training.seeds if has_all else self.training.seeds[:1]

    @property
    def weights(self) -> Weights | None:
        """How an ensemble weighs its members; None for any other variant."""
        return self.ensemble.weights if self.ensemble else None

    @property
    def track(self) -> Track:
        """What its models may know of who says a line, see `TRACKS`."""
        return self.context.track if self.context else "A"

    @property
    def missing_context(self) -> list[str]:
        """The features of a linear baseline that its `context` would have to give."""
        given = self.context.features if self.context else ()
        wanted = self.linear.features if self.classifier == "linear" else ()
        return [name for name in wanted if name in CONTEXT_FEATURES and name not in given]

    @property
    def reads(self) -> dict[str, Any]:
        """What its models read: the columns after the text, and the features of a linear one.

        `reading` says how they read the lines around a line, if they do.
        """
        features = self.linear.features if self.classifier == "linear" else ()
        return {
            "annotate": list(self.annotate),
            "features": list(features),
            "reading": self.context.reading if self.context else None,
        }
