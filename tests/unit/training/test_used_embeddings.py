"""Embeddings of the used tokens alone are trained as all of them would be."""

import numpy as np
import pytest
import torch
from classifiers import assert_close
from datasets import Dataset, DatasetDict, load_from_disk
from torch import nn

from whosaid.training.train import used_ids
from whosaid.training.trainer import build_trainer
from whosaid.training.used_embeddings import (
    UsedEmbedding,
    restore_embeddings,
    restrict_embeddings,
)


def ids_of(rows):
    return np.unique(np.concatenate(rows["input_ids"][:]))


def test_unused_embeddings_end_as_adamw_leaves_them(build, rows, pad):
    batches = [
        pad([rows[number] for number in range(start, start + 16)]) for start in range(0, 96, 16)
    ]

    def start(change):
        model = build()
        change(model)
        # Decay and rate are large, so that an undecayed row would show.
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.05, weight_decay=0.1)
        return model, optimizer

    def steps(model, optimizer, batches, rates):
        for batch, rate in zip(batches, rates, strict=True):
            optimizer.param_groups[0]["lr"] = rate
            optimizer.zero_grad()
            model(**batch).loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()

    rates = np.linspace(0.05, 0.01, len(batches)).tolist()
    plain, optimizer = start(lambda model: None)
    before = plain.get_input_embeddings().weight.detach().clone()
    steps(plain, optimizer, batches, rates)

    # Not all that occur in the corpus, so that there are many without gradients.
    used = ids_of(rows.select(range(96)))

    def restrict(model):
        restrict_embeddings(model, used)

    first, optimizer = start(restrict)
    assert isinstance(first.get_input_embeddings(), UsedEmbedding)
    assert len(first.get_input_embeddings().weight) < 0.9 * len(before)
    steps(first, optimizer, batches[:3], rates[:3])
    # Half way the training continues in another process.
    ours, resumed = start(restrict)
    ours.load_state_dict(first.state_dict())
    resumed.load_state_dict(optimizer.state_dict())
    steps(ours, resumed, batches[3:], rates[3:])
    restore_embeddings(ours)
    assert_close(ours.state_dict(), plain.state_dict(), 1e-5)
    unused = np.setdiff1d(np.arange(len(before)), used)
    change = (before - ours.get_input_embeddings().weight.detach())[unused].abs().max()
    assert change > 1e-4


def test_a_restricted_model_classifies_as_before_and_after(build, rows, pad):
    model, batch = build().eval(), pad([rows[number] for number in range(24)])
    with torch.no_grad():
        before = model(**batch).logits
        restrict_embeddings(model, ids_of(rows))
        assert model(**batch).logits.equal(before)
        restore_embeddings(model)
        assert model(**batch).logits.equal(before)
    assert type(model.get_input_embeddings()) is nn.Embedding


def test_shared_embeddings_are_left_alone(build, rows):
    model = build()
    model.other = nn.Linear(1, 1)
    model.other.weight = model.get_input_embeddings().weight
    restrict_embeddings(model, ids_of(rows))
    assert type(model.get_input_embeddings()) is nn.Embedding
    restore_embeddings(model)
    assert type(model.get_input_embeddings()) is nn.Embedding


# A token id that the model was not told of.


@pytest.fixture
def embedding():
    torch.manual_seed(1)
    return nn.Embedding(10, 4, padding_idx=0)


@pytest.mark.parametrize("unknown", [1, 2, 6, 9])
def test_an_unknown_token_id_raises_in_place_of_reading_another_tokens_row(unknown, embedding):
    used = UsedEmbedding(embedding, np.array([3, 5, 8]))
    known = torch.tensor([[3, 0], [8, 5]])
    assert used(known).equal(embedding(known))
    with pytest.raises(IndexError):
        used(torch.tensor([[3, unknown]]))


@pytest.mark.parametrize("beyond", [10, 400])
def test_a_token_id_beyond_the_vocabulary_raises_as_it_always_did(beyond, embedding):
    ids = torch.tensor([beyond])
    for each in (embedding, UsedEmbedding(embedding, np.array([3, 5, 8]))):
        with pytest.raises(IndexError):
            each(ids)


def test_no_token_reads_the_number_that_stands_for_the_unused(embedding):
    used = UsedEmbedding(embedding, np.array([3, 5, 8]))
    with torch.no_grad():
        used.weight[-1] = torch.nan
    for token in (0, 3, 5, 8):
        assert used(torch.tensor([token])).isfinite().all()
    for token in {*range(10)} - {0, 3, 5, 8}:
        with pytest.raises(IndexError):
            used(torch.tensor([token]))


def test_another_split_in_the_evaluation_reads_no_other_tokens_row(
    build, tokenizer, rows, tmp_path
):
    """Once its unknown tokens were all read as the first one: wrong logits, and no complaint."""
    learned = rows.select(range(20))
    unknown = np.setdiff1d(np.arange(len(tokenizer)), ids_of(learned)).tolist()
    start, *_, end = rows[0]["input_ids"]
    other = Dataset.from_dict({"input_ids": [[start, *unknown[-5:], end]] * 3, "label": [0, 1, 0]})
    model = build()
    restrict_embeddings(model, np.append(ids_of(learned), tokenizer.pad_token_id))
    trainer = build_trainer(
        model,
        tokenizer,
        {"train": learned, "test": learned},
        "target",
        precision="float32",
        output_dir=str(tmp_path),
    )
    assert trainer.evaluate()["eval_loss"] > 0
    for evaluate in (trainer.evaluate, trainer.predict):
        with pytest.raises(IndexError):
            evaluate(other)


@pytest.mark.parametrize("split", ["train", "test", "valid"])
def test_a_training_knows_the_tokens_of_all_splits_and_the_padding(split):
    splits = {name: Dataset.from_dict({"input_ids": [[2, 7]]}) for name in ("train", "test")}
    splits = DatasetDict({**splits, "valid": Dataset.from_dict({"input_ids": [[7], [2]]})})
    assert used_ids(splits, padding=1).tolist() == [1, 2, 7]
    splits[split] = Dataset.from_dict({"input_ids": [[2], [9, 7, 9]]})
    assert used_ids(splits, padding=1).tolist() == [1, 2, 7, 9]


def test_padding_is_known_whether_or_not_the_encoder_names_it(dataset, tokenizer):
    splits = load_from_disk(dataset)
    padding = tokenizer.pad_token_id
    torch.manual_seed(1)
    embedding = nn.Embedding(len(tokenizer), 4)
    used = UsedEmbedding(embedding, used_ids(splits, padding))
    assert used(torch.tensor([padding])).equal(embedding(torch.tensor([padding])))
