"""Delete the entries of the model store that no model folder is a copy of.

In: the model folders of every experiment, `data/model_store/`. Out: nothing; the log lists what was
deleted.
"""

import logging
import shutil
from pathlib import Path

from whosaid.caching.manifest import NAME, read_manifest
from whosaid.errors import InputError
from whosaid.jobs.stage import stage
from whosaid.training.model_store import is_at_work

logger = logging.getLogger(__name__)


def keys_in_use(data: Path) -> set[str]:
    """The training keys of the model folders of every experiment below `data`.

    A logistic regression has the key None: it is not in the store.
    """
    keys = set()
    for path in data.glob(f"*/models/*/seed_*/{NAME}"):
        try:
            keys.add(read_manifest(path.parent)["key"])
        except (ValueError, KeyError):
            raise InputError(
                f"{path} cannot be read, so it is not known which model is in use; nothing was "
                "deleted; run `snakemake --cores 1 repair` and `snakemake --cores 1` first"
            ) from None
    return keys


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def main(data: str, store: str) -> None:
    """Delete the entries of `store` whose key is not that of a model folder below `data`.

    Entries of a training that is running or was interrupted are kept. Raises InputError if the
    store is a link to a folder that other checkouts may use.
    """
    if Path(store).is_symlink():
        raise InputError(
            f"{store} is a link to {Path(store).resolve()}, and whether another checkout uses a "
            "model there is not known; nothing was deleted; delete folders there by hand"
        )
    used = keys_in_use(Path(data))
    entries = [path for path in Path(store).glob("*") if path.is_dir()]
    unused = [path for path in entries if path.name not in used and not is_at_work(path)]
    freed = sum(map(size_of, unused))
    for path in unused:
        shutil.rmtree(path)
        logger.info("deleted %s", path)
    kept = len(entries) - len(unused)
    logger.info("%d deleted (%.1f MB), %d kept", len(unused), freed / 1e6, kept)


if __name__ == "__main__":
    with stage(snakemake):
        main(data=snakemake.params.data, store=snakemake.params.store)
