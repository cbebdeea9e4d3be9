"""Copies encoders from the hub or a local folder, and checks that an encoder is complete."""

import json
import shutil
from pathlib import Path

from huggingface_hub import ModelCard, snapshot_download
from safetensors import SafetensorError, safe_open
from yaml import YAMLError

from whosaid.errors import InputError
from whosaid.jobs.resource_advice import resource_advice
from whosaid.tokens.encoder_files import ENCODER_FILES, NEEDED, WEIGHTS, encoder_files

CARD = "README.md"
"""It is only read: a card does not change a model."""


def copy_folder(source: Path, folder: Path) -> None:
    """Copy the files of a local encoder. Raises InputError if `source` is not a folder."""
    if not source.is_dir():
        raise InputError(f"{source}: no such folder; it must hold {' and '.join(NEEDED)}")
    folder.mkdir()
    for file in encoder_files(source):
        shutil.copy(file, folder)


def license_of(source: Path) -> str | None:
    """The licence that the card of an encoder, `README.md` in its folder, names in its header.

    None if there is no card, or none that says so.
    """
    try:
        found = ModelCard.load(source / CARD).data.license
    except (OSError, ValueError, YAMLError):
        return None
    return ", ".join(map(str, found)) if isinstance(found, list) else found


def download(name: str, revision: str, folder: Path) -> Path:
    """Download the encoder's files from the hub, or copy them from the hub's local cache.

    Returns the folder in that cache, which also has the encoder's card.

    Raises InputError if the hub does not provide them. Errors of the disk are raised as they are.
    """
    try:
        snapshot = snapshot_download(name, revision=revision, allow_patterns=[*ENCODER_FILES, CARD])
    except Exception as error:  # of the hub, of its HTTP library or of the disk
        if resource_advice(error) is not None:
            raise
        reason = ": ".join([type(error).__name__, *str(error).strip().splitlines()[:1]])
        raise InputError(
            f"{name}@{revision}: the hub does not give it ({reason}); "
            "fetch it where there is a network, or give a local folder with `path`"
        ) from None
    copy_folder(Path(snapshot), folder)
    return Path(snapshot)


def check_encoder(folder: Path, source: str) -> None:
    """Raise InputError unless the folder holds readable weights, a config and a tokenizer.

    Weights are safetensors: no pickle is read.
    """
    for name in NEEDED:
        if not (folder / name).is_file():
            raise InputError(
                f"{source}: no {name}; an encoder is a folder with {', '.join(NEEDED)} and the "
                "tokenizer's files (save_pretrained writes them; PyTorch pickles are not read)"
            )
    if not any((folder / name).is_file() for name in ("tokenizer.json", "vocab.txt", "vocab.json")):
        raise InputError(
            f"{source}: no tokenizer (tokenizer.json, vocab.txt or vocab.json); save the "
            "tokenizer beside the weights"
        )
    name = ""
    try:
        for path in folder.glob("*.json"):
            name = path.name
            content = json.loads(path.read_text(encoding="utf-8"))
            if name == "config.json" and "model_type" not in content:
                raise ValueError("it names no model_type")
        name = WEIGHTS
        with safe_open(folder / WEIGHTS, "numpy"):
            pass
    except (ValueError, TypeError, SafetensorError) as error:
        raise InputError(
            f"{source}: {name} cannot be read ({error}); save or copy the encoder again"
        ) from None
