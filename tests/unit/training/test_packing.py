"""Packed batches compute what padded ones compute."""

import dataclasses

import numpy as np
import pytest
import torch
from classifiers import assert_close, gradients, new_model
from datasets import Dataset
from transformers import AutoTokenizer, DataCollatorWithPadding, TrainerCallback

from whosaid.tokens.first_position import first_position
from whosaid.training.cpu_dropout import use_cpu_dropout
from whosaid.training.loss import MeanLoss
from whosaid.training.packing import (
    PackingCollator,
    can_be_packed,
    cheapest_packing,
    enable_packing,
)
from whosaid.training.trainer import build_trainer

CHOSEN = np.random.default_rng(1).permutation(180)[:40].tolist()
"""Rows of one batch, in no order of length."""


def batch_of(rows, chosen=CHOSEN):
    return [rows[number] for number in chosen]


@pytest.fixture
def collator(build, tokenizer):
    return PackingCollator(tokenizer.pad_token_id, first_position(build().config))


# The batches.


def packed_rows(batch):
    """The token ids of each row of a packed batch, in the order of its labels."""
    ids = batch["input_ids"].flatten()
    owner = batch["attention_mask"][:, 0]
    width = batch["input_ids"].shape[1]
    found = []
    for first in batch["first_tokens"].tolist():
        sequence, column = divmod(first, width)
        found.append(ids[sequence * width + owner[sequence, column].nonzero().flatten()].tolist())
    return found


def test_a_batch_holds_each_row_once_and_in_order(rows, collator):
    chosen = batch_of(rows)
    batch = collator(chosen)
    assert packed_rows(batch) == [row["input_ids"] for row in chosen]
    assert batch["labels"].tolist() == [row["label"] for row in chosen]
    assert 1 < len(batch["input_ids"]) < 40


def test_a_row_sees_its_own_tokens_only(rows, collator):
    batch = collator(batch_of(rows))
    mask = batch["attention_mask"]
    sequences, width = batch["input_ids"].shape
    assert mask.shape == (sequences, 1, width, width) and mask.dtype == torch.bool
    assert mask.equal(mask.transpose(2, 3))
    lengths = [len(rows[number]["input_ids"]) for number in CHOSEN]
    left_over = sequences * width - sum(lengths)
    seen = mask[:, 0].sum(dim=2).flatten()
    assert seen[batch["first_tokens"]].tolist() == lengths
    # What is left over of a sequence sees itself: no token is without any to see.
    assert seen.min() > 0
    is_padding = batch["input_ids"] == collator.padding
    assert is_padding.sum() == left_over
    assert not (mask[:, 0] & (is_padding[:, :, None] ^ is_padding[:, None, :])).any()


def test_positions_start_anew_with_each_row(rows, collator):
    batch = collator(batch_of(rows))
    width = batch["input_ids"].shape[1]
    for first, number in zip(batch["first_tokens"].tolist(), CHOSEN, strict=True):
        sequence, column = divmod(first, width)
        length = len(rows[number]["input_ids"])
        positions = batch["position_ids"][sequence, column : column + length]
        assert (positions - collator.first_position).tolist() == list(range(length))


def test_robertas_positions_start_after_the_padding_id(tokenized):
    tokenizer = AutoTokenizer.from_pretrained(tokenized["roberta"] / "tokenizer")
    model = new_model("roberta", tokenizer)
    assert first_position(model.config) == tokenizer.pad_token_id + 1
    bert = AutoTokenizer.from_pretrained(tokenized["distilbert"] / "tokenizer")
    assert {first_position(new_model(name, bert).config) for name in ("bert", "distilbert")} == {0}


def test_one_row_is_a_batch_too(rows, collator):
    batch = collator([rows[0]])
    assert len(batch["input_ids"]) == 1
    assert packed_rows(batch) == [rows[0]["input_ids"]]


LENGTHS = np.random.default_rng(1).geometric(0.06, 1003)


def test_packing_leaves_hardly_any_padding():
    random = np.random.default_rng(3)
    taken, padded = 0, 0
    for _ in range(50):
        lengths = np.sort(random.choice(LENGTHS, 32))[::-1]
        width, sequences = cheapest_packing(lengths)
        assert sorted(row for sequence in sequences for row in sequence) == list(range(32))
        assert max(lengths[sequence].sum() for sequence in sequences) <= width
        taken += width * len(sequences) / lengths.sum() / 50
        padded += lengths[0] * 32 / lengths.sum() / 50
    assert taken < 1.1 < 3 < padded


# The proof: packed and padded rows are equal in all that a training reads.


def results(model, batch):
    labels = batch.pop("labels")
    outputs = model(**batch)
    loss = MeanLoss()(outputs, labels)
    loss.backward()
    return {"logits": outputs.logits.detach(), "loss": loss.detach(), **gradients(model)}


