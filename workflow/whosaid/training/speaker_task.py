"""A second task while an encoder is trained: which of the speakers says the line.

The head of the classifier gets further outputs, one for each speaker, and loses them after the
training. The two answers share all layers below (Caruana, "Multitask Learning", 1997).
"""

from dataclasses import dataclass

import numpy as np
import torch
from datasets import Dataset
from transformers import PreTrainedModel

from whosaid.tokens.tokenized_rows import labels_of, speakers_of


@dataclass(frozen=True)
class SpeakerTask:
    """The second task of a training.

    `label_of` holds for each speaker the label of his lines, and `weight` is what the loss of the
    speakers counts.
    """

    label_of: torch.Tensor
    weight: float

    @property
    def labels(self) -> int:
        """How many labels the first task has."""
        return int(self.label_of.max()) + 1

    def first_logits(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """The logits of the first task alone, for `preprocess_logits_for_metrics`."""
        return logits[..., : self.labels]

    def loss(self, logits: torch.Tensor, speakers: torch.Tensor) -> torch.Tensor:
        """The weighted cross-entropy of the speakers, summed over the rows."""
        of_speakers = logits[:, self.labels :]
        total = torch.nn.functional.cross_entropy(of_speakers, speakers, reduction="sum")
        return self.weight * total


def speaker_task(rows: Dataset, weight: float) -> SpeakerTask:
    """The task for these tokenized `rows`, whose column `speaker` numbers the speakers."""
    speakers, labels = speakers_of(rows), labels_of(rows)
    label_of = np.zeros(speakers.max() + 1, np.int64)
    label_of[speakers] = labels
    return SpeakerTask(torch.from_numpy(label_of), weight)


def widen_head(model: PreTrainedModel, speakers: int) -> None:
    """Give the head of `model` an output for each of the `speakers`, after those of the labels."""
    head = _head(model)
    weight = torch.empty(speakers, head.in_features).normal_(std=model.config.initializer_range)
    _set(head, torch.cat([head.weight, weight]), torch.cat([head.bias, torch.zeros(speakers)]))


def narrow_head(model: PreTrainedModel) -> None:
    """Leave the head of `model` only the outputs of its labels."""
    head = _head(model)
    _set(head, head.weight[: model.num_labels].clone(), head.bias[: model.num_labels].clone())


def _head(model: PreTrainedModel) -> torch.nn.Linear:
    """The layer that makes the logits: the last linear one of every sequence classifier."""
    return [each for each in model.modules() if isinstance(each, torch.nn.Linear)][-1]


def _set(head: torch.nn.Linear, weight: torch.Tensor, bias: torch.Tensor) -> None:
    head.weight = torch.nn.Parameter(weight.detach())
    head.bias = torch.nn.Parameter(bias.detach())
    head.out_features = len(bias)
