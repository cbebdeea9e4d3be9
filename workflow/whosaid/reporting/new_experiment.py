"""Looks at a file of dialogue lines and writes a config for it.

    python -m whosaid.reporting.new_experiment my_show.csv --name my_show

It prints a first look at the corpus, writes `config/{name}.yaml` and prints the next command last.
An existing config is never overwritten.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from whosaid.config.model import Corpus as CorpusSection
from whosaid.config.parse import ConfigError, merge, parse_config, read_config_file
from whosaid.config.speaker_names import normalise_name
from whosaid.corpus.detect import NAMES, detect, find_columns, name_of
from whosaid.corpus.fields import PUBLISHED, has_speaker_and_line, headers_of, is_blank_text
from whosaid.corpus.read_corpus import Corpus, check_question, read_corpus
from whosaid.corpus.read_files import read_table
from whosaid.corpus.spellings import groups_of_spellings
from whosaid.errors import InputError
from whosaid.reporting.corpus_page import corpus_page
from whosaid.split_names import SPLITS

MOST_CLASSES = 10
FEWEST_LINES = 4 * len(SPLITS)
"""A speaker with fewer lines is no class: each split would hold a line or two."""

HEAD = """\
# {name}: an overlay on config/config.yaml, written after a first look at the file. Read it and
# change what is wrong; config/README.md explains every key.
#   snakemake --cores 1 results/summary.md --configfile {path}
# yaml-language-server: $schema=schema.json
"""

COMMENTS = {
    "corpus": "The file, and what its columns were taken for.",
    "columns": "A name here, and the header of the column in the file.",
    "extra": "More columns, for `annotate` and `linear.features`.",
    "scenes": "Scenes are found by the order of the rows.",
    "rows_without_speaker_or_line": "There are such rows: {lacking} of {rows}.",
    "speakers": "Names that seem to be one speaker are merged.",
    "target_speaker": "The most frequent speaker. `question: speakers` would ask for all of them.",
    "top_speakers": "How many of the most frequent speakers are kept.",
    "variants": "The variants of the base config that this corpus cannot have are left out.",
}


def section_of(keys: Mapping[str, Any]) -> dict[str, Any]:
    """The section `corpus` of a config with these keys and all others at their defaults."""
    asked = {"target_speaker": None, "question": "speakers"}
    return CorpusSection.model_validate(asked | dict(keys)).model_dump(mode="json")


def repaired(keys: dict[str, Any]) -> tuple[dict[str, Any], int, int]:
    """The keys with those that the rows and names of the file call for.

    Also returns how many rows lack a speaker or a line, and how many there are.
    """
    section = section_of(keys)
    path = Path(keys["csv"])
    table = read_table(path.read_bytes(), path, section, headers_of(section["columns"]))
    cells = table.without_blank_lines().cells.fillna("")
    has_both = has_speaker_and_line(cells)
    keys = dict(keys)
    if "scene" not in cells:
        is_direction = is_blank_text(cells["speaker"])
        if 0 < table.is_blank.sum() < len(table.cells) / 2:
            keys["scenes"] = "blank_rows"
        elif 0 < is_direction.sum() < len(cells) / 2:
            keys["scenes"] = "stage_directions"
    if not has_both.all():
        keys["rows_without_speaker_or_line"] = "drop"
    names = cells.loc[has_both, "speaker"].value_counts().to_dict()
    if speakers := merged_names(names):
        keys["speakers"] = speakers
    return keys, int((~has_both).sum()), len(cells)


def merged_names(names: Mapping[str, int]) -> dict[str, Any]:
    """The section `corpus.speakers` that makes one speaker of each group of spellings."""
    groups = groups_of_spellings(names)
    if not groups:
        return {}
    normalise = "none"
    for kind in ("strip", "casefold"):
        if any(len({normalise_name(n, kind) for n in group}) < len(group) for group in groups):
            normalise = kind
    aliases = {}
    for first, *others in groups:
        final = normalise_name(first, normalise)
        for other in others:
            if normalise_name(other, normalise) != final:
                aliases[normalise_name(other, normalise)] = final
    return {"normalise": normalise} | ({"aliases": aliases} if aliases else {})


def question_for(corpus: Corpus) -> dict[str, Any]:
    """Whose lines to look for, among how many speakers."""
    often = [name for name, count in corpus.speakers.items() if count >= FEWEST_LINES]
    if len(often) < 2:
        raise InputError(
            f"{len(often)} speakers have at least {FEWEST_LINES} lines, and a question needs two; "
            "check the column of the speakers"
        )
    return {"target_speaker": often[0], "top_speakers": min(MOST_CLASSES, len(often))}


def unsupported(base: Mapping[str, Any], corpus: Corpus) -> dict[str, Any]:
    """The variants of the base config that this corpus cannot have, each with null."""
    has = {name for name in corpus.lines if name not in corpus.empty_columns}
    changed: dict[str, Any] = {}
    for name, variant in base["variants"].items():
        features = variant.get("linear", {}).get("features", [])
        of_words = variant.get("min_words") or "word_count" in features
        columns = {*variant.get("annotate", ())} | {f for f in features if f in PUBLISHED}
        if not columns <= has or (of_words and not corpus.has_word_blanks):
            changed[name] = None
        elif "word_ngrams" in features and not corpus.has_word_blanks:
            changed[name] = {"linear": {"features": ["character_ngrams"]}}
    return changed


def as_yaml(overlay: Mapping[str, Any], path: Path, lacking: int, rows: int) -> str:
    """The config as YAML, with a comment above each key that needs one."""
    text = yaml.safe_dump(dict(overlay), sort_keys=False, allow_unicode=True, width=100)
    lines = [HEAD.format(name=overlay["experiment"], path=path)]
    for line in text.splitlines():
        key = line.strip().partition(":")[0]
        if key in COMMENTS and line.strip().startswith(f"{key}:"):
            indent = line[: len(line) - len(line.lstrip())]
            lines.append(f"{indent}# {COMMENTS[key].format(lacking=lacking, rows=rows)}")
        lines.append(line)
    return "\n".join(lines) + "\n"


def new_experiment(
    csv: str, name: str | None, named: dict[str, str], base: Path
) -> tuple[str, Path]:
    """Write the config of an experiment about the file `csv`; the first look and the config's path.

    `named` holds headers by field, `base` is the base config. Raises InputError or ConfigError
    before anything is written.
    """
    source = Path(csv)
    if not source.is_file():
        raise InputError(f"{csv}: no such file")
    name = name or name_of(source.name.partition(".")[0])
    path = Path("config", f"{name}.yaml")
    if path.exists():
        raise InputError(f"{path} exists already; choose another name by NAME=..., or delete it")
    found = detect(source, named)
    keys, lacking, rows = dict(found.keys), 0, 0
    if "columns" in keys:
        keys, lacking, rows = repaired(keys)
    try:
        corpus = read_corpus(section_of(keys | {"top_speakers": 2}))
    except InputError:
        if "columns" in keys:
            raise
        # The twelve columns of the published form, but not its types.
        keys, lacking, rows = repaired(
            keys | {"columns": find_columns(found.sample, named, source)}
        )
        corpus = read_corpus(section_of(keys | {"top_speakers": 2}))
    keys |= question_for(corpus)
    raw = read_config_file(str(base))
    overlay: dict[str, Any] = {"experiment": name, "corpus": keys}
    if variants := unsupported(raw, corpus):
        overlay["variants"] = variants
    config = parse_config(merge(raw, overlay))
    section = config.corpus.model_dump(mode="json")
    check_question(corpus.speakers, config.corpus.target, section, csv)
    path.parent.mkdir(exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(as_yaml(overlay, path, lacking, rows))
    page = corpus_page(name, corpus.lines, corpus.speakers, corpus.merged, corpus.dropped)
    return page, path


def main() -> None:
    """Read the command line and print the first look, the config and the next command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("csv", help="the file: CSV, TSV, JSON Lines or Parquet, perhaps .gz")
    parser.add_argument("--name", help="of the experiment; the file's own name if not given")
    parser.add_argument("--base", type=Path, default=Path("config", "config.yaml"))
    for field in NAMES:
        parser.add_argument(f"--{field}", help=f"header of the column with the {field}")
    given = vars(parser.parse_args())
    named = {field: given[field] for field in NAMES if given[field]}
    try:
        page, path = new_experiment(given["csv"], given["name"] or None, named, given["base"])
    except (InputError, ConfigError, OSError) as error:
        sys.exit(str(error))
    print(page)
    print(f"\n## {path}\n\n{path.read_text(encoding='utf-8')}")
    print(f"Next: snakemake --cores 1 results/summary.md --configfile {path}")


if __name__ == "__main__":
    main()
