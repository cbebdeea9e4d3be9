import json
import math
import shutil

import pytest
import torch
import train_model
import transformers
from datasets import load_from_disk
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
)

from whosaid.device import device_arguments
from whosaid.errors import InputError
from whosaid.manifest import write_manifest
from whosaid.rows import Rows

FAMILIES = ("distilbert", "roberta")
HEADS = {"distilbert": "pre_classifier.weight", "roberta": "classifier.dense.weight"}


def weights(folder):
    return load_file(folder / "model.safetensors")


def same_weights(one, other):
    return one.keys() == other.keys() and all(one[name].equal(other[name]) for name in one)


def load_tokenizer(tokenized):
    return AutoTokenizer.from_pretrained(tokenized / "tokenizer")


def load_rows(tokenized, split):
    return Rows.load(tokenized / split, load_tokenizer(tokenized).pad_token_id)


# What the Trainer is told.


@pytest.fixture
def first_loss(tokenized, encoders, tmp_path):
    """A function that trains one optimizer step and returns the loss that is logged for it."""

    def run(family, accumulation):
        tokenizer = load_tokenizer(tokenized[family])
        transformers.set_seed(1)
        trainer = train_model.build_trainer(
            train_model.load_model(str(encoders[family]), tokenizer, "dwight"),
            tokenizer,
            {name: load_rows(tokenized[family], name) for name in ("train", "test")},
            output_dir=str(tmp_path / "unused"),
            max_steps=1,
            logging_steps=1,
            per_device_train_batch_size=8,
            gradient_accumulation_steps=accumulation,
            save_strategy="no",
            disable_tqdm=True,
            **device_arguments("float32"),
        )
        trainer.train()
        [entry] = [entry for entry in trainer.state.log_history if "loss" in entry]
        return entry["loss"]

    return run


@pytest.mark.parametrize("accumulation", [1, 4])
@pytest.mark.parametrize("family", FAMILIES)
def test_the_first_loss_is_that_of_an_undecided_model(family, accumulation, first_loss):
    assert first_loss(family, accumulation) == pytest.approx(math.log(2), abs=0.1)


@pytest.mark.parametrize("family", FAMILIES)
def test_added_tokens_get_rows_of_their_own_in_the_embeddings(family, encoders):
    tokenizer = AutoTokenizer.from_pretrained(encoders[family])
    before = train_model.load_model(str(encoders[family]), tokenizer, "dwight")
    tokenizer.add_tokens([f"[name {number}]" for number in range(50)], special_tokens=True)
    after = train_model.load_model(str(encoders[family]), tokenizer, "dwight")
    old = before.get_input_embeddings().weight
    new = after.get_input_embeddings().weight
    assert len(new) == len(old) + 50 == after.config.vocab_size
    assert new[: len(old)].equal(old)
    # Drawn around zero with the published width.
    assert new[len(old) :].std().item() == pytest.approx(0.02, rel=0.15)
    assert abs(new[len(old) :].mean().item()) < 0.003


def test_without_added_tokens_the_embeddings_stay_as_they_are(encoders):
    tokenizer = AutoTokenizer.from_pretrained(encoders["distilbert"])
    model = train_model.load_model(str(encoders["distilbert"]), tokenizer, "dwight")
    stored = load_file(encoders["distilbert"] / "model.safetensors")
    assert model.get_input_embeddings().weight.equal(stored["embeddings.word_embeddings.weight"])


@pytest.mark.parametrize("family", FAMILIES)
def test_the_classification_head_is_drawn_from_the_seed(family, encoders):
    tokenizer = AutoTokenizer.from_pretrained(encoders[family])

    def head(seed):
        transformers.set_seed(seed)
        model = train_model.load_model(str(encoders[family]), tokenizer, "dwight")
        return model.state_dict()[HEADS[family]]

    assert head(1).equal(head(1))
    assert not head(1).equal(head(2))


def test_metrics_are_those_of_the_larger_logit():
    logits = [[2.0, 1.0], [0.0, 1.0], [-1.0, -0.5], [3.0, 3.1]]
    prediction = transformers.EvalPrediction(torch.tensor(logits).numpy(), [0, 1, 0, 1])
    metrics = train_model.compute_metrics(prediction)
    assert metrics == pytest.approx(
        {"accuracy": 3 / 4, "precision": 2 / 3, "recall": 1, "f1": 4 / 5}
    )


def test_history_has_train_and_test_figures_of_each_epoch():
    names = ("loss", "accuracy", "f1", "precision", "recall")
    log = []
    for epoch in (1.0, 2.0):
        log.append({"epoch": epoch, "loss": 0.5 / epoch, "learning_rate": 0.1, "step": 3})
        log.append({"epoch": epoch, **{f"eval_{name}": epoch / 10 for name in names}})
    log.append({"epoch": 2.0, "train_loss": 0.4, "train_runtime": 1.0})
    history = train_model.epoch_history(log)
    assert [entry["epoch"] for entry in history] == [1.0, 2.0]
    assert [entry["train_loss"] for entry in history] == [0.5, 0.25]
    assert [entry["test_f1"] for entry in history] == [0.1, 0.2]


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
    assert record["optimizer_steps"] == 6 * math.ceil(len(dataset["train"]) / 16)


def test_the_record_has_one_entry_per_epoch(record):
    assert [entry["epoch"] for entry in record["history"]] == [1, 2, 3, 4, 5, 6]
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
