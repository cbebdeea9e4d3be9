"""The loss of a classifier, for the Trainer's `compute_loss_func`."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from sklearn.utils.class_weight import compute_class_weight

from whosaid.tokens.tokenized_rows import labels_of
from whosaid.training.scene_packing import IGNORED
from whosaid.training.speaker_task import SpeakerTask


def balanced_weights(rows: Dataset) -> torch.Tensor:
    """The weight of each class, the inverse of its frequency, with a mean of 1 over the rows."""
    labels = labels_of(rows)
    weights = compute_class_weight("balanced", classes=np.unique(labels), y=labels)
    return torch.tensor(weights, dtype=torch.float32)


def focal_loss(
    logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor | None, gamma: float
) -> torch.Tensor:
    """The focal loss, summed over the rows (Lin et al., "Focal Loss for Dense Object Detection").

    The cross-entropy of a row counts by (1 - p)^gamma, where p is the probability of its class, and
    by the weight of its class. A row with the label IGNORED counts nothing.
    """
    of_rows = torch.nn.functional.cross_entropy(logits, labels, reduction="none")
    missed = -torch.expm1(-of_rows)  # 1 - p
    # At p = 1 a power below 1 has an infinite slope; the gradient of what is clamped is 0.
    factors = missed.clamp(min=torch.finfo(missed.dtype).tiny) ** gamma
    if weights is not None:
        factors = factors * weights[labels.clamp(min=0)]  # any weight for IGNORED: its loss is 0
    return (factors * of_rows).sum()


@dataclass(frozen=True)
class MeanLoss:
    """The loss summed over the rows, divided by the rows of the accumulated batch.

    In Transformers 5.23 the Trainer itself divides by the wrong number for sequence classifiers
    when batches are accumulated. The loss is the cross-entropy, or with a `gamma` the focal loss.
    `gamma` and the `weights` of the classes count in training only, so the loss on held-out rows
    stays comparable. So does the second `task`: in training its speakers are the labels.
    """

    weights: torch.Tensor | None = None
    gamma: float | None = None
    task: SpeakerTask | None = None

    def __call__(
        self, outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """The loss of a batch with these `labels`."""
        logits, weights, second = outputs.logits, None, None
        # Cross-entropy leaves out what is IGNORED; windows of scenes x answers and speakers do not.
        if labels.ndim > 1 or self.task is not None:
            is_line = labels != IGNORED
            logits, labels = logits[is_line], labels[is_line]
        if self.task is not None:
            if logits.requires_grad:
                second = self.task.loss(logits, labels)
                labels = self.task.label_of.to(labels.device)[labels]
            logits = self.task.first_logits(logits, labels)
        if self.weights is not None and logits.requires_grad:
            weights = self.weights.to(logits)
        if self.gamma and logits.requires_grad:
            total = focal_loss(logits, labels, weights, self.gamma)
        else:
            total = torch.nn.functional.cross_entropy(logits, labels, weights, reduction="sum")
        if second is not None:
            total = total + second
        return total / (len(labels) if num_items_in_batch is None else num_items_in_batch)
