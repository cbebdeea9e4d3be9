"""Build a small encoder: a tokenizer trained on the corpus and a model with random weights.

In: `lines.parquet`. Out: a folder like those of `fetch_encoder`.
"""

import logging

from whosaid.jobs.environment import quiet_transformers  # before the libraries that read it

# isort: split
import pandas as pd

from whosaid.caching.atomic import atomic_write
from whosaid.caching.manifest import write_manifest
from whosaid.jobs.stage import arguments, stage
from whosaid.tokens import scratch_encoder

logger = logging.getLogger(__name__)


def main(lines: str, encoder: str, **shape) -> None:
    """Fill the folder `encoder`; `shape` holds the keys of `scratch` in the config."""
    quiet_transformers()
    texts = pd.read_parquet(lines, columns=["line"])["line"].tolist()
    with atomic_write(encoder) as partial:
        scratch_encoder.build_encoder(texts, partial, **shape)
        write_manifest(partial, source="scratch", revision=None)
    logger.info("%s: a %s from %d lines", encoder, shape["architecture"], len(texts))


if __name__ == "__main__":
    with stage(snakemake):
        main(**arguments(snakemake))
