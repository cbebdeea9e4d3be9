"""Learning rates that fall from the head of a classifier to its embeddings.

Lower layers hold what is general, so they are changed less (Howard and Ruder, "Universal Language
Model Fine-tuning for Text Classification", 2018; ELECTRA is fine-tuned so too).
"""

from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel, Trainer

from whosaid.errors import InputError


def depths(model: PreTrainedModel) -> dict[nn.Parameter, int]:
    """How deep each parameter lies: 0 in the head, 1 in the last layer, and so on.

    What comes after the layers belongs to the head, such as a pooler. What stands before or beside
    them is as deep as the embeddings. Raises InputError if the layers are not to be found.
    """
    encoder, number = model.base_model, getattr(model.config, "num_hidden_layers", None)
    found = [
        name
        for name, module in encoder.named_modules()
        if isinstance(module, nn.ModuleList) and len(module) == number
    ]
    if len(found) != 1:
        raise InputError(
            "training.layerwise_learning_rate_decay: the layers of an encoder of the type "
            f"{model.config.model_type} are not known, since it has {len(found)} lists of "
            f"{number} layers where one is expected, as in BERT, RoBERTa, DistilBERT, DeBERTa, "
            "ModernBERT and ELECTRA; set the key to null, or take another encoder"
        )
    path = f"{found[0]}."
    parts = [name for name, _ in encoder.named_children()]
    head = parts[parts.index(path.partition(".")[0]) + 1 :]
    result = dict.fromkeys(model.parameters(), 0)
    for name, parameter in encoder.named_parameters():
        if name.startswith(path):
            result[parameter] = number - int(name.removeprefix(path).partition(".")[0])
        elif name.partition(".")[0] not in head:
            result[parameter] = number + 1
    return result


class LayerwiseTrainer(Trainer):
    """A Trainer with a learning rate for each depth: `decay` to the power of the depth."""

    def __init__(self, decay: float, **arguments: Any):
        super().__init__(**arguments)
        self.decay = decay

    def create_optimizer(self, model: nn.Module | None = None) -> torch.optim.Optimizer:
        """The Trainer's optimizer, each of its groups divided by depth, the head first.

        The Trainer logs the rate of the first group.
        """
        if self.optimizer is not None:
            return self.optimizer
        optimizer = super().create_optimizer(model)
        depth_of = depths(self.model)
        groups = list(optimizer.param_groups)
        optimizer.param_groups.clear()
        for depth in sorted(set(depth_of.values())):
            for group in groups:
                chosen = [each for each in group["params"] if depth_of[each] == depth]
                rate = group["lr"] * self.decay**depth
                if chosen:
                    optimizer.add_param_group({**group, "params": chosen, "lr": rate})
        return optimizer
