"""Small classifiers of random weights without dropout, and what their gradients are compared by."""

import torch
import transformers
from torch import nn
from transformers import (
    AlbertConfig,
    BertConfig,
    DebertaV2Config,
    DistilBertConfig,
    ElectraConfig,
    ModernBertConfig,
    MPNetConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    RobertaConfig,
)

SIZES = {"hidden_size": 16, "intermediate_size": 32, "num_attention_heads": 2}
SIZES |= {"num_hidden_layers": 2}

CONFIGS = {
    "bert": (BertConfig, SIZES),
    "distilbert": (DistilBertConfig, {"dim": 16, "hidden_dim": 32, "n_heads": 2, "n_layers": 2}),
    "roberta": (RobertaConfig, SIZES | {"max_position_embeddings": 130}),
    "albert": (AlbertConfig, SIZES | {"embedding_size": 16}),
    "modernbert": (ModernBertConfig, SIZES),
    "mpnet": (MPNetConfig, SIZES),
    "electra": (ElectraConfig, SIZES | {"embedding_size": 8}),
    "deberta-v2": (
        DebertaV2Config,
        SIZES | {"relative_attention": True, "norm_rel_ebd": "layer_norm"},
    ),
}

TOKENIZERS = {"roberta": "roberta"}
"""The family of encoders whose token ids an architecture is given, if it is not DistilBERT."""


def new_model(
    architecture: str, tokenizer: PreTrainedTokenizerBase, dropout: float = 0.0
) -> PreTrainedModel:
    """The same untrained classifier each time, in training mode."""
    config_class, sizes = CONFIGS[architecture]
    special = {"pad_token_id": tokenizer.pad_token_id, "cls_token_id": tokenizer.cls_token_id}
    special |= {"sep_token_id": tokenizer.sep_token_id}
    config = config_class(vocab_size=len(tokenizer), num_labels=2, **sizes, **special)
    for name in vars(config):
        if "dropout" in name and isinstance(getattr(config, name), float):
            setattr(config, name, dropout)
    transformers.set_seed(1)
    model = transformers.AutoModelForSequenceClassification.from_config(config)
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = dropout
    # Larger than drawn, so that tokens of other rows would show.
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter *= 10
    return model.train()


def gradients(model: nn.Module) -> dict[str, torch.Tensor]:
    """The gradients of a model by name."""
    return {name: p.grad for name, p in model.named_parameters() if p.grad is not None}


def assert_close(
    one: dict[str, torch.Tensor], other: dict[str, torch.Tensor], tolerance: float
) -> None:
    """Fail unless the two have the same names and values up to `tolerance`."""
    assert one.keys() == other.keys()
    for name in one:
        torch.testing.assert_close(
            one[name], other[name], rtol=0, atol=tolerance, msg=lambda text, name=name: name + text
        )
