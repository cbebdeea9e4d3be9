"""Put a pre-trained encoder into the project: the only stage that may use the hub.

In: a hub repository at a pinned commit, or a local folder. Out: a folder with config.json,
model.safetensors, the tokenizer's files and `manifest.json` (source, revision, licence if the
encoder's card names one, SHA-256 of each file).
"""

import logging
from pathlib import Path

from whosaid.caching.atomic import atomic_write
from whosaid.caching.manifest import write_manifest
from whosaid.jobs.stage import arguments, stage
from whosaid.tokens.encoder_sources import check_encoder, copy_folder, download, license_of

logger = logging.getLogger(__name__)


def main(encoder: str, hub: dict[str, str] | None = None, path: str | None = None) -> None:
    """Fill the folder `encoder` from `hub` (name and revision) or from `path`, a local folder."""
    with atomic_write(encoder) as partial:
        if hub is not None:
            source = f"{hub['name']}@{hub['revision']}"
            folder = download(**hub, folder=partial)
            facts = {"source": hub["name"], "revision": hub["revision"]}
        else:
            source, folder = path, Path(path)
            copy_folder(folder, partial)
            facts = {"source": path, "revision": None}
        check_encoder(partial, source)
        write_manifest(partial, **facts, license=license_of(folder))
    logger.info("%s from %s", encoder, source)


if __name__ == "__main__":
    with stage(snakemake):
        main(**arguments(snakemake))
