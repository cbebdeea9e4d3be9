"""The Transformers Trainer, with packed batches for the encoders that can be packed."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from datasets import Dataset
from torch.utils.data import ConcatDataset
from transformers import (
    DataCollatorWithPadding,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PrinterCallback,
    ProgressCallback,
    Trainer,
    TrainingArguments,
)

from whosaid.errors import InputError
from whosaid.tokens.first_position import first_position
from whosaid.tokens.tokenized_rows import holds_scenes
from whosaid.training.best_epoch import best_epoch_arguments
from whosaid.training.layer_rates import LayerwiseTrainer
from whosaid.training.loss import MeanLoss, balanced_weights
from whosaid.training.packing import LAYERS, PackingCollator, can_be_packed, enable_packing
from whosaid.training.scene_packing import IGNORED
from whosaid.training.speaker_task import speaker_task
from whosaid.training.watched_scores import compute_metrics

OF_SCENES = ("position", "answer_of", "answers")


def model_columns(rows: Dataset) -> Dataset:
    """The columns of a tokenized split that the model gets."""
    return rows.select_columns(["input_ids", "label", *(OF_SCENES if holds_scenes(rows) else ())])


def trained_columns(rows: Dataset, with_speakers: bool) -> Dataset:
    """The columns of the train split; `with_speakers` the label of a row is its speaker."""
    if with_speakers:
        rows = rows.remove_columns("label").rename_column("speaker", "label")
    return model_columns(rows)


def in_whole_batches(rows: Dataset, batch_size: int) -> ConcatDataset:
    """The `rows`, and so many without a label that all batches have `batch_size`.

    Accelerate would fill the last batch with rows that were in the first.
    """
    label = rows[0]["label"]
    blank = rows[0] | {"label": [IGNORED] * len(label) if isinstance(label, list) else IGNORED}
    return ConcatDataset([rows, [blank] * (-len(rows) % batch_size)])


def build_trainer(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    rows: dict[str, Dataset],
    question: str,
    precision: str,
    gpus: int = 1,
    class_weight: str | None = None,
    focal_loss_gamma: float | None = None,
    layerwise_learning_rate_decay: float | None = None,
    best_epoch: Mapping[str, Any] | None = None,
    speaker_loss_weight: float | None = None,
    **arguments: Any,
) -> Trainer:
    """A Trainer that trains `model` on `rows["train"]` and evaluates it on `rows["test"]`.

    `question` says which metrics are reported; `precision` must be resolved (not `auto`); `gpus`
    is the number of processes that share each batch, which must have been started;
    `class_weight` and `focal_loss_gamma` are those of the training loss; each layer has the rate of
    the one above times `layerwise_learning_rate_decay`; with `best_epoch`, a section of the config,
    it evaluates on `rows["valid"]`, too, and keeps the epoch that is best there; with
    `speaker_loss_weight` it also learns the speakers, and the model must have outputs for them, see
    `speaker_task`; `arguments` are TrainingArguments. An encoder that cannot be packed gets padded
    batches.
    """
    watched: Any = model_columns(rows["test"]) if "test" in rows else None
    metric = best_epoch and best_epoch["metric"]
    if best_epoch is not None:
        watched = {"test": watched, "valid": model_columns(rows["valid"])}
        arguments |= best_epoch_arguments(best_epoch["metric"])
    if can_be_packed(model):
        enable_packing(model)
        collator = PackingCollator(tokenizer.pad_token_id, first_position(model.config))
    elif any(map(holds_scenes, rows.values())):
        raise InputError(
            f"context.reading: scene is for encoders that can be packed ({', '.join(LAYERS)}), and "
            f"this one is of the type {model.config.model_type}; take window"
        )
    else:
        collator = DataCollatorWithPadding(tokenizer)
    task = speaker_loss_weight and speaker_task(rows["train"], speaker_loss_weight)
    decay = layerwise_learning_rate_decay
    trainer_class = Trainer if decay in (None, 1) else partial(LayerwiseTrainer, decay)
    trained = trained_columns(rows["train"], bool(task)) if "train" in rows else None
    if gpus > 1:
        trained = in_whole_batches(trained, arguments["per_device_train_batch_size"])
        arguments["per_device_train_batch_size"] //= gpus
        # Buffers are constants here, such as the embeddings that no row uses.
        arguments["ddp_broadcast_buffers"] = False
    training = TrainingArguments(
        remove_unused_columns=False,
        report_to="none",
        disable_tqdm=True,  # the run has a bar, see jobs/run_output.py
        use_cpu=not torch.accelerator.is_available(),
        bf16=precision == "bfloat16",
        dataloader_pin_memory=torch.accelerator.is_available(),
        **arguments,
    )
    if training.world_size != gpus:
        raise InputError(
            f"training.gpus is {gpus}, and {training.world_size} processes were started; let the "
            "workflow start them"
        )
    trainer = trainer_class(
        model=model,
        args=training,
        data_collator=collator,
        train_dataset=trained,
        eval_dataset=watched,
        processing_class=tokenizer,
        compute_metrics=partial(compute_metrics, question, metric=metric),
        compute_loss_func=MeanLoss(
            class_weight and balanced_weights(rows["train"]), focal_loss_gamma, task
        ),
        preprocess_logits_for_metrics=task and task.first_logits,
    )
    if trainer.label_smoother is not None:
        raise ValueError("label_smoothing_factor would have no effect: MeanLoss is used instead")
    for callback in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(callback)
    return trainer
