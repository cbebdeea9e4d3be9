"""The loss of a classifier, for the Trainer's `compute_loss_func`."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from sklearn.utils.class_weight import compute_class_weight


def balanced_weights(rows: Dataset) -> torch.Tensor:
    """The weight of each class, the inverse of its frequency, with a mean of 1 over the rows."""
    labels = np.asarray(rows["label"])
    weights = compute_class_weight("balanced", classes=np.unique(labels), y=labels)
    return torch.tensor(weights, dtype=torch.float32)


@dataclass(frozen=True)
class MeanLoss:
    """The cross-entropy summed over the rows, divided by the rows of the accumulated batch.

    In Transformers 5.23 the Trainer itself divides by the wrong number for sequence classifiers
    when batches are accumulated. The `weights` of the classes count in training only, so the loss
    on held-out rows stays comparable.
    """

    weights: torch.Tensor | None = None

    def __call__(
        self, outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """The loss of a batch with these `labels`."""
        logits, weights = outputs.logits, None
        if self.weights is not None and logits.requires_grad:
            weights = self.weights.to(logits)
        total = torch.nn.functional.cross_entropy(logits, labels, weights, reduction="sum")
        return total / (len(labels) if num_items_in_batch is None else num_items_in_batch)
