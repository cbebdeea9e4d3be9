import json
import logging
import math
import shutil
import signal
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
import train_model
import transformers
from datasets import load_from_disk
from safetensors.torch import load_file, save_file
from stopping import Stopped
from transformers import (
    AlbertConfig,
    AutoModel,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertConfig,
)

from whosaid.caching.manifest import check_manifest, write_manifest
from whosaid.errors import InputError, InterruptedStageError
from whosaid.training import train as training_module
from whosaid.training.classifier import new_classifier
from whosaid.training.trainer import build_trainer

FAMILIES = ("distilbert", "roberta")


def weights(folder):
    return load_file(folder / "model.safetensors")


def same_weights(one, other):
    return one.keys() == other.keys() and all(one[name].equal(other[name]) for name in one)


def load_tokenizer(tokenized):
    return AutoTokenizer.from_pretrained(tokenized / "tokenizer")


# What the Trainer is told.


@pytest.fixture
def first_loss(tokenized, encoders, tmp_path):
    """A function that trains one optimizer step and returns the loss that is logged for it."""

    def run(family, accumulation):
        tokenizer = load_tokenizer(tokenized[family])
        transformers.set_seed(1)
        trainer = build_trainer(
            new_classifier(encoders[family], tokenizer, ["not_dwight", "dwight"]),
            tokenizer,
            load_from_disk(tokenized[family]),
            "target",
            precision="float32",
            output_dir=str(tmp_path / "unused"),
            max_steps=1,
            logging_steps=1,
            per_device_train_batch_size=8,
            gradient_accumulation_steps=accumulation,
            save_strategy="no",
        )
        trainer.train()
        [entry] = [entry for entry in trainer.state.log_history if "loss" in entry]
        return entry["loss"]

    return run


@pytest.mark.parametrize("accumulation", [1, 4])
@pytest.mark.parametrize("family", FAMILIES)
def test_the_first_loss_is_that_of_an_undecided_model(family, accumulation, first_loss):
    assert first_loss(family, accumulation) == pytest.approx(math.log(2), abs=0.1)


# What a training leaves behind.


@pytest.fixture(scope="module")
def record(model):
    return json.loads((model / "training.json").read_text(encoding="utf-8"))


def test_a_model_loads_with_the_auto_classes_and_knows_its_added_tokens(model, annotated_splits):
    tokens = json.loads((annotated_splits / "added_tokens.json").read_text(encoding="utf-8"))
    tokenizer = AutoTokenizer.from_pretrained(model)
    classifier = AutoModelForSequenceClassification.from_pretrained(model)
    assert classifier.config.num_labels == 2
    assert classifier.get_input_embeddings().num_embeddings == len(tokenizer)
    assert set(tokens) <= set(tokenizer.get_vocab())


def test_label_names_stand_in_the_config_both_ways(model):
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    assert config["id2label"] == {"0": "not_dwight", "1": "dwight"}
    assert config["label2id"] == {"not_dwight": 0, "dwight": 1}


def test_the_settings_handed_in_are_left_as_they_were(training, model):
    assert training["precision"] == "float32"


def test_a_pipeline_answers_with_the_label_names(model):
    classify = transformers.pipeline("text-classification", model=str(model), device="cpu")
    [ours] = classify(["I fear my bears and beets and weapons. [Ken Kwapis] [Mindy Kaling]"])
    [theirs] = classify(["I like my party and coffee and lunch. [Ken Kwapis] [Mindy Kaling]"])
    assert (ours["label"], theirs["label"]) == ("dwight", "not_dwight")


def test_there_is_no_pickle_in_a_model_folder(model):
    files = [path for path in model.rglob("*") if path.is_file()]
    assert {"model.safetensors", "config.json", "training.json", "tokenizer.json"} <= {
        path.name for path in files
    }
    for path in files:
        assert path.suffix in {".safetensors", ".json", ".txt"}
        # Pickles begin with 0x80, PyTorch's archives of them with PK.
        assert not path.read_bytes().startswith((b"\x80", b"PK"))


