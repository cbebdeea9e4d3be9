"""The Transformers Trainer, with packed batches for the encoders that can be packed."""

import sys
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
from whosaid.training.packing import PackingCollator, can_be_packed, enable_packing, mean_loss
from whosaid.training.published_scores import compute_metrics

COLUMNS = ["input_ids", "label"]
"""The columns of a tokenized split that the model gets."""


def build_trainer(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    rows: dict[str, Dataset],
    precision: str,
    **arguments: Any,
) -> Trainer:
    """A Trainer that trains `model` on `rows["train"]` and evaluates it on `rows["test"]`.

    `precision` must be resolved (not `auto`); `arguments` are TrainingArguments. An encoder that
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
            disable_tqdm=not sys.stderr.isatty(),
            use_cpu=not torch.accelerator.is_available(),
            bf16=precision == "bfloat16",
            dataloader_pin_memory=torch.accelerator.is_available(),
            **arguments,
        ),
        data_collator=collator,
        train_dataset=rows["train"].select_columns(COLUMNS) if "train" in rows else None,
        eval_dataset=rows["test"].select_columns(COLUMNS) if "test" in rows else None,
        processing_class=tokenizer,
        compute_metrics=compute_metrics,
        compute_loss_func=mean_loss,
    )
    if trainer.label_smoother is not None:
        raise ValueError("label_smoothing_factor would have no effect: mean_loss is used instead")
    for callback in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(callback)
    return trainer
