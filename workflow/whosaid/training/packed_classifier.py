"""Classifiers that take packed batches."""

from typing import Any

import torch
from transformers import PreTrainedModel

LAYERS = {
    "bert": "bert.encoder",
    "distilbert": "distilbert.transformer",
    "roberta": "roberta.encoder",
}
"""For each architecture (`model_type`) that tests have tried packed, the module of its layers.

What follows these layers must read only the first token of a row.
"""


def can_be_packed(model: PreTrainedModel) -> bool:
    """Whether the classifier is of an architecture that has been tested with packed batches."""
    return model.config.model_type in LAYERS


def first_position(model: PreTrainedModel) -> int:
    """The position of a row's first token: 0, or the one after the padding's for RoBERTa."""
    return model.config.pad_token_id + 1 if model.config.model_type == "roberta" else 0


def enable_packing(model: PreTrainedModel) -> None:
    """Let `model` take batches of a PackingCollator; it gives the logits of each row.

    Two hooks: one takes `first_tokens` from the batch, the other keeps, after the last layer, only
    the first token of each row, as if each row were a sequence of its own. Batches without
    `first_tokens` go through as before.
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
    """The cross-entropy summed over the rows, divided by the rows of the whole (accumulated) batch.

    As the Trainer's `compute_loss_func`. Its own division is wrong for sequence classifiers in
    Transformers 5.23 when batches are accumulated (issue 47688 there).
    """
    total = torch.nn.functional.cross_entropy(outputs.logits, labels, reduction="sum")
    return total / (len(labels) if num_items_in_batch is None else num_items_in_batch)
