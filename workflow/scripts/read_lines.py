"""Read and check the processed CSV of dialogue lines.

In: the CSV. Out: `lines.parquet`, typed, one row per CSV row in file order; its column `row` is the
index of the CSV. `corpus.json` with the CSV's name, SHA-256 and row count, its empty columns, the
number of lines of each speaker, and the target speaker and number of speakers that were checked.
"""

import hashlib
import logging
from pathlib import Path

from whosaid.caching.atomic import atomic_write
from whosaid.caching.json_files import write_json
from whosaid.corpus.read_csv import SCHEMA, empty_columns, read_corpus
from whosaid.jobs.stage import arguments, stage

logger = logging.getLogger(__name__)


def main(csv: str, lines: str, corpus: str, target_speaker: str, top_speakers: int) -> None:
    """Check the CSV and write `lines` (Parquet) and `corpus` (JSON)."""
    path = Path(csv)
    read, speakers, content = read_corpus(path, target_speaker, top_speakers)
    with atomic_write(lines) as partial:
        read.to_parquet(partial, index=False, schema=SCHEMA)
    facts = {
        "csv": path.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "rows": len(read),
        "empty_columns": empty_columns(read),
        "speakers": speakers,
        "target_speaker": target_speaker,
        "top_speakers": top_speakers,
    }
    write_json(corpus, facts)
    logger.info("%s: %d rows, %d speakers", path, len(read), len(speakers))


if __name__ == "__main__":
    with stage(snakemake):
        main(**arguments(snakemake))
