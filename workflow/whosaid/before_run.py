"""Checks at the start of a run, before Snakemake deletes the outputs that it is to make again.

They end the run by SystemExit: Snakemake prints a WorkflowError with the lines it came through.
"""

import os
from pathlib import Path

from whosaid.config import Config
from whosaid.errors import InputError


def check_writable(*folders: str) -> None:
    """End the run with one line if one of the folders cannot be changed."""
    for folder in filter(os.path.isdir, folders):
        if not os.access(folder, os.W_OK | os.X_OK):
            raise SystemExit(
                f"{Path(folder).absolute()} is read-only; make it writable and run again"
            )


def check_csv(config: Config) -> None:
    """End the run with one line if `read_lines` would refuse the CSV.

    A faulty CSV then leaves what was made of the one before, and putting that one back leaves
    nothing to do.
    """
    # A dry run, and a run that does not read the CSV, do without pandas.
    from whosaid.corpus_csv import read_corpus

    corpus = config.corpus
    try:
        read_corpus(Path(corpus.csv), corpus.target_speaker, corpus.top_speakers)
    except InputError as error:
        raise SystemExit(str(error)) from None
