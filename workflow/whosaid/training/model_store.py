"""The store of trained models, so that no model is trained twice.

    data/model_store/{key}/lock          held by the process that trains this model
    data/model_store/{key}/checkpoints/  of a training that is not finished
    data/model_store/{key}/processes_*/  what the processes of one training share while it lasts
    data/model_store/{key}/model/        the finished model folder

The key is a digest of everything that shapes the model, so an entry never mixes two trainings.
Snakemake does not know the store and deletes nothing in it. Users may delete it at any time.
"""

import hashlib
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

logger = logging.getLogger(__name__)


def training_key(**shaping: Any) -> str:
    """32 hexadecimal digits, a digest of everything that shapes a model: JSON values by name."""
    text = json.dumps(shaping, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@contextmanager
def locked(entry: Path) -> Iterator[None]:
    """Hold the lock of a store entry; wait while another process trains the same model.

    That process may be an orphan of a killed run. The operating system releases the lock when the
    process ends, however it ends.
    """
    entry.mkdir(parents=True, exist_ok=True)
    lock = _lock_of(entry)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        logger.info("another process trains this model: waiting for it (%s)", entry)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def is_at_work(entry: Path) -> bool:
    """Whether a training of this entry is running, or was interrupted and can continue."""
    if (entry / "checkpoints").is_dir():
        return True
    try:
        with _lock_of(entry).acquire(blocking=False):
            return False
    except Timeout:
        return True


def _lock_of(entry: Path) -> FileLock:
    # Only a lock of the operating system: a soft lock, which is a file, would outlive a kill.
    return FileLock(entry / "lock", fallback_to_soft=False, poll_interval=0.5)
