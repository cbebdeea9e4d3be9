"""Copy files of lines that a storage plugin of Snakemake has brought.

In: the files where the plugin put them. Out: their copies in `data/downloads/`.
"""

import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

from whosaid.caching.atomic import atomic_write
from whosaid.jobs.stage import stage

logger = logging.getLogger(__name__)


def main(files: Sequence[str], copies: Sequence[str]) -> None:
    """Copy each of the `files` to the path of the same place in `copies`."""
    for file, copy in zip(files, copies, strict=True):
        with atomic_write(copy) as partial:
            shutil.copyfile(file, partial)
        logger.info("%s: %.1f MB", copy, Path(copy).stat().st_size / 1e6)
    if not copies:
        logger.info("corpus.csv names no URL, so there is nothing to fetch")


if __name__ == "__main__":
    with stage(snakemake):
        main(snakemake.input, snakemake.params.copies)