def test_nothing_is_left_beside_the_model(model):
    assert [path.name for path in model.parent.iterdir()] == [model.name]


def test_the_record_says_where_and_with_what_the_model_was_trained(record, annotated_tokenized):
    assert record["seed"] == 42
    assert record["device"]
    assert record["precision"] == "float32"
    assert record["seconds"] > 0
    for package in ("torch", "transformers", "tokenizers", "accelerate"):
        assert record["versions"][package][0].isdigit()
    dataset = load_from_disk(annotated_tokenized)
    assert record["rows"] == {name: len(rows) for name, rows in dataset.items()}
    assert record["optimizer_steps"] == 10 * math.ceil(len(dataset["train"]) / 16)


def test_the_record_says_whether_rows_were_packed_and_what_was_asked_for(record, training):
    assert record["packed"] is True
    assert record["arguments"] == training


def test_the_record_has_one_entry_per_epoch(record):
    assert [entry["epoch"] for entry in record["history"]] == list(range(1, 11))
    keys = {"epoch", "train_loss", "learning_rate", "test_loss"}
    keys |= {f"test_{name}" for name in ("accuracy", "f1", "precision", "recall")}
    assert all(set(entry) == keys for entry in record["history"])


def test_the_model_has_learned(record):
    first, *_, last = record["history"]
    assert last["train_loss"] < first["train_loss"]
    assert last["test_f1"] > 0.8


def test_one_seed_gives_equal_weights_and_another_gives_others(
    annotated_tokenized, encoders, train
):
    trained = []
    for seed in (1, 1, 2):
        # The global generator stands elsewhere each time; the head must not be drawn from there.
        torch.manual_seed(987 + len(trained))
        folder = train(annotated_tokenized, encoders["distilbert"], seed=seed, num_train_epochs=1)
        trained.append(weights(folder))
    one, again, other = trained
    assert same_weights(one, again)
    assert not same_weights(one, other)


@pytest.mark.parametrize("strategy", ["random", "group_by_length"])
def test_batches_are_random_or_of_similar_length(strategy, tokenized, encoders, train):
    folder = train(
        tokenized["roberta"],
        encoders["roberta"],
        train_sampling_strategy=strategy,
        gradient_accumulation_steps=2,
        activation_checkpointing=True,
        num_train_epochs=2,
    )
    record = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    first, last = record["history"]
    assert last["train_loss"] < first["train_loss"] < 1


def test_a_training_whose_loss_is_no_number_is_refused(tokenized, encoders, train, tmp_path):
    damaged = tmp_path / "encoder"
    shutil.copytree(encoders["distilbert"], damaged)
    damage = weights(damaged)
    damage["embeddings.LayerNorm.weight"][0] = math.nan
    save_file(damage, damaged / "model.safetensors", metadata={"format": "pt"})
    write_manifest(damaged)
    with pytest.raises(
        InputError, match=r"loss is nan after epoch 1: .*learning_rate \(it is 0.01"
    ):
        train(tokenized["distilbert"], damaged)


# An encoder that is not packed.


@pytest.fixture(scope="module")
def albert(encoders, tmp_path_factory):
    """An encoder of an architecture that is not packed."""
    folder = tmp_path_factory.mktemp("albert") / "encoder"
    tokenizer = AutoTokenizer.from_pretrained(encoders["distilbert"])
    config = AlbertConfig(
        vocab_size=len(tokenizer),
        embedding_size=16,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        pad_token_id=tokenizer.pad_token_id,
    )
    transformers.set_seed(1)
    AutoModel.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    write_manifest(folder)
    return folder


def test_another_architecture_is_trained_with_padded_rows_and_says_so(
    splits, tokenize, albert, train, caplog
):
    caplog.set_level(logging.INFO)
    folder = train(tokenize(splits, albert), albert, num_train_epochs=2)
    record = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    assert record["packed"] is False
    first, last = record["history"]
    assert last["train_loss"] < first["train_loss"]
    [warning] = [each for each in caplog.records if "not packed" in each.getMessage()]
    assert warning.levelname == "WARNING" and warning.getMessage().startswith("albert: ")


