"""The names of the files of an encoder; other files in its folder are not copied."""

import os
from pathlib import Path

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


def encoder_files(folder: str | Path) -> list[str]:
    """The paths of an encoder's files that exist in `folder`."""
    paths = [Path(folder) / name for name in ENCODER_FILES]
    return [str(path) for path in paths if os.path.isfile(path)]
