"""The Transformers Trainer, with packed batches for the encoders that can be packed."""

from functools import partial
from typing import Any

import torch
from datasets import Dataset
from transformers import (
    DataCollatorWithPadding,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PrinterCallback,
    ProgressCallback,
    Trainer,
    TrainingArguments,
)

from whosaid.tokens.first_position import first_position
from whosaid.training.loss import MeanLoss, balanced_weights
from whosaid.training.packing import PackingCollator, can_be_packed, enable_packing
from whosaid.training.watched_scores import compute_metrics

COLUMNS = ["input_ids", "label"]
"""The columns of a tokenized split that the model gets."""


def build_trainer(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    rows: dict[str, Dataset],
    question: str,
    precision: str,
    class_weight: str | None = None,
    **arguments: Any,
) -> Trainer:
    """A Trainer that trains `model` on `rows["train"]` and evaluates it on `rows["test"]`.

    `question` says which metrics are reported; `precision` must be resolved (not `auto`);
    `class_weight` is that of the training loss; `arguments` are TrainingArguments. An encoder that
    cannot be packed gets padded batches.
    """
    if can_be_packed(model):
        enable_packing(model)
        collator = PackingCollator(tokenizer.pad_token_id, first_position(model.config))
    else:
        collator = DataCollatorWithPadding(tokenizer)
    trainer = Trainer(
        model=model,
        args=TrainingArguments(
            remove_unused_columns=False,
            report_to="none",
            disable_tqdm=True,  # the run has a bar, see jobs/run_output.py
            use_cpu=not torch.accelerator.is_available(),
            bf16=precision == "bfloat16",
            dataloader_pin_memory=torch.accelerator.is_available(),
            **arguments,
        ),
        data_collator=collator,
        train_dataset=rows["train"].select_columns(COLUMNS) if "train" in rows else None,
        eval_dataset=rows["test"].select_columns(COLUMNS) if "test" in rows else None,
        processing_class=tokenizer,
        compute_metrics=partial(compute_metrics, question),
        compute_loss_func=MeanLoss(class_weight and balanced_weights(rows["train"])),
    )
    if trainer.label_smoother is not None:
        raise ValueError("label_smoothing_factor would have no effect: MeanLoss is used instead")
    for callback in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(callback)
    return trainer