def test_bert_is_trained_with_packed_rows(splits, tokenize, encoders, train, tmp_path, caplog):
    tokenizer = AutoTokenizer.from_pretrained(encoders["distilbert"])
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = BertConfig(vocab_size=len(tokenizer), intermediate_size=32, **sizes)
    transformers.set_seed(1)
    AutoModel.from_config(config).save_pretrained(tmp_path / "bert")
    tokenizer.save_pretrained(tmp_path / "bert")
    write_manifest(tmp_path / "bert")
    tokenized = tokenize(splits, tmp_path / "bert")
    folder = train(tokenized, tmp_path / "bert", num_train_epochs=2)
    record = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    assert record["packed"] is True
    first, last = record["history"]
    assert last["train_loss"] < first["train_loss"]
    assert not [each for each in caplog.records if "not packed" in each.getMessage()]


# Token ids.


def test_token_ids_of_another_tokenizer_are_refused(
    annotated_tokenized, tokenized, encoders, train, tmp_path
):
    mixed = shutil.copytree(annotated_tokenized, tmp_path / "mixed")
    shutil.rmtree(mixed / "tokenizer")
    shutil.copytree(tokenized["distilbert"] / "tokenizer", mixed / "tokenizer")
    write_manifest(mixed)
    with pytest.raises(InputError, match=r"mixed/train: row 0 has the token id .* tokenize with"):
        train(mixed, encoders["distilbert"])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["test", "valid"])
def test_a_split_on_which_the_variant_abstains_throughout_ends_no_training(
    name, splits, tokenize, encoders, train, tmp_path
):
    folder = shutil.copytree(splits, tmp_path / "short")
    table = pq.read_table(folder / f"{name}.parquet")
    number = table.column_names.index("abstained")
    abstained = pa.array([True] * table.num_rows)
    table = table.set_column(number, table.field(number), abstained)
    pq.write_table(table, folder / f"{name}.parquet")
    tokenized = tokenize(folder, encoders["distilbert"])
    model = train(tokenized, encoders["distilbert"], num_train_epochs=2)
    record = json.loads((model / "training.json").read_text(encoding="utf-8"))
    assert record["rows"][name] == 0
    assert [entry["epoch"] for entry in record["history"]] == [1, 2]


# Stopping and continuing, and the store.


def entries(folder):
    return sorted(path.name for path in (folder.parent / "store").iterdir())


def test_what_was_trained_before_is_taken_from_the_store(in_one_store, monkeypatch):
    one = in_one_store("one")
    [key] = entries(one)
    monkeypatch.setattr(train_model, "train", None)
    # A kill can leave them beside the finished model; `prune_store` then took it for one at work.
    (one.parent / "store" / key / "checkpoints").mkdir()
    # The size of an evaluation batch leaves the model as it is.
    other = in_one_store("other", per_device_eval_batch_size=5)
    assert entries(one) == [key]
    assert check_manifest(one) == check_manifest(other)
    assert check_manifest(one)["key"] == key
    assert not (one.parent / "store" / key / "checkpoints").exists()


@pytest.mark.parametrize(
    "changes", [{"seed": 43}, {"code": "other"}, {"learning_rate": 0.02}, {"precision": "bfloat16"}]
)
def test_another_training_is_another_entry(changes, in_one_store, monkeypatch):
    asked = []

    def refuse(entry, **given):
        asked.append(entry)
        raise InterruptedStageError

    monkeypatch.setattr(train_model, "train", refuse)
    for each in ({}, changes):
        with pytest.raises(InterruptedStageError):
            in_one_store(**each)
    assert len(set(asked)) == 2


def test_a_damaged_model_in_the_store_is_trained_again(in_one_store):
    one = in_one_store("one")
    [key] = entries(one)
    (one.parent / "store" / key / "model" / "config.json").write_text("{")
    other = in_one_store("other")
    assert same_weights(weights(one), weights(other))
    assert check_manifest(one.parent / "store" / key / "model") == check_manifest(other)


@pytest.fixture(scope="module")
def undisturbed():
    """The weights and histories of trainings that nothing stopped, by their name."""
    return {}


