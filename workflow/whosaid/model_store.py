"""The store of trained models: what was trained once is found again.

    data/model_store/{key}/lock          held by the process that trains this model
    data/model_store/{key}/checkpoints/  of a training that is not finished
    data/model_store/{key}/model/        the finished model folder

The key is a digest of everything that shapes the model, so an entry never mixes two trainings.
Snakemake knows nothing of the store and wipes nothing in it; it may be deleted at any time.
"""

import fcntl
import hashlib
import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from whosaid.errors import InputError
from whosaid.manifest import check_manifest

logger = logging.getLogger(__name__)


BOOKKEEPING = {
    f"whosaid/{name}.py"
    for name in (
        "collector",
        "errors",
        "failures",
        "hidden",
        "lean_arrow",
        "lean_transformers",
        "model_list",
        "manifest",
        "model_store",
        "record",
        "stage",
        "terminal",
        "whole",
    )
}
"""Modules that no model depends on: they shorten imports, log, name and move files."""


def training_key(code: dict[str, str], **shaping: Any) -> str:
    """32 hexadecimal digits for everything that shapes a model, whatever its order.

    `code` is what `staleness.stage_code` says of the training, of which bookkeeping is left out: a
    better error message makes the stage run, but it finds its model. `shaping` is JSON values.
    """
    code = {name: digest for name, digest in code.items() if name not in BOOKKEEPING}
    text = json.dumps({"code": code, **shaping}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@contextmanager
def locked(entry: Path) -> Iterator[None]:
    """Hold the lock of a store entry; wait for a process that trains the same model.

    Such a process may be an orphan of a killed run. The lock goes with the process that holds it,
    however that ends.
    """
    entry.mkdir(parents=True, exist_ok=True)
    with (entry / "lock").open("w") as file:
        if not _lock_at_once(file):
            logger.info("another process trains this model: waiting for it (%s)", entry)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def is_at_work(entry: Path) -> bool:
    """Whether a training of this entry is under way or was interrupted and can go on."""
    if (entry / "checkpoints").is_dir():
        return True
    with (entry / "lock").open("w") as file:
        return not _lock_at_once(file)


def _lock_at_once(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_whole(folder: Path) -> bool:
    """Whether the folder has its manifest and every file in it is as it was written."""
    try:
        check_manifest(folder)
    except (OSError, ValueError, InputError):
        return False
    return True


def last_whole_checkpoint(folder: Path) -> Path | None:
    """The latest checkpoint in `folder` that was written to its end; later ones are deleted."""
    by_step = sorted(
        folder.glob("checkpoint-*"), key=lambda path: int(path.name.partition("-")[2]), reverse=True
    )
    for checkpoint in by_step:
        if is_whole(checkpoint):
            return checkpoint
        logger.info("%s was not written to its end: deleted", checkpoint)
        shutil.rmtree(checkpoint)
    return None