def plain_results(build, pad, rows):
    """What the library alone makes of padded rows: its own collator, attention and loss."""
    model = build()
    outputs = model(**pad(rows))
    outputs.loss.backward()
    return {
        "logits": outputs.logits.detach(),
        "loss": outputs.loss.detach(),
        **gradients(model),
    }


@pytest.mark.parametrize("change", [lambda model: None, use_cpu_dropout], ids=["own", "cpu"])
def test_logits_loss_and_gradients_of_packed_rows_are_those_of_padded_ones(
    change, build, rows, collator, pad
):
    chosen = batch_of(rows)
    plain = plain_results(build, pad, chosen)
    # The classes and the rows differ, so that equal results mean something.
    assert plain["logits"].std(dim=0).min() > 0.01
    assert all(value.abs().max() > 1e-3 for value in plain.values() if value.dim() > 1)
    for collate in (collator, pad):
        model = build()
        change(model)
        enable_packing(model)
        assert_close(results(model, collate(chosen)), plain, 1e-6)


def test_a_row_is_classified_as_it_would_be_alone(build, rows, collator, pad):
    model = build().eval()
    chosen = batch_of(rows)
    with torch.no_grad():
        alone = torch.cat([model(**pad([row])).logits for row in chosen])
        enable_packing(model)
        batch = collator(chosen)
        del batch["labels"]
        torch.testing.assert_close(model(**batch).logits, alone, rtol=0, atol=1e-6)


def test_rows_are_told_apart_by_mask_and_positions(build, rows, collator):
    """Without either of the two the logits are others: the comparisons above can fail."""
    model = build().eval()
    enable_packing(model)
    batch = collator(batch_of(rows))
    del batch["labels"]
    without_mask = {**batch, "attention_mask": torch.ones_like(batch["attention_mask"])}
    width = batch["input_ids"].shape[1]
    positions = torch.arange(width).expand_as(batch["position_ids"]) + collator.first_position
    with torch.no_grad():
        right = model(**batch).logits
        for wrong in (without_mask, {**batch, "position_ids": positions}):
            assert (model(**wrong).logits - right).abs().max() > 1e-3


def test_how_wide_the_padding_is_does_not_matter(build, rows, pad):
    model = build().eval()
    chosen = batch_of(rows)
    wide = DataCollatorWithPadding(pad.tokenizer, padding="max_length", max_length=64)
    with torch.no_grad():
        own, padded = (model(**collate(chosen)) for collate in (pad, wide))
    torch.testing.assert_close(own.logits, padded.logits, rtol=0, atol=1e-6)


def test_a_model_that_may_be_packed_answers_as_before(build, rows, pad):
    model = build().eval()
    batch = pad(batch_of(rows))
    with torch.no_grad():
        before = model(**batch).logits
        enable_packing(model)
        assert model(**batch).logits.equal(before)


# By way of the Trainer.


class KeptGradients(TrainerCallback):
    """Keeps the gradients of the first optimizer step."""

    def on_pre_optimizer_step(self, args, state, control, model=None, **kwargs):
        if state.global_step == 0:
            self.kept = {name: grad.clone() for name, grad in gradients(model).items()}


def keep_rows(trainer):
    """The rows of every batch that the trainer will make, in order."""
    kept, collate = [], trainer.data_collator
    trainer.data_collator = lambda rows: kept.append(rows) or collate(rows)
    return kept


@pytest.fixture
def first_step(build, tokenizer, rows, tmp_path):
    """A function that takes one optimizer step: its batches, its gradients and the logged loss."""

    def run(batches=1, **arguments):
        trainer = build_trainer(
            build(),
            tokenizer,
            {"train": rows, "test": rows},
            "target",
            precision="float32",
            output_dir=str(tmp_path),
            max_steps=1,
            logging_steps=1,
            max_grad_norm=0.0,  # gradients are not clipped
            save_strategy="no",
            seed=3,
            **arguments,
        )
        kept, gradient = keep_rows(trainer), KeptGradients()
        trainer.add_callback(gradient)
        trainer.train()
        [loss] = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
        # The library fetches one batch ahead.
        return kept[:batches], gradient.kept | {"loss": torch.tensor(loss)}

    return run


def test_accumulated_batches_have_the_gradients_of_one(first_step, build, pad):
    batches, accumulated = first_step(
        4, per_device_train_batch_size=10, gradient_accumulation_steps=4
    )
    assert [len(batch) for batch in batches] == [10] * 4
    [whole], at_once = first_step(per_device_train_batch_size=40)
    chosen = [row for batch in batches for row in batch]
    assert whole == chosen
    plain = plain_results(build, pad, chosen)
    del plain["logits"]
    assert_close(accumulated, at_once, 1e-6)
    assert_close(accumulated, plain, 1e-6)


