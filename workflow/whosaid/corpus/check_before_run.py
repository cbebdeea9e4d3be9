"""Checks the corpus against the config before Snakemake deletes any output or starts any job."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from whosaid.caching.json_files import read_json
from whosaid.caching.manifest import sha256
from whosaid.config.corpus_files import corpus_files
from whosaid.config.model import Config
from whosaid.config.output_paths import with_models
from whosaid.config.stage_settings import read_lines
from whosaid.errors import InputError
from whosaid.split_names import SPLITS


def check_csv(config: Config) -> None:
    """End the run if `read_lines` would reject the files, or if they lack what a recipe reads.

    Nothing is read if `read_lines` has already accepted these files for this question, or if one of
    them is still to be fetched: no stage can run then. Prints one line per fault. Ends the run with
    SystemExit: a WorkflowError would be printed by Snakemake with a traceback.
    """
    settings = read_lines(config)
    try:
        facts = read_json(Path(f"data/{config.experiment}/corpus.json"))
    except (OSError, ValueError):
        facts = {}
    try:
        files = corpus_files(config.corpus.paths)
        if not all(map(os.path.exists, files)):
            return
        known = {"settings": settings, "files": {name: sha256(Path(name)) for name in files}}
        if not known.items() <= facts.items():
            # Imported here, since a run with unchanged files does not need pandas.
            from whosaid.corpus.read_corpus import read_corpus

            facts = read_corpus({"csv": config.corpus.csv, **settings})._asdict()
    except (InputError, OSError, ValueError) as error:
        raise SystemExit(str(error)) from None
    source = files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"
    faults = [
        f"{source}: {fault}" for fault in (*too_few(config, facts), *unreadable(config, facts))
    ]
    if faults:
        raise SystemExit("\n".join(faults))


def too_few(config: Config, facts: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each class that cannot stand in all three splits."""
    top = list(facts["speakers"].items())[: config.corpus.top_speakers]
    classes = {repr(name): count for name, count in top}
    remedy = "fewer corpus.top_speakers"
    if (target := config.corpus.target) is not None:
        of_target = facts["speakers"][target]
        of_others = sum(classes.values()) - of_target
        classes = {repr(target): of_target, "the others": of_others}
        remedy = "another corpus.target_speaker or more corpus.top_speakers"
    for whose, count in classes.items():
        if count < len(SPLITS):
            yield (
                f"{count} line{'s' if count > 1 else ''} of {whose}; each of train, test and valid "
                f"needs one: choose {remedy}"
            )


def unreadable(config: Config, facts: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each key of a recipe that finds nothing to read in the corpus."""
    empty = {*facts["empty_columns"]}
    for key, columns in config.columns_read():
        if {*columns} <= empty:
            yield (
                f"{' and '.join(columns)} {'are' if len(columns) > 1 else 'is'} empty in every "
                f"row, so {key} has nothing to read; leave it out"
            )
    most = max(facts["speakers"].values())
    for name, variant in config.variants.items():
        context = variant.context
        names = context and (context.names != "none" or context.scene_names)
        if names and context.fewest_lines > most:
            yield (
                f"no speaker has {context.fewest_lines} lines, so "
                f"variants.{name}.context.fewest_lines leaves no name; choose at most {most}"
            )
    if facts["has_word_blanks"]:
        return
    for name in with_models(config):  # an ensemble has the rows of its members
        variant = config.variants[name]
        asked = [("min_words", "leave it out")] if variant.min_words else []
        if variant.classifier == "linear":
            words = [each for each in variant.linear.features if each.startswith("word_")]
            asked += [
                ("linear.features", f"use character_ngrams instead of {each}") for each in words
            ]
        for key, remedy in asked:
            yield f"no blanks between words, so variants.{name}.{key} finds no words; {remedy}"
