"""Read and check the files of dialogue lines.

In: the files. Out: `lines.parquet`, typed, one row per line in file order; its column `row` is the
index of the CSV, or a number counted over all files. `corpus.json` with the names and SHA-256 of
the files, the row count, empty columns, the number of lines of each speaker, what was merged and
dropped, and the question that was checked.
"""

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from whosaid.caching.atomic import atomic_write
from whosaid.caching.json_files import write_json
from whosaid.corpus.read_corpus import Corpus, read_corpus
from whosaid.jobs.stage import arguments, stage

logger = logging.getLogger(__name__)

AS_WRITTEN = {"normalise": "none", "aliases": {}, "drop": []}


def describe_files(names: Sequence[str]) -> str:
    """The name of the file, or the names of the first and the last one and their number."""
    first, last = Path(names[0]).name, Path(names[-1]).name
    return first if len(names) == 1 else f"{first} to {last} ({len(names)} files)"


def log_changes(read: Corpus) -> None:
    """Say what was merged and dropped."""
    for name, spellings in read.merged.items():
        found = ", ".join(f"{spelling!r} ({rows})" for spelling, rows in spellings.items())
        logger.info("merged into %r: %s", name, found)
    for name, rows in read.dropped_speakers.items():
        logger.info("dropped the speaker %r: %d rows", name, rows)
    for reason in ("scene_marks", "without_speaker_or_line"):
        if read.dropped[reason]:
            logger.info("dropped: %d rows (%s)", read.dropped[reason], reason.replace("_", " "))


def main(
    csv: str | Sequence[str],
    lines: str,
    corpus: str,
    target_speaker: str | None,
    top_speakers: int,
    format: str = "csv",
    separator: str | None = None,
    encoding: str = "utf-8",
    header: Sequence[str] | None = None,
    quotes: str = "doubled",
    row_names: bool = False,
    missing: Sequence[str] = (),
    columns: dict[str, Any] | None = None,
    scenes: str | None = None,
    rows_without_speaker_or_line: str = "refuse",
    speakers: dict[str, Any] = AS_WRITTEN,
) -> None:
    """Check the files `csv` and write `lines` (Parquet) and `corpus` (JSON).

    The other arguments are keys of the config's section `corpus`; without them the files have the
    published form.
    """
    settings = {
        "format": format,
        "separator": separator,
        "encoding": encoding,
        "header": header,
        "quotes": quotes,
        "row_names": row_names,
        "missing": list(missing),
        "columns": columns,
        "scenes": scenes,
        "rows_without_speaker_or_line": rows_without_speaker_or_line,
        "speakers": speakers,
        "target_speaker": target_speaker,
        "top_speakers": top_speakers,
    }
    read = read_corpus({"csv": csv, **settings})
    with atomic_write(lines) as partial:
        read.lines.to_parquet(partial, index=False, schema=read.schema)
    digests = list(read.files.values())
    facts = {
        "csv": describe_files(list(read.files)),
        "sha256": digests[0]
        if len(digests) == 1
        else hashlib.sha256("\n".join(digests).encode()).hexdigest(),
        "files": read.files,
        "rows": len(read.lines),
        "empty_columns": read.empty_columns,
        "speakers": read.speakers,
        "target_speaker": read.target_speaker,
        "top_speakers": top_speakers,
        "merged_speakers": read.merged,
        "dropped_speakers": read.dropped_speakers,
        "dropped_rows": read.dropped,
        "has_word_blanks": read.has_word_blanks,
        "settings": settings,
    }
    write_json(corpus, facts)
    logger.info("%s: %d rows, %d speakers", facts["csv"], len(read.lines), len(read.speakers))
    log_changes(read)


if __name__ == "__main__":
    with stage(snakemake):
        main(**arguments(snakemake))
