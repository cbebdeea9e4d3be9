"""What makes training fast computes what the plain way computes."""

import numpy as np
import pytest
import torch
import train_model
import transformers
from datasets import load_from_disk
from torch import nn
from transformers import (
    AlbertConfig,
    AutoTokenizer,
    DataCollatorWithPadding,
    ModernBertConfig,
    MPNetConfig,
)

from whosaid.batches import Batches, BatchOrder
from whosaid.cpu_layers import Dropout, dropout, use_cpu_layers
from whosaid.device import device_arguments
from whosaid.first_tokens import allow_packing
from whosaid.packing import cheapest_packing
from whosaid.rows import Rows
from whosaid.vocabulary import UsedEmbedding, restore_vocabulary, restrict_vocabulary

FAMILIES = ("distilbert", "roberta")


@pytest.fixture(params=FAMILIES)
def family(request):
    return request.param


@pytest.fixture
def tokenizer(family, tokenized):
    return AutoTokenizer.from_pretrained(tokenized[family] / "tokenizer")


@pytest.fixture
def rows(family, tokenized, tokenizer):
    return Rows.load(tokenized[family] / "train", tokenizer.pad_token_id)


@pytest.fixture
def new_model(family, encoders, tokenizer):
    """A function that returns the same untrained model each time, without dropout."""

    def build():
        transformers.set_seed(1)
        model = train_model.load_model(str(encoders[family]), tokenizer, "dwight")
        for name in ("dropout", "attention_dropout", "attention_probs_dropout_prob"):
            if hasattr(model.config, name):
                setattr(model.config, name, 0.0)
        for module in model.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
            if isinstance(getattr(module, "dropout_prob", None), float):
                module.dropout_prob = 0.0
        return model.train()

    return build


def gradients(model):
    return {name: value.grad for name, value in model.named_parameters() if value.grad is not None}


def assert_close(one, other, tolerance):
    assert one.keys() == other.keys()
    for name in one:
        torch.testing.assert_close(one[name], other[name], rtol=0, atol=tolerance, msg=name)


# Rows and batches.


@pytest.mark.parametrize("split", ["train", "test", "valid"])
def test_rows_are_those_that_were_saved(split, family, tokenized, tokenizer):
    saved = load_from_disk(tokenized[family])[split]
    rows = Rows.load(tokenized[family] / split, tokenizer.pad_token_id)
    assert len(rows) == len(saved)
    assert rows.labels.tolist() == saved["label"][:]
    assert rows.numbers.tolist() == saved["row"][:]
    alone = [rows[[number]]["input_ids"][0].tolist() for number in range(len(rows))]
    assert alone == saved["input_ids"][:]


def test_batches_are_those_of_the_librarys_collator(family, tokenized, tokenizer, rows):
    saved = load_from_disk(tokenized[family])["train"]
    chosen = [3, 7, 8, 42, 99, 150]
    fields = ("input_ids", "attention_mask", "label")
    theirs = DataCollatorWithPadding(tokenizer)(
        [{name: saved[number][name] for name in fields} for number in chosen]
    )
    ours = rows[chosen]
    assert ours.keys() == theirs.keys()
    order = np.argsort(-rows.lengths[chosen], kind="stable")
    for name, column in ours.items():
        assert column.equal(theirs[name][order])


def test_padding_does_not_matter(new_model, rows):
    model = new_model().eval()
    batch = rows[np.arange(16)]
    labels = batch.pop("labels")
    width = batch["input_ids"].shape[1]
    wide = {
        name: nn.functional.pad(
            column, (0, 64 - width), value=rows.padding if name == "input_ids" else 0
        )
        for name, column in batch.items()
    }
    with torch.no_grad():
        own, padded = model(**batch, labels=labels), model(**wide, labels=labels)
    torch.testing.assert_close(own.logits, padded.logits, rtol=0, atol=1e-5)


LENGTHS = np.random.default_rng(1).geometric(0.06, 1003)


@pytest.mark.parametrize("is_grouped", [True, False])
def test_the_order_of_an_epoch_is_set_by_seed_and_epoch_alone(is_grouped):
    def order(seed, epoch):
        sampler = BatchOrder(LENGTHS, batch_size=16, is_grouped=is_grouped, seed=seed)
        sampler.set_epoch(epoch)
        return list(sampler)

    assert sorted(order(1, 0)) == list(range(1003))
    assert order(1, 0) == order(1, 0)
    assert len({tuple(order(seed, epoch)) for seed in (1, 2) for epoch in (0, 1)}) == 4


