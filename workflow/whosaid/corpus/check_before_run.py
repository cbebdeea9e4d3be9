"""Checks a changed CSV before Snakemake deletes the outputs that come from the old one."""

from pathlib import Path

from whosaid.caching.json_files import read_json
from whosaid.caching.manifest import sha256
from whosaid.config.model import Config
from whosaid.errors import InputError


def check_csv(config: Config) -> None:
    """End the run with one line if the CSV has changed and `read_lines` would reject it.

    The outputs of the earlier CSV then stay, and once it is put back nothing has to rerun. Ends the
    run with SystemExit: a WorkflowError would be printed by Snakemake with a traceback.
    """
    corpus, facts = config.corpus, Path(f"data/{config.experiment}/corpus.json")
    try:
        read = read_json(facts)
    except (OSError, ValueError):
        return  # there are no earlier outputs to keep
    question = {"target_speaker": corpus.target_speaker, "top_speakers": corpus.top_speakers}
    if {**question, "sha256": sha256(Path(corpus.csv))}.items() <= read.items():
        return
    # Imported here, since a run with an unchanged CSV does not need pandas.
    from whosaid.corpus.read_csv import read_corpus

    try:
        read_corpus(Path(corpus.csv), **question)
    except InputError as error:
        raise SystemExit(str(error)) from None