def test_activation_checkpointing_changes_no_gradient(first_step):
    _, plain = first_step(per_device_train_batch_size=16)
    _, checkpointed = first_step(per_device_train_batch_size=16, activation_checkpointing=True)
    assert_close(plain, checkpointed, 1e-6)


@pytest.mark.parametrize("batch_size", [7, 64])
def test_the_test_loss_is_the_mean_over_the_rows(batch_size, build, tokenizer, rows, pad, tmp_path):
    trainer = build_trainer(
        build(),
        tokenizer,
        {"test": rows.select(range(90))},
        "target",
        precision="float32",
        output_dir=str(tmp_path),
        per_device_eval_batch_size=batch_size,
    )
    metrics = trainer.evaluate()
    with torch.no_grad():
        outputs = build().eval()(**pad(batch_of(rows, range(90))))
    assert metrics["eval_loss"] == pytest.approx(outputs.loss.item(), abs=1e-6)
    right = outputs.logits.argmax(dim=1) == torch.tensor(rows["label"][:90])
    assert metrics["eval_accuracy"] == pytest.approx(right.double().mean().item())


# The order of the rows is the library's.


def batches_of(build, tokenizer, rows, seed, strategy, tmp_path):
    trainer = build_trainer(
        build(),
        tokenizer,
        {"train": rows, "test": rows},
        "target",
        precision="float32",
        output_dir=str(tmp_path),
        num_train_epochs=2,
        per_device_train_batch_size=16,
        train_sampling_strategy=strategy,
        save_strategy="no",
        seed=seed,
    )
    kept = keep_rows(trainer)
    trainer.train()
    return [[tuple(row["input_ids"]) for row in batch] for batch in kept]


@pytest.mark.parametrize("architecture", ["distilbert"], indirect=True)
@pytest.mark.parametrize("strategy", ["random", "group_by_length"])
def test_the_order_is_set_by_the_seed_and_each_epoch_has_every_row(
    strategy, architecture, build, tokenizer, rows, tmp_path
):
    one, again, other = (
        batches_of(build, tokenizer, rows, seed, strategy, tmp_path) for seed in (1, 1, 2)
    )
    assert one == again != other
    assert [len(batch) for batch in one] == 2 * ([16] * 11 + [4])
    everything = sorted(map(tuple, rows["input_ids"]))
    epochs = one[:12], one[12:]
    assert epochs[0] != epochs[1]
    for epoch in epochs:
        assert sorted(row for batch in epoch for row in batch) == everything


@pytest.mark.parametrize("architecture", ["distilbert"], indirect=True)
def test_grouped_batches_are_of_similar_length(architecture, build, tokenizer, tmp_path):
    rows = Dataset.from_dict(
        {"input_ids": [[5] * length for length in LENGTHS], "label": [0] * len(LENGTHS)}
    )
    taken = {}
    for strategy in ("random", "group_by_length"):
        trainer = build_trainer(
            build(),
            tokenizer,
            {"train": rows},
            "target",
            precision="float32",
            output_dir=str(tmp_path),
            per_device_train_batch_size=16,
            train_sampling_strategy=strategy,
        )
        trainer.data_collator = lambda rows: {"lengths": [len(row["input_ids"]) for row in rows]}
        found = [batch["lengths"] for batch in trainer.get_train_dataloader()]
        assert sorted(length for batch in found for length in batch) == sorted(LENGTHS)
        taken[strategy] = sum(max(batch) * len(batch) for batch in found)
    assert taken["group_by_length"] < 1.4 * LENGTHS.sum() < 2 * LENGTHS.sum() < taken["random"]


# Other architectures.


@pytest.mark.parametrize("architecture", ["albert", "modernbert", "mpnet"], indirect=True)
def test_a_model_of_another_architecture_is_padded_and_left_as_it_was(
    architecture, build, tokenizer, rows, pad, first_step, tmp_path
):
    model = build()
    assert not can_be_packed(model)
    trainer = build_trainer(
        model, tokenizer, {}, "target", precision="float32", output_dir=str(tmp_path / "none")
    )
    assert type(trainer.data_collator) is DataCollatorWithPadding
    assert not any(each._forward_pre_hooks or each._forward_hooks for each in model.modules())
    batches, accumulated = first_step(
        4, per_device_train_batch_size=10, gradient_accumulation_steps=4
    )
    chosen = [row for batch in batches for row in batch]
    plain = plain_results(build, pad, chosen)
    del plain["logits"]
    assert_close(accumulated, plain, 1e-6)


def test_the_architectures_that_are_packed_have_hooks_and_the_packing_collator(
    architecture, build, tokenizer, tmp_path
):
    model = build()
    trainer = build_trainer(
        model, tokenizer, {}, "target", precision="float32", output_dir=str(tmp_path)
    )
    assert dataclasses.asdict(trainer.data_collator) == {
        "padding": tokenizer.pad_token_id,
        "first_position": first_position(model.config),
    }
    assert len(model._forward_pre_hooks) == 1
