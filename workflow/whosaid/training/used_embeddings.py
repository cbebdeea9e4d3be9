"""Training without the embeddings of tokens that never occur.

Half of a small encoder's parameters are embeddings of tokens, and most of the tokens occur in no
line. Their gradient is all zeros, and writing it takes a sixth of a bfloat16 step on a CPU (see
tests/benchmarks/RESULTS.md). AdamW moves a row without gradients by its weight decay alone, the
same factor for all such rows, so a single number can stand for them.
"""

import numpy as np
import torch
from torch import nn
from transformers import PreTrainedModel


class UsedEmbedding(nn.Module):
    """An embedding with parameters for the used token ids only.

    The last row of `weight` are ones. It has no gradients either, and ends as the factor by which
    the unused rows have decayed.
    """

    def __init__(self, full: nn.Embedding, used: np.ndarray):
        super().__init__()
        self.padding_idx = full.padding_idx
        if self.padding_idx is not None:
            used = np.append(used, self.padding_idx)
        self.register_buffer("used", torch.from_numpy(np.unique(used)), persistent=False)
        self.register_buffer("start", full.weight.detach(), persistent=False)
        self.num_embeddings = full.num_embeddings
        # A token id without a place is out of range: it raises, and reads no other token's row.
        place = torch.full((full.num_embeddings,), len(self.used) + 1)
        place[self.used] = torch.arange(len(self.used))
        self.place_of_padding = None if self.padding_idx is None else int(place[self.padding_idx])
        self.register_buffer("place", place, persistent=False)
        ones = torch.ones_like(self.start[:1])
        self.weight = nn.Parameter(torch.cat([self.start[self.used], ones]))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """The rows of `ids`, all of them used ones."""
        return nn.functional.embedding(self.place[ids], self.weight, self.place_of_padding)

    def full(self) -> nn.Embedding:
        """The embedding of all ids, as training all of it would have left it."""
        trained = self.weight.detach()
        weight = self.start * trained[-1, 0]
        weight[self.used] = trained[:-1]
        return nn.Embedding.from_pretrained(weight, freeze=False, padding_idx=self.padding_idx)


def restrict_embeddings(model: PreTrainedModel, used: np.ndarray) -> None:
    """Let `model` know only the token ids `used`, until `restore_embeddings`.

    An embedding that is no plain one, or whose weights another layer shares, is left as it is.
    """
    full = model.get_input_embeddings()
    sharing = [p for _, p in model.named_parameters(remove_duplicate=False) if p is full.weight]
    if type(full) is nn.Embedding and len(sharing) == 1:
        model.set_input_embeddings(UsedEmbedding(full, used.astype(np.int64)))


def restore_embeddings(model: PreTrainedModel) -> None:
    """Give `model` back the embeddings of all ids, if they were restricted."""
    embedding = model.get_input_embeddings()
    if isinstance(embedding, UsedEmbedding):
        model.set_input_embeddings(embedding.full())
