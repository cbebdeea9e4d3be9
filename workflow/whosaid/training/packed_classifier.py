"""Lets classifiers of some architectures take packed batches, and computes their loss."""

from typing import Any

import torch
from transformers import PreTrainedModel

LAYERS = {
    "bert": "bert.encoder",
    "distilbert": "distilbert.transformer",
    "roberta": "roberta.encoder",
}
"""The module that holds the layers, for each architecture (`model_type`) tested with packing.

The modules after these layers must read only the first token of a row.
"""


def can_be_packed(model: PreTrainedModel) -> bool:
    """Whether the architecture of the classifier has been tested with packed batches."""
    return model.config.model_type in LAYERS


def enable_packing(model: PreTrainedModel) -> None:
    """Let `model` take batches of a PackingCollator and return the logits of each row.

    This adds two hooks. The first takes `first_tokens` from the batch. The second, after the last
    layer, keeps only the first token of each row, as if each row were a sequence of its own.
    Batches without `first_tokens` are processed as before.
    """
    batch: dict[str, Any] = {}

    def take_first_tokens(module, args, kwargs):
        batch["first_tokens"] = kwargs.pop("first_tokens", None)
        return args, kwargs

    def keep_first_tokens(module, args, output):
        if batch["first_tokens"] is not None:
            tokens = output.last_hidden_state.flatten(0, 1)
            output.last_hidden_state = tokens.index_select(0, batch["first_tokens"])[:, None]
        return output

    model.register_forward_pre_hook(take_first_tokens, with_kwargs=True)
    layers = model.get_submodule(LAYERS[model.config.model_type])
    layers.register_forward_hook(keep_first_tokens)


def mean_loss(outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
    """The cross-entropy summed over the rows, divided by the rows of the accumulated batch.

    For the Trainer's `compute_loss_func`: in Transformers 5.23 the Trainer itself divides by the
    wrong number for sequence classifiers when batches are accumulated.
    """
    total = torch.nn.functional.cross_entropy(outputs.logits, labels, reduction="sum")
    return total / (len(labels) if num_items_in_batch is None else num_items_in_batch)
