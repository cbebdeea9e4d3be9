"""Training without the part of the vocabulary that never occurs.

Half of a small encoder's parameters are embeddings of tokens, and most of the tokens occur in no
line. AdamW moves a row without gradients by its weight decay alone, the same factor for all such
rows, so a single number can stand for them.
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

    def __init__(self, whole: nn.Embedding, used: np.ndarray):
        super().__init__()
        self.padding_idx = whole.padding_idx
        if self.padding_idx is not None:
            used = np.append(used, self.padding_idx)
        self.register_buffer("used", torch.from_numpy(np.unique(used)), persistent=False)
        self.register_buffer("start", whole.weight.detach(), persistent=False)
        place = torch.zeros(whole.num_embeddings, dtype=torch.int64)
        place[self.used] = torch.arange(len(self.used))
        self.register_buffer("place", place, persistent=False)
        ones = torch.ones_like(self.start[:1])
        self.weight = nn.Parameter(torch.cat([self.start[self.used], ones]))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """The rows of `ids`, all of them used ones."""
        padding = None if self.padding_idx is None else int(self.place[self.padding_idx])
        return nn.functional.embedding(self.place[ids], self.weight, padding)

    def whole(self) -> nn.Embedding:
        """The embedding of all ids, as training all of it would have left it."""
        trained = self.weight.detach()
        weight = self.start * trained[-1, 0]
        weight[self.used] = trained[:-1]
        return nn.Embedding.from_pretrained(weight, freeze=False, padding_idx=self.padding_idx)


def restrict_vocabulary(model: PreTrainedModel, used: np.ndarray) -> None:
    """Let `model` know the token ids `used` only, until `restore_vocabulary`.

    An embedding that is no plain one, or whose weights another layer shares, is left as it is.
    """
    whole = model.get_input_embeddings()
    sharing = [p for _, p in model.named_parameters(remove_duplicate=False) if p is whole.weight]
    if type(whole) is nn.Embedding and len(sharing) == 1:
        model.set_input_embeddings(UsedEmbedding(whole, used.astype(np.int64)))


def restore_vocabulary(model: PreTrainedModel) -> None:
    """Give `model` back the embeddings of all ids, if they were restricted."""
    embedding = model.get_input_embeddings()
    if isinstance(embedding, UsedEmbedding):
        model.set_input_embeddings(embedding.whole())
