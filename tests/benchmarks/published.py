"""Training as published, in code of our own: what the pipeline's train stage is measured against.

Every split is padded to its longest line, batches are random, arithmetic is float32, the collator
stacks rows. Optimizer and attention are PyTorch's of today.
"""

import itertools
import time
from collections.abc import Iterator
from typing import Any

import torch
from datasets import Dataset, load_from_disk
from floor import device, synchronize
from torch.nn.utils import clip_grad_norm_
from torch.utils.data import DataLoader
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    default_data_collator,
    get_linear_schedule_with_warmup,
    set_seed,
)

EVAL_BATCH_SIZE = 32
COLUMNS = ("input_ids", "label")


def padded(rows: Dataset, tokenizer: PreTrainedTokenizerBase, length: int) -> Dataset:
    """The rows, cut and padded to `length` tokens, as PyTorch tensors."""

    def pad(batch: dict[str, list]) -> dict[str, list]:
        cut = {"input_ids": [ids[:length] for ids in batch["input_ids"]]}
        return dict(tokenizer.pad(cut, padding="max_length", max_length=length))

    columns = rows.select_columns(COLUMNS)
    return columns.map(pad, batched=True, keep_in_memory=True).with_format("torch")


def longest(rows: Dataset) -> int:
    """The number of tokens of the longest row."""
    return max(map(len, rows["input_ids"]))


def training_batches(rows: Dataset, batch_size: int, seed: int) -> DataLoader:
    """Batches of a random order, the last one short."""
    generator = torch.Generator().manual_seed(seed)
    return DataLoader(
        rows, batch_size, shuffle=True, generator=generator, collate_fn=default_data_collator
    )


def load_classifier(encoder: str, tokenizer: PreTrainedTokenizerBase) -> PreTrainedModel:
    """The encoder with a fresh head and rows for added tokens, in float32."""
    model = AutoModelForSequenceClassification.from_pretrained(
        encoder, num_labels=2, dtype=torch.float32
    )
    if len(tokenizer) > model.get_input_embeddings().num_embeddings:
        model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    return model.to(device())


def build_optimizer(model: PreTrainedModel, training: dict[str, Any]) -> torch.optim.AdamW:
    """AdamW that decays all weights but biases and layer norms."""
    spared = {
        f"{prefix}.{name}"
        for prefix, module in model.named_modules()
        for name, _ in module.named_parameters(recurse=False)
        if isinstance(module, torch.nn.LayerNorm) or name == "bias"
    }
    named = dict(model.named_parameters())
    groups = [
        {
            "params": [weight for name, weight in named.items() if name not in spared],
            "weight_decay": training["weight_decay"],
        },
        {"params": [named[name] for name in sorted(spared)], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=training["learning_rate"])


def train_steps(
    model: PreTrainedModel, batches: Iterator[dict], training: dict[str, Any], total_steps: int
) -> Iterator[None]:
    """Train on one batch after another, yielding after each."""
    optimizer = build_optimizer(model, training)
    schedule = get_linear_schedule_with_warmup(optimizer, 0, total_steps)
    accumulated = training["gradient_accumulation_steps"]
    if training["activation_checkpointing"]:
        model.gradient_checkpointing_enable()
    model.train()
    for number, batch in enumerate(batches, start=1):
        loss = model(**{name: values.to(model.device) for name, values in batch.items()}).loss
        (loss / accumulated).backward()
        if number % accumulated == 0:
            clip_grad_norm_(model.parameters(), training["max_grad_norm"])
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
        yield


@torch.no_grad()
def evaluation_steps(model: PreTrainedModel, batches: Iterator[dict]) -> Iterator[None]:
    """Compute loss and logits of one batch after another, yielding after each."""
    model.eval()
    for batch in batches:
        output = model(**{name: values.to(model.device) for name, values in batch.items()})
        output.logits.cpu(), output.loss.item()
        yield


def steps_per_second(steps: Iterator[None], count: int, warm_up: int) -> float:
    """The rate of `count` steps after `warm_up` steps."""
    for _ in itertools.islice(steps, warm_up):
        continue
    synchronize()
    started = time.perf_counter()
    done = sum(1 for _ in itertools.islice(steps, count))
    synchronize()
    return done / (time.perf_counter() - started)


def time_training(
    tokenized: str,
    encoder: str,
    training: dict[str, Any],
    batches: int = 40,
    warm_up: int = 3,
    seed: int = 42,
) -> dict[str, Any]:
    """Rows per second in training and in evaluation, and the length the train split is padded to.

    `training` holds the pipeline's own settings, of which the published ways leave no choice are
    overruled: batches are random and of 32 rows in evaluation, precision is float32. Raises
    ValueError if a split is smaller than one batch.
    """
    dataset = load_from_disk(tokenized)
    batch_size = training["per_device_train_batch_size"]
    if len(dataset["train"]) < batch_size or len(dataset["test"]) < EVAL_BATCH_SIZE:
        raise ValueError(f"{tokenized}: a split is smaller than one batch; use more rows")
    tokenizer = AutoTokenizer.from_pretrained(f"{tokenized}/tokenizer")
    set_seed(seed)
    model = load_classifier(encoder, tokenizer)
    splits = {
        name: padded(dataset[name], tokenizer, longest(dataset[name])) for name in ("train", "test")
    }
    loader = training_batches(splits["train"], batch_size, seed)
    # Full batches alone, of as many epochs as it takes.
    endless = (
        batch
        for batch in itertools.chain.from_iterable(itertools.repeat(loader))
        if len(batch["labels"]) == batch_size
    )
    steps = train_steps(model, endless, training, total_steps=max(len(loader), batches + warm_up))
    training_rate = steps_per_second(steps, batches, warm_up) * batch_size
    loader = DataLoader(
        splits["test"], EVAL_BATCH_SIZE, collate_fn=default_data_collator, drop_last=True
    )
    endless = itertools.chain.from_iterable(itertools.repeat(loader))
    evaluation_rate = steps_per_second(evaluation_steps(model, endless), batches, warm_up)
    return {
        "training_rows_per_second": training_rate,
        "evaluation_rows_per_second": evaluation_rate * EVAL_BATCH_SIZE,
        "padded_to": longest(dataset["train"]),
    }
