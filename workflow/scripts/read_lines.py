"""Read and check the processed CSV of dialogue lines.

In: the CSV. Out: `lines.parquet`, typed, one row per CSV row in file order, `row` being the CSV's
own index; `corpus.json` with the CSV's name, SHA-256, row count and the lines of each speaker.
"""

import json
import logging
from pathlib import Path

import pyarrow.parquet as pq

from whosaid.corpus_csv import SCHEMA, read_corpus
from whosaid.manifest import sha256
from whosaid.stage import stage
from whosaid.whole import whole, write_json

logger = logging.getLogger(__name__)


def main(csv: str, lines: str, corpus: str, target_speaker: str, top_speakers: int) -> None:
    """Check the CSV and write `lines` (Parquet) and `corpus` (JSON)."""
    path = Path(csv)
    with whole(lines) as partial, pq.ParquetWriter(partial, SCHEMA) as writer:
        speakers = read_corpus(path, target_speaker, top_speakers, writer.write_batch)
    rows = sum(speakers.values())
    facts = {"csv": path.name, "sha256": sha256(path), "rows": rows, "speakers": speakers}
    write_json(corpus, facts)
    logger.info("%s: %d rows, %d speakers", path, rows, len(speakers))


if __name__ == "__main__":
    with stage(snakemake):
        main(
            **snakemake.input,
            **snakemake.output,
            **json.loads(snakemake.params.settings),
        )
