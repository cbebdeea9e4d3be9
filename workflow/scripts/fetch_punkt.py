"""Put NLTK's punkt_tab data for English into the project.

In: a copy on the search path NLTK_DATA, or the pinned archive of nltk_data. Out: `data/nltk_data/`,
a folder that NLTK can read.
"""

import logging
import os
import shutil

from whosaid.caching.atomic import atomic_write
from whosaid.corpus.punkt_data import ENGLISH, SHA256, URL, check, download, find_local, unpack
from whosaid.jobs.stage import arguments, stage

logger = logging.getLogger(__name__)


def main(nltk_data: str, search_path: str, url: str = URL, sha256: str = SHA256) -> None:
    """Fill the folder `nltk_data` from the `search_path` if the data is there, else from `url`."""
    local = find_local(search_path)
    with atomic_write(nltk_data) as partial:
        if local is not None:
            check(local)
            shutil.copytree(local, partial / ENGLISH)
        else:
            unpack(download(url, sha256), partial / ENGLISH)
    logger.info("punkt_tab from %s", local or url)


if __name__ == "__main__":
    with stage(snakemake):
        main(**arguments(snakemake), search_path=os.environ.get("NLTK_DATA", ""))
