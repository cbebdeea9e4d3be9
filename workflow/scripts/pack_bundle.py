"""Pack what the network was needed for into one archive, for machines without one.

In: fetched encoders, NLTK's punkt_tab data, and the records of these fetches. Out: `bundle.tar`.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

from whosaid.caching.bundle import pack
from whosaid.jobs.stage import stage

logger = logging.getLogger(__name__)


def main(paths: Sequence[str], bundle: str) -> None:
    """Write the files and folders at the `paths` to the archive `bundle`."""
    files = pack(paths, bundle)
    size = Path(bundle).stat().st_size
    logger.info("%s: %d files, %.1f MB", bundle, len(files), size / 1e6)


if __name__ == "__main__":
    with stage(snakemake):
        main(snakemake.params.paths, snakemake.params.bundle)
