"""An encoder that learns the speakers beside the target, by the real stages."""

import json
import signal

import pandas as pd
import pytest
import train_model
from datasets import load_from_disk
from safetensors.torch import load_file
from stopping import Stopped
from test_context_stages import CONTEXT
from transformers import AutoModelForSequenceClassification

from whosaid.errors import InterruptedStageError
from whosaid.split_names import SPLITS
from whosaid.tokens.tokenized_rows import numbers_of, speakers_of
from whosaid.training import train as training_module

SCENES = CONTEXT | {"before": "scene", "after": "scene", "reading": "scene"}


@pytest.fixture(scope="module", params=[None, SCENES], ids=["lines", "scenes"])
def named(request, deal):
    """Splits that name the speakers, of lines alone and of scenes."""
    return deal(names_speakers=True, context=request.param)


@pytest.fixture(scope="module")
def of_named(named, encoders, tokenize):
    """Their token ids."""
    return tokenize(named, encoders["distilbert"])


def test_each_row_has_its_speaker_and_nothing_else_changes(named, deal, lines):
    plain = deal(context=SCENES if "before_texts" in columns_of(named) else None)
    spoken = pd.read_parquet(lines).set_index("row")["speaker"]
    for name in SPLITS:
        rows, without = (pd.read_parquet(each / f"{name}.parquet") for each in (named, plain))
        assert rows.drop(columns="speaker").equals(without)
        names = sorted(spoken.loc[rows["row"]].unique())
        assert len(names) == 10  # so the numbers below are those of one order
        assert [names[number] for number in rows["speaker"]] == spoken.loc[rows["row"]].tolist()


def columns_of(folder):
    return pd.read_parquet(folder / "train.parquet").columns


def test_tokenized_lines_keep_their_speakers(of_named, named):
    for name, rows in load_from_disk(of_named).items():
        split = pd.read_parquet(named / f"{name}.parquet").set_index("row")["speaker"]
        assert speakers_of(rows).tolist() == split.loc[numbers_of(rows)].tolist()


def test_the_model_has_two_labels_and_has_learned(of_named, encoders, train):
    folder = train(of_named, encoders["distilbert"], speaker_loss_weight=0.5)
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    assert model.config.num_labels == 2 == len(load_file(folder / "model.safetensors")[HEAD])
    history = json.loads((folder / "training.json").read_text(encoding="utf-8"))["history"]
    assert history[-1]["train_loss"] < history[0]["train_loss"]
    # Of the ten speakers nine talk alike, so their part of the loss stays.
    assert history[-1]["train_loss"] > history[-1]["test_loss"] + 0.5


HEAD = "classifier.weight"


@pytest.mark.slow
@pytest.mark.parametrize("best", [None, {"metric": "f1", "patience": None}])
def test_a_stopped_training_ends_with_the_weights_of_an_undisturbed_one(
    best, of_named, encoders, training, tmp_path, monkeypatch
):
    def run(name, store):
        train_model.main(
            str(of_named),
            str(encoders["distilbert"]),
            str(tmp_path / name),
            str(tmp_path / store),
            code="recipe",
            question="target",
            training=training
            | {"num_train_epochs": 3, "speaker_loss_weight": 0.5}
            | ({"best_epoch": best} if best else {}),
            seed=42,
        )
        return load_file(tmp_path / name / "model.safetensors")

    whole = run("whole", "one")
    monkeypatch.setattr(Stopped, "step", 4)
    monkeypatch.setattr(Stopped, "number", signal.SIGTERM)
    with monkeypatch.context() as patch:
        patch.setattr(training_module, "SealedCheckpoints", Stopped)
        with pytest.raises(InterruptedStageError):
            run("stopped", "two")
    continued = run("continued", "two")
    assert whole.keys() == continued.keys()
    assert all(whole[name].equal(continued[name]) for name in whole)
