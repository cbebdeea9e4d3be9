"""A second answer that is learned beside the first, and gone when the training is over."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from classifiers import CONFIGS, TOKENIZERS, new_model
from datasets import ClassLabel, Dataset
from scipy.special import log_softmax
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from whosaid.training.loss import MeanLoss
from whosaid.training.scene_packing import IGNORED
from whosaid.training.speaker_task import SpeakerTask, narrow_head, speaker_task, widen_head

LABEL_OF = torch.tensor([0, 1, 0, 0])
SPEAKERS = np.random.default_rng(1).integers(0, 4, 40)
LOGITS = np.random.default_rng(2).normal(0, 3, (40, 2 + 4))


def loss_of(logits, labels, weight=0.3, **arguments):
    loss = MeanLoss(task=SpeakerTask(LABEL_OF, weight))
    return loss(SimpleNamespace(logits=logits), torch.tensor(labels), **arguments)


def expected(weight):
    of_labels = log_softmax(LOGITS[:, :2], axis=1)[np.arange(40), LABEL_OF.numpy()[SPEAKERS]]
    of_speakers = log_softmax(LOGITS[:, 2:], axis=1)[np.arange(40), SPEAKERS]
    return -(of_labels + weight * of_speakers).mean()


@pytest.mark.parametrize("weight", [0.1, 1, 3])
def test_the_loss_is_that_of_the_labels_and_a_part_of_the_speakers(weight):
    logits = torch.tensor(LOGITS, requires_grad=True)
    assert loss_of(logits, SPEAKERS, weight).item() == pytest.approx(expected(weight))


def test_scenes_have_the_same_loss():
    labels = np.full((4, 12), IGNORED)
    labels[:, :10] = SPEAKERS.reshape(4, 10)
    logits = np.zeros((4, 12, 6))
    logits[:, :10] = LOGITS.reshape(4, 10, 6)
    given = torch.tensor(logits, requires_grad=True)
    assert loss_of(given, labels).item() == pytest.approx(expected(0.3))


def test_rows_that_are_held_out_have_the_plain_loss_of_their_labels():
    labels = LABEL_OF.numpy()[SPEAKERS]
    plain = MeanLoss()(SimpleNamespace(logits=torch.tensor(LOGITS[:, :2])), torch.tensor(labels))
    assert loss_of(torch.tensor(LOGITS), labels).equal(plain)


def test_a_speaker_has_the_label_of_his_lines():
    rows = Dataset.from_dict({"speaker": [2, 0, 3, 2, 0], "label": [1, 0, 0, 1, 0]})
    task = speaker_task(rows.cast_column("speaker", ClassLabel(num_classes=4)), 0.5)
    assert task.label_of[[0, 2, 3]].tolist() == [0, 1, 0] and task.labels == 2


@pytest.mark.parametrize("architecture", CONFIGS)
def test_the_head_grows_and_is_the_old_one_again(architecture, tokenized, tmp_path):
    family = TOKENIZERS.get(architecture, "distilbert")
    tokenizer = AutoTokenizer.from_pretrained(tokenized[family] / "tokenizer")
    model = new_model(architecture, tokenizer).eval()
    inputs = tokenizer(["I like my bears."], return_tensors="pt")
    inputs = {name: inputs[name] for name in ("input_ids", "attention_mask")}
    before = model(**inputs).logits
    widen_head(model, 3)
    wide = model(**inputs).logits
    assert wide.shape == (1, 5)
    torch.testing.assert_close(wide[:, :2], before)
    narrow_head(model)
    torch.testing.assert_close(model(**inputs).logits, before)
    model.save_pretrained(tmp_path)
    stored = AutoModelForSequenceClassification.from_pretrained(tmp_path)
    torch.testing.assert_close(stored(**inputs).logits, before)
