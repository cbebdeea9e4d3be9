"""Put a pre-trained encoder into the project: the only stage that may use the hub.

In: a hub repository at a pinned commit, a local folder, or (for an encoder from scratch) the lines
that its tokenizer is trained on. Out: a folder with config.json, model.safetensors, the tokenizer's
files and `manifest.json` (source, revision, SHA-256 of each file).
"""

import json
import logging
import shutil
from pathlib import Path
from typing import Any

import pandas as pd

from whosaid.manifest import write_manifest
from whosaid.stage import InputError, stage_log
from whosaid.whole import whole

logger = logging.getLogger(__name__)

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


def copy_folder(source: Path, folder: Path) -> None:
    """Copy the files of a local encoder. Raises InputError if it is no folder or lacks a file."""
    if not source.is_dir():
        raise InputError(f"{source}: no such folder; it must hold {' and '.join(NEEDED)}")
    folder.mkdir()
    for name in (*NEEDED, *TOKENIZER_FILES):
        if (source / name).is_file():
            shutil.copyfile(source / name, folder / name)


def download(name: str, revision: str, folder: Path) -> None:
    """Download the encoder's files from the hub, or take them from the hub's local cache."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        snapshot = snapshot_download(
            name, revision=revision, allow_patterns=[*NEEDED, *TOKENIZER_FILES]
        )
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(
            f"{name}@{revision}: cannot be had from the hub ({type(error).__name__}: {reason}); "
            "fetch it where there is a network, or give a local folder with `path`"
        ) from None
    copy_folder(Path(snapshot), folder)


def build_from_scratch(
    texts: list[str],
    folder: Path,
    architecture: str,
    vocab_size: int,
    hidden_size: int,
    num_hidden_layers: int,
    num_attention_heads: int,
    intermediate_size: int,
    seed: int,
) -> None:
    """Train a tokenizer on `texts` and save it with a small model of random weights.

    `distilbert` gets an uncased WordPiece tokenizer, `roberta` a cased byte-level BPE. The model
    has the published sequence limit of 512 tokens.
    """
    from transformers import (
        AutoModel,
        DistilBertConfig,
        DistilBertTokenizer,
        RobertaConfig,
        RobertaTokenizer,
        set_seed,
    )

    shape = {
        "hidden_size": hidden_size,
        "num_hidden_layers": num_hidden_layers,
        "num_attention_heads": num_attention_heads,
    }
    if architecture == "distilbert":
        untrained = DistilBertTokenizer(do_lower_case=True, model_max_length=512)
        shape |= {"hidden_dim": intermediate_size, "max_position_embeddings": 512}
        config_class = DistilBertConfig
    else:
        untrained = RobertaTokenizer(model_max_length=512)
        # RoBERTa's positions start after the padding id, 1.
        shape |= {"intermediate_size": intermediate_size, "max_position_embeddings": 514}
        shape |= {"type_vocab_size": 1}
        config_class = RobertaConfig
    tokenizer = untrained.train_new_from_iterator(texts, vocab_size, show_progress=False)
    special = {
        f"{role}_token_id": getattr(tokenizer, f"{role}_token_id") for role in ("pad", "bos", "eos")
    }
    config = config_class(vocab_size=len(tokenizer), **special, **shape)
    set_seed(seed)
    AutoModel.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def check_encoder(folder: Path, source: str) -> None:
    """Raise InputError unless the folder holds weights without pickle, a config and a tokenizer."""
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


def main(
    encoder: str,
    lines: str | None = None,
    hub: dict[str, str] | None = None,
    path: str | None = None,
    scratch: dict[str, Any] | None = None,
) -> None:
    """Fill the folder `encoder` from the one source that is given."""
    with whole(encoder) as partial:
        if hub is not None:
            source = f"{hub['name']}@{hub['revision']}"
            download(**hub, folder=partial)
            facts = {"source": hub["name"], "revision": hub["revision"]}
        elif path is not None:
            source = path
            copy_folder(Path(path), partial)
            facts = {"source": path, "revision": None}
        else:
            source = f"scratch {scratch['architecture']}"
            texts = pd.read_parquet(lines, columns=["line"])["line"].tolist()
            build_from_scratch(texts, partial, **scratch)
            facts = {"source": "scratch", "revision": None}
        check_encoder(partial, source)
        write_manifest(partial, **facts)
    logger.info("%s from %s", encoder, source)


if __name__ == "__main__":
    with stage_log(snakemake.rule, snakemake.wildcards, snakemake.log[0]):
        main(
            encoder=snakemake.output.encoder,
            lines=snakemake.input.get("lines"),
            **json.loads(snakemake.params.settings),
        )