def test_grouped_batches_need_hardly_any_padding_and_come_in_no_order_of_length():
    def longest(is_grouped):
        order = np.array(list(BatchOrder(LENGTHS, 16, is_grouped, seed=1)))
        batches = np.split(LENGTHS[order], range(16, len(order), 16))
        assert [len(batch) for batch in batches] == [16] * 62 + [11]
        return np.array([batch.max() for batch in batches])

    needed = LENGTHS.sum() / 16
    assert longest(is_grouped=True).sum() < 1.4 * needed < 2 * needed < longest(False).sum()
    assert abs(np.corrcoef(longest(is_grouped=True), np.arange(63))[0, 1]) < 0.4


# Rows packed into sequences.


def packed_rows(piece):
    """Token ids of each row of a packed piece, in the order of its labels."""
    ids = piece["input_ids"].flatten()
    owner = piece["attention_mask"][:, 0]
    found = []
    width = piece["input_ids"].shape[1]
    for first in piece["first_tokens"].tolist():
        sequence, column = divmod(first, width)
        found.append(ids[sequence * width + owner[sequence, column].nonzero().flatten()].tolist())
    return found


@pytest.mark.parametrize("first_position", [0, 2, None])
@pytest.mark.parametrize("piece_tokens", [1, 60, 200, 100_000])
def test_pieces_hold_each_row_of_a_batch_once(piece_tokens, first_position, rows):
    chosen = np.random.default_rng(1).permutation(len(rows))[:40]
    pieces = Batches(rows, piece_tokens, first_position).__getitems__(chosen.tolist())
    found = []
    for piece in pieces:
        tokens = piece["input_ids"].numel()
        assert tokens <= piece_tokens or len(piece["input_ids"]) == 1
        if first_position is None:
            ids = [
                row[seen > 0].tolist()
                for row, seen in zip(piece["input_ids"], piece["attention_mask"], strict=True)
            ]
        else:
            ids = packed_rows(piece)
        found += zip(ids, piece["labels"].tolist(), strict=True)
    wanted = []
    for row in chosen:
        end = rows.starts[row] + rows.lengths[row]
        wanted.append((rows.ids[rows.starts[row] : end].tolist(), int(rows.labels[row])))
    assert sorted(found) == sorted(wanted)


def test_positions_start_anew_with_each_row(rows):
    (piece,) = Batches(rows, 100_000, 2).__getitems__(list(range(40)))
    for sequence, positions in enumerate(piece["position_ids"]):
        for column, position in enumerate(positions.tolist()):
            row = piece["attention_mask"][sequence, 0, column].nonzero().flatten()
            is_token = int(row[0]) + sequence * len(positions) in piece["first_tokens"].tolist()
            if is_token and piece["input_ids"][sequence, column] != rows.padding:
                assert position == 2 + column - int(row[0])


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


def test_answers_loss_and_gradients_of_packed_rows_are_those_of_padded_ones(
    new_model, tokenizer, rows, tmp_path
):
    chosen = list(range(40))
    results = []
    for piece_tokens, packed in ((60, True), (100_000, True), (60, False)):
        model = new_model()
        use_cpu_layers(model)
        trainer = train_model.build_trainer(
            model,
            tokenizer,
            {"train": rows, "test": rows},
            output_dir=str(tmp_path),
            per_device_train_batch_size=10,
            gradient_accumulation_steps=4,
            **device_arguments("float32"),
        )
        assert trainer.args.train_batch_size == 40
        batches = trainer.train_dataset
        assert batches.first_position is not None
        batches.piece_tokens = piece_tokens
        if not packed:
            batches.first_position = None
        pieces = batches.__getitems__(chosen)
        assert (len(pieces) == 1) == (piece_tokens == 100_000)
        trainer.model.train()
        loss = trainer.training_step(trainer.model, pieces)
        results.append({"loss": loss, **gradients(trainer.model)})
    model = new_model()
    plain = model(**rows[chosen]).loss
    plain.backward()
    results.append({"loss": plain.detach(), **gradients(model)})
    for result in results[:-1]:
        assert_close(result, results[-1], 1e-6)


def test_a_model_that_may_be_packed_answers_as_before(new_model, rows):
    model = new_model().eval()
    batch = {name: column for name, column in rows[np.arange(16)].items() if name != "labels"}
    with torch.no_grad():
        before = model(**batch).logits
        assert allow_packing(model, rows) is not None
        torch.testing.assert_close(model(**batch).logits, before, rtol=0, atol=1e-6)
    assert not model.training


