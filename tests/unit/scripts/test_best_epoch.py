"""The weights of the epoch that is best on valid are kept, whatever interrupts the training."""

import json

import pytest
from datasets import Dataset, load_from_disk
from safetensors.torch import load_file
from stopping import Stopped
from transformers import AutoTokenizer

from whosaid.caching.manifest import write_manifest
from whosaid.errors import InputError, InterruptedStageError
from whosaid.training import checkpoints as checkpoints_module
from whosaid.training import train as training_module
from whosaid.training.checkpoints import SealedCheckpoints
from whosaid.training.predictor import load_predictor
from whosaid.training.trainer import model_columns

NOISY = {"num_train_epochs": 5, "learning_rate": 0.03, "lr_scheduler_type": "constant"}
"""A training whose last epoch is not its best. An epoch has 12 steps."""


def best(metric, patience=None):
    return {"best_epoch": {"metric": metric, "patience": patience}}


def record_of(folder):
    return json.loads((folder / "training.json").read_text(encoding="utf-8"))


def results(folder):
    """The weights, the kept epoch and the history; an interrupted epoch has another train loss."""
    record = record_of(folder)
    history = [
        {name: value for name, value in entry.items() if name != "train_loss"}
        for entry in record["history"]
    ]
    weights = load_file(folder / "model.safetensors")
    return weights, record["kept_epoch"], history


def assert_same(one, other):
    assert one[1:] == other[1:]
    assert one[0].keys() == other[0].keys()
    assert all(one[0][name].equal(other[0][name]) for name in one[0])


@pytest.fixture(scope="module")
def known():
    """What undisturbed trainings ended with, by what they were asked for."""
    return {}


@pytest.fixture
def undisturbed(known, in_one_store, tmp_path):
    """A function that says what a training ends with that nothing disturbs."""

    def run(metric, patience=None):
        if (metric, patience) not in known:
            folder = in_one_store("undisturbed", **NOISY | best(metric, patience))
            known[metric, patience] = results(folder)
            assert not list(tmp_path.glob("store/*/checkpoints"))
            (tmp_path / "store").rename(tmp_path / "other_store")
        return known[metric, patience]

    return run


def test_the_course_of_a_training_is_the_same_and_the_best_of_its_epochs_is_kept(
    in_one_store, undisturbed, tokenized
):
    _, kept, history = undisturbed("loss")
    plain = record_of(in_one_store("plain", **NOISY))
    assert "kept_epoch" not in plain
    for epoch, of_plain in zip(history, plain["history"], strict=True):
        del of_plain["train_loss"]
        assert of_plain.items() < epoch.items()
        assert {f"valid{name.removeprefix('test')}" for name in of_plain if "test" in name} == {
            *(name for name in epoch if "valid" in name)
        }
    losses = [entry["valid_loss"] for entry in history]
    assert kept == 1 + losses.index(min(losses)) == 4 < len(losses)
    # The weights are those that were evaluated after this epoch.
    folder = in_one_store("again", **NOISY | best("loss"))
    tokenizer = AutoTokenizer.from_pretrained(folder)
    predictor = load_predictor(folder, tokenizer, "target", 32)
    for split in ("test", "valid"):
        rows = model_columns(load_from_disk(tokenized["distilbert"])[split])
        loss = predictor.evaluate(rows)["eval_loss"]
        assert loss == pytest.approx(history[3][f"{split}_loss"], abs=1e-5)


@pytest.mark.parametrize(
    ("question", "metric", "better"),
    [("target", "average_precision", max), ("speakers", "macro_f1", max)],
)
def test_of_equal_epochs_the_first_is_kept(question, metric, better, in_one_store):
    record = record_of(in_one_store(question=question, **NOISY | best(metric)))
    values = [entry[f"valid_{metric}"] for entry in record["history"]]
    assert record["kept_epoch"] == 1 + values.index(better(values))
    assert {f"test_{metric}", "test_loss"} < {*record["history"][0]}


def test_a_training_ends_when_patience_does(undisturbed):
    _, kept, history = undisturbed("f1", patience=2)
    # The second epoch is the best, and the two after it are no better.
    assert (kept, [entry["epoch"] for entry in history]) == (2, [1, 2, 3, 4])


