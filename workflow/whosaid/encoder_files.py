"""The files that make an encoder folder; anything else in it is left where it is."""

WEIGHTS = "model.safetensors"
NEEDED = ("config.json", WEIGHTS)
TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
)
ENCODER_FILES = (*NEEDED, *TOKENIZER_FILES)