@pytest.mark.parametrize("config", [AlbertConfig, ModernBertConfig, MPNetConfig])
def test_a_model_of_another_build_is_left_as_it_was(config, rows):
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_attention_heads": 2}
    tokens = {"vocab_size": int(rows.ids.max()) + 1, "pad_token_id": rows.padding}
    if config is AlbertConfig:
        sizes["embedding_size"] = 16
    transformers.set_seed(1)
    model = transformers.AutoModelForSequenceClassification.from_config(
        config(num_hidden_layers=2, **sizes, **tokens)
    ).eval()
    batch = {name: column for name, column in rows[np.arange(8)].items() if name != "labels"}
    with torch.no_grad():
        before = model(**batch).logits
        assert allow_packing(model, rows) is None
        assert model(**batch).logits.equal(before)
    assert not model._forward_pre_hooks


# Dropout and attention.


def test_attention_gives_the_logits_and_gradients_of_the_librarys(new_model, rows):
    results = []
    for change in (use_cpu_layers, lambda model: None):
        model = new_model()
        change(model)
        output = model(**rows[np.arange(24)])
        output.loss.backward()
        results.append({"logits": output.logits.detach(), **gradients(model)})
    assert_close(*results, 1e-6)


def test_all_dropout_of_a_model_is_replaced(encoders, tokenizer, family):
    model = train_model.load_model(str(encoders[family]), tokenizer, "dwight")
    before = [m.p for m in model.modules() if isinstance(m, nn.Dropout)]
    use_cpu_layers(model)
    after = [m for m in model.modules() if isinstance(m, nn.Dropout)]
    assert [m.p for m in after] == before
    assert {type(m) for m in after} == {Dropout}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("p", [0.1, 0.5])
def test_dropout_drops_its_share_and_keeps_the_mean(p, dtype):
    torch.manual_seed(1)
    ones = torch.ones(401, 999, dtype=dtype, requires_grad=True)
    dropped = dropout(ones, p)
    assert dropped.dtype == dtype
    share = (dropped == 0).double().mean().item()
    assert share == pytest.approx(p, abs=5 * (p * (1 - p) / ones.numel()) ** 0.5)
    assert dropped.max().item() == pytest.approx(1 / (1 - p), rel=1e-2)
    # Neighbours and rows are dropped independently.
    is_dropped = (dropped == 0).double()
    for one, other in (
        (is_dropped[:, 1:], is_dropped[:, :-1]),
        (is_dropped[1:], is_dropped[:-1]),
    ):
        assert (one * other).mean().item() == pytest.approx(p * p, abs=0.003)
    dropped.sum().backward()
    assert ones.grad.equal(dropped.detach())
    torch.manual_seed(1)
    assert dropout(ones, p).equal(dropped)


def test_dropout_does_nothing_outside_of_training():
    values = torch.randn(5, 7)
    assert Dropout(0.3).eval()(values).equal(values)
    assert dropout(values, 0.0).equal(values)
    assert dropout(values, 1.0).eq(0).all()


# Embeddings of the used tokens only.


def test_unused_embeddings_end_as_adamw_leaves_them(new_model, rows):
    batches = [rows[np.arange(start, start + 16)] for start in range(0, 96, 16)]

    def start(change):
        model = new_model()
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

    def restrict(model):
        restrict_vocabulary(model, rows.ids)

    first, optimizer = start(restrict)
    assert isinstance(first.get_input_embeddings(), UsedEmbedding)
    assert len(first.get_input_embeddings().weight) < 0.9 * len(before)
    steps(first, optimizer, batches[:3], rates[:3])
    # Half way the training goes on in another process.
    ours, resumed = start(restrict)
    ours.load_state_dict(first.state_dict())
    resumed.load_state_dict(optimizer.state_dict())
    steps(ours, resumed, batches[3:], rates[3:])
    restore_vocabulary(ours)
    assert_close(ours.state_dict(), plain.state_dict(), 1e-5)
    unused = np.setdiff1d(np.arange(len(before)), rows.ids)
    change = (before - ours.get_input_embeddings().weight.detach())[unused].abs().max()
    assert change > 1e-4


def test_shared_embeddings_are_left_alone(new_model, rows):
    model = new_model()
    model.other = nn.Linear(1, 1)
    model.other.weight = model.get_input_embeddings().weight
    restrict_vocabulary(model, rows.ids)
    assert type(model.get_input_embeddings()) is nn.Embedding
