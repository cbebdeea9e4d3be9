"""Classifiers that compute no more than their answer needs, and that take packed batches."""

import logging
from typing import Any

import numpy as np
import torch
from torch import nn
from transformers import PreTrainedModel

from whosaid.packing import pack
from whosaid.rows import Rows

logger = logging.getLogger(__name__)


class FirstTokens:
    """Hooks that leave only the first token of each row after the last layer's attention.

    A classifier reads its answer from there, and what follows attention works on each token for
    itself. A packed batch says by `first_tokens` where they are; without it there is one row in a
    sequence. Where an encoder is built otherwise, its answers change or it fails.
    """

    def __init__(self, model: PreTrainedModel):
        lists = [module for module in model.modules() if isinstance(module, nn.ModuleList)]
        last_layer = max(lists, key=len)[-1]
        norms = [module for module in last_layer.modules() if isinstance(module, nn.LayerNorm)]
        self.first_tokens: torch.Tensor | None = None
        self.hooks = (
            model.register_forward_pre_hook(self._find, with_kwargs=True),
            norms[0].register_forward_hook(self._keep),
        )

    def _find(self, model, arguments, named):
        self.first_tokens = named.pop("first_tokens", None)
        return arguments, named

    def _keep(self, norm, arguments, hidden):
        if self.first_tokens is None:
            return hidden[:, :1]
        return hidden.flatten(0, 1).index_select(0, self.first_tokens)[:, None]

    def remove(self) -> None:
        """Leave the model as it was."""
        for hook in self.hooks:
            hook.remove()


def first_position_of(model: PreTrainedModel) -> int:
    """The position of a row's first token: 0, or the one after the padding's for RoBERTa's kin."""
    for name, module in model.named_modules():
        if name.endswith("position_embeddings"):
            padding = getattr(module, "padding_idx", None)
            return 0 if padding is None else padding + 1
    return 0


def answers(model: PreTrainedModel, batch: dict[str, Any]) -> torch.Tensor:
    """The logits of a batch."""
    return model(**{name: column for name, column in batch.items() if name != "labels"}).logits


@torch.no_grad()
def allow_packing(model: PreTrainedModel, rows: Rows) -> int | None:
    """Let `model` take packed batches; the position of a row's first token.

    None if this kind of model has other answers for packed rows than for padded ones, or none; it
    is then left as it was.
    """
    chosen = rows.by_length()[np.linspace(0, len(rows) - 1, 4).astype(int)]
    first_position = first_position_of(model)
    packed = pack(rows, [chosen], int(rows.lengths[chosen].sum()), first_position)
    was_training = model.training
    model.eval()
    wanted = answers(model, rows[chosen])
    hooks = None
    try:
        hooks = FirstTokens(model)
        for batch in (packed, rows[chosen]):
            torch.testing.assert_close(answers(model, batch), wanted, rtol=1e-4, atol=1e-6)
    except Exception as error:  # whatever a model says that is built otherwise
        logger.info(
            "batches are padded: %s takes no packed ones (%s)",
            *(type(model).__name__, type(error).__name__),
        )
        if hooks is not None:
            hooks.remove()
        return None
    finally:
        model.train(was_training)
    return first_position
