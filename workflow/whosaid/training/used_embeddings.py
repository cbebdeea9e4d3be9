"""Trains without the embeddings of tokens that never occur.

Half of a small encoder's parameters are token embeddings, and most of the tokens occur in no line.
Their gradient is zero, but writing it takes a sixth of a bfloat16 step on a CPU (see
tests/benchmarks/RESULTS.md). AdamW changes an embedding without a gradient by weight decay only,
with the same factor for all of them. So one number can stand for them.

On a GPU there is little to gain, but checkpoints are the same everywhere: a training may begin on
one kind of machine and end on another.
"""

import numpy as np
import torch
from torch import nn
from transformers import PreTrainedModel


class UsedEmbedding(nn.Module):
    """An embedding with parameters for the used token ids only.

    The last row of `weight` starts as ones. It has no gradient either, so it ends as the factor by
    which the unused embeddings have decayed.
    """

    def __init__(self, full: nn.Embedding, used: np.ndarray):
        super().__init__()
        self.padding_idx = full.padding_idx
        if self.padding_idx is not None:
            used = np.append(used, self.padding_idx)
        self.register_buffer("used", torch.from_numpy(np.unique(used)), persistent=False)
        self.register_buffer("start", full.weight.detach(), persistent=False)
        self.num_embeddings = full.num_embeddings
        # The place of an unused token id is out of range, so reading its embedding raises an error.
        place = torch.full((full.num_embeddings,), len(self.used) + 1)
        place[self.used] = torch.arange(len(self.used))
        self.place_of_padding = None if self.padding_idx is None else int(place[self.padding_idx])
        self.register_buffer("place", place, persistent=False)
        ones = torch.ones_like(self.start[:1])
        self.weight = nn.Parameter(torch.cat([self.start[self.used], ones]))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """The embeddings of `ids`, which must be among the used token ids."""
        return nn.functional.embedding(self.place[ids], self.weight, self.place_of_padding)

    def full(self) -> nn.Embedding:
        """The embedding of all token ids, as if all of it had been trained."""
        trained = self.weight.detach()
        weight = self.start * trained[-1, 0]
        weight[self.used] = trained[:-1]
        return nn.Embedding.from_pretrained(weight, freeze=False, padding_idx=self.padding_idx)


def restrict_embeddings(model: PreTrainedModel, used: np.ndarray) -> None:
    """Restrict the embeddings of `model` to the token ids `used`, until `restore_embeddings`.

    An embedding that is not a plain `nn.Embedding`, or that shares its weights with another layer,
    is left as it is.
    """
    full = model.get_input_embeddings()
    sharing = [p for _, p in model.named_parameters(remove_duplicate=False) if p is full.weight]
    if type(full) is nn.Embedding and len(sharing) == 1:
        model.set_input_embeddings(UsedEmbedding(full, used.astype(np.int64)))


def restore_embeddings(model: PreTrainedModel) -> None:
    """Give `model` back the embeddings of all token ids, if they were restricted."""
    embedding = model.get_input_embeddings()
    if isinstance(embedding, UsedEmbedding):
        model.set_input_embeddings(embedding.full())
