"""Builds small encoders: a tokenizer trained on the corpus and a model with random weights."""

from pathlib import Path
from typing import Literal, assert_never

from transformers import (
    AutoModel,
    DistilBertConfig,
    DistilBertTokenizer,
    RobertaConfig,
    RobertaTokenizer,
    set_seed,
)


def train_wordpiece(texts: list[str], vocab_size: int) -> DistilBertTokenizer:
    """An uncased WordPiece tokenizer trained on `texts`, the same one every time.

    The library's trainer numbers the letters inside words in the order of a hash map, and breaks
    ties by number. So these letters are passed as special tokens, which are numbered first and in
    the order given.
    """
    untrained = DistilBertTokenizer(do_lower_case=True, model_max_length=512)
    backend = untrained.backend_tokenizer
    normalised = map(backend.normalizer.normalize_str, texts)
    split = map(backend.pre_tokenizer.pre_tokenize_str, normalised)
    letters = sorted({letter for words in split for word, _ in words for letter in word[1:]})
    trained = untrained.train_new_from_iterator(
        texts,
        vocab_size,
        show_progress=False,
        new_special_tokens=[f"##{letter}" for letter in letters],
    )
    return DistilBertTokenizer(vocab=trained.get_vocab(), do_lower_case=True, model_max_length=512)


def build_encoder(
    texts: list[str],
    folder: Path,
    architecture: Literal["distilbert", "roberta"],
    vocab_size: int,
    hidden_size: int,
    num_hidden_layers: int,
    num_attention_heads: int,
    intermediate_size: int,
    seed: int,
) -> None:
    """Train a tokenizer on `texts` and save it with a small model with random weights.

    `distilbert` gets an uncased WordPiece tokenizer, `roberta` a cased byte-level BPE. Like the
    published models, the model takes at most 512 tokens.
    """
    shape = {
        "hidden_size": hidden_size,
        "num_hidden_layers": num_hidden_layers,
        "num_attention_heads": num_attention_heads,
    }
    match architecture:
        case "distilbert":
            tokenizer = train_wordpiece(texts, vocab_size)
            shape |= {"hidden_dim": intermediate_size, "max_position_embeddings": 512}
            config_class = DistilBertConfig
        case "roberta":
            untrained = RobertaTokenizer(model_max_length=512)
            tokenizer = untrained.train_new_from_iterator(texts, vocab_size, show_progress=False)
            # RoBERTa's positions start after the padding id.
            shape |= {"intermediate_size": intermediate_size, "max_position_embeddings": 514}
            shape |= {"type_vocab_size": 1}
            config_class = RobertaConfig
        case _:
            assert_never(architecture)
    special = {
        f"{role}_token_id": getattr(tokenizer, f"{role}_token_id") for role in ("pad", "bos", "eos")
    }
    config = config_class(vocab_size=len(tokenizer), **special, **shape)
    set_seed(seed)
    AutoModel.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
