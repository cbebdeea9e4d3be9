"""Read and check the processed CSV of dialogue lines.

In: the CSV. Out: `lines.parquet`, typed, one row per CSV row in file order, `row` being the CSV's
own index; `corpus.json` with the CSV's name, SHA-256, row count and the lines of each speaker.
"""

import json
import logging
from pathlib import Path

from whosaid.corpus_csv import read_corpus
from whosaid.manifest import sha256
from whosaid.stage import stage
from whosaid.whole import whole, write_json

logger = logging.getLogger(__name__)


def main(csv: str, lines: str, corpus: str, target_speaker: str, top_speakers: int) -> None:
    """Check the CSV and write `lines` (Parquet) and `corpus` (JSON)."""
    path = Path(csv)
    frame, speakers = read_corpus(path, target_speaker, top_speakers)
    facts = {"csv": path.name, "sha256": sha256(path), "rows": len(frame), "speakers": speakers}
    with whole(lines) as partial:
        frame.to_parquet(partial, index=False)
    write_json(corpus, facts)
    logger.info("%s: %d rows, %d speakers", path, len(frame), len(speakers))


if __name__ == "__main__":
    with stage(snakemake):
        main(
            **snakemake.input,
            **snakemake.output,
            **json.loads(snakemake.params.settings),
        )
