"""Checks the CSV before Snakemake deletes the outputs that were made of the CSV before."""

from pathlib import Path

from whosaid.caching.json_files import read_json
from whosaid.caching.manifest import sha256
from whosaid.config.model import Config
from whosaid.errors import InputError


def check_csv(config: Config) -> None:
    """End the run with one line if `read_lines` would refuse a CSV that replaces an earlier one.

    What was made of the earlier CSV then stays, and putting that one back leaves nothing to do.
    Ends by SystemExit: Snakemake prints a WorkflowError with the lines it came through.
    """
    corpus, facts = config.corpus, Path(f"data/{config.experiment}/corpus.json")
    try:
        read = read_json(facts)
    except (OSError, ValueError):
        return  # nothing to lose
    question = {"target_speaker": corpus.target_speaker, "top_speakers": corpus.top_speakers}
    if {**question, "sha256": sha256(Path(corpus.csv))}.items() <= read.items():
        return
    # A run that has nothing new to read does without pandas.
    from whosaid.corpus.read_csv import read_corpus

    try:
        read_corpus(Path(corpus.csv), **question)
    except InputError as error:
        raise SystemExit(str(error)) from None