def test_the_next_command_goes_on_from_what_is_kept(undisturbed, in_one_store, monkeypatch, caplog):
    """A training resumed after its patience had ended would take another step, and keep that."""
    caplog.set_level("INFO")
    expected = undisturbed("f1", patience=2)
    changes = NOISY | best("f1", patience=2)
    with monkeypatch.context() as patch:
        patch.setattr(training_module, "atomic_write", None)  # the disk is full, say
        with pytest.raises(TypeError):
            in_one_store("stopped", **changes)
    folder = in_one_store("continued", **changes)
    assert any("continuing from" in text and "checkpoint-48" in text for text in caplog.messages)
    assert_same(results(folder), expected)
    assert caplog.messages[-1] == "the weights of epoch 2 are kept"
    assert record_of(folder)["optimizer_steps"] == 48


# At the end of the best epoch, in the middle of the second one after it, and at the end of that.
@pytest.mark.slow
@pytest.mark.parametrize("step", [24, 42, 48])
def test_a_stopped_training_keeps_the_epoch_of_an_undisturbed_one(
    step, undisturbed, in_one_store, monkeypatch
):
    expected = undisturbed("f1", patience=2)
    changes = NOISY | best("f1", patience=2)
    monkeypatch.setattr(Stopped, "step", step)
    with monkeypatch.context() as patch:
        patch.setattr(training_module, "SealedCheckpoints", Stopped)
        with pytest.raises(InterruptedStageError, match=f"stopped after step {step} of 60"):
            in_one_store("stopped", **changes)
    assert_same(results(in_one_store("continued", **changes)), expected)


class Judged(SealedCheckpoints):
    """Checkpoints of a training whose epochs have these F1 on valid."""

    f1 = (0.5, 0.6, 0.4, 0.7, 0.1)

    def on_evaluate(self, args, state, control, metrics=None, **kwargs):
        if "eval_valid_f1" in metrics:
            metrics["eval_valid_f1"] = self.f1[int(state.epoch) - 1]


@pytest.mark.slow
@pytest.mark.parametrize("step", [36, 48])
def test_a_kill_before_a_checkpoint_is_sealed_loses_no_earlier_one(
    step, in_one_store, tmp_path, monkeypatch, caplog
):
    """The Trainer deletes the checkpoint that was the best before the new one has its manifest."""
    caplog.set_level("INFO")
    monkeypatch.setattr(training_module, "SealedCheckpoints", Judged)
    expected = results(in_one_store("undisturbed", **NOISY | best("f1")))
    assert expected[1] == 4
    (tmp_path / "store").rename(tmp_path / "other_store")

    def kill(checkpoint, **facts):
        if checkpoint.name == f"checkpoint-{step}":
            raise InterruptedStageError
        write_manifest(checkpoint, **facts)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints_module, "write_manifest", kill)
        with pytest.raises(InterruptedStageError):
            in_one_store("stopped", **NOISY | best("f1"))
    folder = in_one_store("continued", **NOISY | best("f1"))
    [message] = [text for text in caplog.messages if "continuing from" in text]
    assert message.endswith(f"checkpoint-{step - 12}")
    assert_same(results(folder), expected)


@pytest.mark.parametrize(("count", "classes"), [(0, 0), (75, 1)])
def test_a_valid_that_offers_no_choice_is_refused(
    count, classes, tokenized, encoders, train, tmp_path
):
    """Every epoch has an F1 of 0 there, and the first one would be kept."""
    rows = load_from_disk(tokenized["distilbert"])
    of_others = [row for row in rows["valid"] if row["label"] == 0][:count]
    features = rows["valid"].features
    columns = {name: [row[name] for row in of_others] for name in features}
    rows["valid"] = Dataset.from_dict(columns, features)
    rows.save_to_disk(tmp_path / "one", num_shards=dict.fromkeys(rows, 1))
    tokenizer = AutoTokenizer.from_pretrained(tokenized["distilbert"] / "tokenizer")
    tokenizer.save_pretrained(tmp_path / "one" / "tokenizer")
    write_manifest(tmp_path / "one")
    expected = rf"one/valid: training.best_epoch .* but the {count} rows are of {classes};"
    with pytest.raises(InputError, match=expected):
        train(tmp_path / "one", encoders["distilbert"], **best("f1"))


def test_another_size_of_evaluation_batches_is_another_entry_where_they_choose(
    in_one_store, tmp_path, monkeypatch
):
    def refuse(**arguments):
        raise InterruptedStageError

    monkeypatch.setattr("train_model.train", refuse)
    for size in (8, 32):
        with pytest.raises(InterruptedStageError):
            in_one_store(per_device_eval_batch_size=size, **best("f1"))
    assert len(list((tmp_path / "store").iterdir())) == 2
