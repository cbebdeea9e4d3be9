"""Where an encoder starts to number the positions of a row, and how many it has."""

from transformers import PreTrainedConfig


def first_position(config: PreTrainedConfig) -> int:
    """The position id of a row's first token: 0, or the padding id + 1 for RoBERTa and its kin."""
    return config.pad_token_id + 1 if config.model_type in {"roberta", "xlm-roberta"} else 0


def position_count(config: PreTrainedConfig) -> int:
    """How many positions a row can have."""
    return config.max_position_embeddings - first_position(config)
