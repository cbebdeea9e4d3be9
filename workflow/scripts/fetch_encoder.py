"""Put a pre-trained encoder into the project: the only stage that may use the hub.

In: a hub repository at a pinned commit, a local folder, or (for an encoder from scratch) the lines
that its tokenizer is trained on. Out: a folder with config.json, model.safetensors, the tokenizer's
files and `manifest.json` (source, revision, SHA-256 of each file).
"""

import json
import logging
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import whosaid.collector  # before the libraries

# isort: split
import pyarrow.parquet as pq
from safetensors import SafetensorError, safe_open

import whosaid.lean_arrow  # noqa: F401
from whosaid.encoder_files import ENCODER_FILES, NEEDED, WEIGHTS, encoder_files
from whosaid.errors import InputError
from whosaid.manifest import write_manifest
from whosaid.stage import resource_advice, stage
from whosaid.whole import whole

if TYPE_CHECKING:  # transformers takes seconds to import and most encoders do without
    from transformers import DistilBertTokenizer

logger = logging.getLogger(__name__)


def copy_folder(source: Path, folder: Path) -> None:
    """Copy the files of a local encoder. Raises InputError if it is no folder or lacks a file."""
    if not source.is_dir():
        raise InputError(f"{source}: no such folder; it must hold {' and '.join(NEEDED)}")
    folder.mkdir()
    for file in encoder_files(source):
        shutil.copy(file, folder)


def download(name: str, revision: str, folder: Path) -> None:
    """Download the encoder's files from the hub, or take them from the hub's local cache."""
    from huggingface_hub import snapshot_download

    try:
        snapshot = snapshot_download(name, revision=revision, allow_patterns=list(ENCODER_FILES))
    except Exception as error:  # its own, those of its HTTP library, or of the disk
        if resource_advice(error) is not None:
            raise
        reason = str(error).strip().splitlines()[0]
        raise InputError(
            f"{name}@{revision}: cannot be had from the hub ({type(error).__name__}: {reason}); "
            "fetch it where there is a network, or give a local folder with `path`"
        ) from None
    copy_folder(Path(snapshot), folder)


def train_wordpiece(texts: list[str], vocab_size: int) -> "DistilBertTokenizer":
    """An uncased WordPiece tokenizer trained on `texts`, the same one every time.

    The trainer numbers the letters inside words in the order of a hash map and breaks ties by
    number. Handed to it as special tokens, sorted, they are numbered first.
    """
    from transformers import DistilBertTokenizer

    untrained = DistilBertTokenizer(do_lower_case=True, model_max_length=512)
    backend = untrained.backend_tokenizer
    words = {
        word
        for text in texts
        for word, _ in backend.pre_tokenizer.pre_tokenize_str(
            backend.normalizer.normalize_str(text)
        )
    }
    letters = sorted({letter for word in words for letter in word[1:]})
    trained = untrained.train_new_from_iterator(
        texts,
        vocab_size,
        show_progress=False,
        new_special_tokens=[f"##{letter}" for letter in letters],
    )
    return DistilBertTokenizer(vocab=trained.get_vocab(), do_lower_case=True, model_max_length=512)


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
    import whosaid.lean_transformers  # noqa: F401  (before Transformers)

    # isort: split
    from transformers import (
        AutoModel,
        DistilBertConfig,
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
        tokenizer = train_wordpiece(texts, vocab_size)
        shape |= {"hidden_dim": intermediate_size, "max_position_embeddings": 512}
        config_class = DistilBertConfig
    else:
        untrained = RobertaTokenizer(model_max_length=512)
        tokenizer = untrained.train_new_from_iterator(texts, vocab_size, show_progress=False)
        # RoBERTa's positions start after the padding id.
        shape |= {"intermediate_size": intermediate_size, "max_position_embeddings": 514}
        shape |= {"type_vocab_size": 1}
        config_class = RobertaConfig
    special = {
        f"{role}_token_id": getattr(tokenizer, f"{role}_token_id") for role in ("pad", "bos", "eos")
    }
    config = config_class(vocab_size=len(tokenizer), **special, **shape)
    set_seed(seed)
    AutoModel.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


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
            texts = pq.read_table(lines, columns=["line"])["line"].to_pylist()
            build_from_scratch(texts, partial, **scratch)
            facts = {"source": "scratch", "revision": None}
        check_encoder(partial, source)
        write_manifest(partial, **facts)
    logger.info("%s from %s", encoder, source)


if __name__ == "__main__":
    with stage(snakemake):
        main(
            encoder=snakemake.output.encoder,
            lines=snakemake.input.get("lines"),
            **json.loads(snakemake.params.settings),
        )
