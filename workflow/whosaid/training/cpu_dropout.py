"""Dropout with cheaper random numbers, for training on a CPU.

PyTorch draws one random number, serially, for each value that dropout may drop. This takes a
quarter of the time of a training in bfloat16, a sixth in float32 (see tests/benchmarks/RESULTS.md).
Here 64 random bits serve four values. Two thirds of the values are attention weights, so attention
is computed here too.
"""

import torch
from torch import nn
from transformers import AttentionInterface, PreTrainedModel
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

NAME = "cpu_dropout"
"""The name of the attention in the registries of Transformers."""

STEPS = 2**16
"""Probabilities are rounded to multiples of 1 / STEPS: 0.1 becomes 0.100006."""


def dropout(values: torch.Tensor, p: float) -> torch.Tensor:
    """`values`, each set to zero with probability `p` and multiplied by 1 / (1 - p) otherwise."""
    threshold = round(p * STEPS)
    if threshold in (0, STEPS):
        return values if threshold == 0 else values * 0
    bits = torch.empty(-(-values.numel() // 4), dtype=torch.int64).random_(-(2**63), None)
    drawn = bits.view(torch.int16)[: values.numel()].view(values.shape)
    kept = drawn.ge_(threshold - STEPS // 2)
    scale = torch.tensor(STEPS / (STEPS - threshold), dtype=values.dtype)
    if values.dtype == torch.bfloat16:
        # The mask times the bits of the scale is 0 or the scale; this saves a conversion.
        return values * kept.mul_(scale.view(torch.int16)).view(torch.bfloat16)
    return values * kept.to(values.dtype).mul_(scale)


class Dropout(nn.Dropout):
    """`nn.Dropout` with cheaper random numbers."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """The values, some of them set to zero in training."""
        return dropout(values, self.p) if self.training else values


def attention(module, query, key, value, attention_mask, dropout=0.0, scaling=None, **kwargs):
    """Attention of a bidirectional encoder, with the signature of `AttentionInterface`.

    `query`, `key` and `value` are batch x heads x tokens x channels; the first result is batch x
    tokens x heads x channels. Outside of training it uses the fused attention of PyTorch.
    """
    if not module.training or kwargs.get("position_bias") is not None:
        return ALL_ATTENTION_FUNCTIONS["sdpa"](
            *(module, query, key, value, attention_mask),
            dropout=dropout,
            scaling=scaling,
            **kwargs,
        )
    scaling = query.shape[-1] ** -0.5 if scaling is None else scaling
    scores = (query * scaling) @ key.transpose(2, 3)
    if attention_mask is not None:
        # Adding in place takes half the time of filling, which needs a pass for its gradient.
        bias = torch.zeros(attention_mask.shape, dtype=scores.dtype)
        scores += bias.masked_fill_(~attention_mask, float("-inf"))
    weights = _dropout(scores.softmax(-1), dropout)
    return (weights @ value).transpose(1, 2).contiguous(), None


_dropout = dropout  # `attention` must have an argument named dropout


def use_cpu_dropout(model: PreTrainedModel) -> None:
    """Replace the dropout and the attention of `model` by those of this module."""
    AttentionInterface.register(NAME, attention)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    model.set_attn_implementation(NAME)
    for module in list(model.modules()):
        for name, child in module.named_children():
            if type(child) is nn.Dropout:
                setattr(module, name, Dropout(child.p).train(child.training))
