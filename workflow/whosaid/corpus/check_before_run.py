"""Checks the CSV against the config before Snakemake deletes any output or starts any job."""

from pathlib import Path

from whosaid.caching.json_files import read_json
from whosaid.caching.manifest import sha256
from whosaid.config.model import Config
from whosaid.errors import InputError


def check_csv(config: Config) -> None:
    """End the run if `read_lines` would reject the CSV, or if it lacks what a recipe reads.

    Nothing is read if `read_lines` has already accepted this file for this question. Prints one
    line per fault. Ends the run with SystemExit: a WorkflowError would be printed by Snakemake with
    a traceback.
    """
    corpus = config.corpus
    question = {"target_speaker": corpus.target_speaker, "top_speakers": corpus.top_speakers}
    try:
        facts = read_json(Path(f"data/{config.experiment}/corpus.json"))
    except (OSError, ValueError):
        facts = {}
    try:
        if {**question, "sha256": sha256(Path(corpus.csv))}.items() <= facts.items():
            empty = facts.get("empty_columns", [])
        else:
            # Imported here, since a run with an unchanged CSV does not need pandas.
            from whosaid.corpus.read_csv import empty_columns, read_corpus

            lines, *_ = read_corpus(Path(corpus.csv), **question)
            empty = empty_columns(lines)
    except (InputError, OSError) as error:
        raise SystemExit(str(error)) from None
    faults = [
        f"{corpus.csv}: {' and '.join(columns)} {'are' if len(columns) > 1 else 'is'} empty in "
        f"every row, so {key} has nothing to read; leave it out"
        for key, columns in config.columns_read()
        if set(columns) <= set(empty)
    ]
    if faults:
        raise SystemExit("\n".join(faults))