OTHERWISE = {
    "class_weight": "balanced",
    "focal_loss_gamma": 2.0,
    "layerwise_learning_rate_decay": 0.5,
    "lr_scheduler_type": "inverse_sqrt",
    "warmup_steps": 4,
}


# At the end of an epoch, and in the middle of one that is not the first.
@pytest.mark.slow
@pytest.mark.parametrize("step", [12, 17])
@pytest.mark.parametrize(
    ("name", "number"),
    [("random", signal.SIGTERM), ("group_by_length", signal.SIGINT), ("otherwise", signal.SIGTERM)],
)
def test_a_stopped_training_continues_to_the_weights_of_an_undisturbed_one(
    name, number, step, undisturbed, in_one_store, monkeypatch, caplog
):
    caplog.set_level(logging.INFO)
    changes = OTHERWISE if name == "otherwise" else {"train_sampling_strategy": name}

    def results(folder):
        history = json.loads((folder / "training.json").read_text())["history"]
        # The train loss of an epoch that was stopped is that of its second part.
        return weights(folder), [
            {name: value for name, value in entry.items() if name != "train_loss"}
            for entry in history
        ]

    if name not in undisturbed:
        folder = in_one_store("undisturbed", **changes)
        undisturbed[name] = results(folder)
        shutil.rmtree(folder.parent / "store")
    monkeypatch.setattr(Stopped, "step", step)
    monkeypatch.setattr(Stopped, "number", number)
    with monkeypatch.context() as patch:
        patch.setattr(training_module, "SealedCheckpoints", Stopped)
        with pytest.raises(InterruptedStageError, match=f"stopped after step {step} of 24"):
            in_one_store("stopped", **changes)
    assert f"{signal.Signals(number).name}: saving a checkpoint" in caplog.messages
    folder = in_one_store("continued", **changes)
    assert not (folder.parent / "stopped").exists()
    assert any(f"checkpoint-{step}" in message for message in caplog.messages)
    found, history = results(folder)
    assert history == undisturbed[name][1]
    assert same_weights(found, undisturbed[name][0])


@pytest.mark.slow
@pytest.mark.parametrize("best", [{}, {"best_epoch": {"metric": "f1", "patience": None}}])
def test_a_training_that_is_stopped_at_its_end_within_an_epoch_has_the_weights_of_any_other(
    best, in_one_store, monkeypatch, caplog
):
    """It took one step more when it went on."""
    caplog.set_level(logging.INFO)
    changes = {"num_train_epochs": 1.5, "lr_scheduler_type": "constant", **best}
    undisturbed = in_one_store("undisturbed", **changes)
    shutil.rmtree(undisturbed.parent / "store")
    monkeypatch.setattr(Stopped, "step", 18)
    with monkeypatch.context() as patch:
        patch.setattr(training_module, "SealedCheckpoints", Stopped)
        with pytest.raises(InterruptedStageError, match="stopped after step 18 of 18"):
            in_one_store("stopped", **changes)
    continued = in_one_store("continued", **changes)
    assert any(message.endswith("checkpoint-12") for message in caplog.messages)
    assert same_weights(weights(continued), weights(undisturbed))
    records = [
        json.loads((path / "training.json").read_text()) for path in (continued, undisturbed)
    ]
    assert [each["optimizer_steps"] for each in records] == [18, 18]


@pytest.mark.slow
def test_a_training_that_began_on_a_gpu_goes_on_without_one(in_one_store, monkeypatch):
    """Its checkpoints held the embeddings of all tokens there, so they did not fit."""
    monkeypatch.setattr(Stopped, "step", 12)
    accelerator = SimpleNamespace(is_available=lambda: True)
    with monkeypatch.context() as patch:
        patch.setattr(training_module, "SealedCheckpoints", Stopped)
        patch.setattr(training_module, "torch", SimpleNamespace(accelerator=accelerator))
        with pytest.raises(InterruptedStageError, match="stopped after step 12"):
            in_one_store("stopped")
    assert in_one_store("continued").is_dir()
