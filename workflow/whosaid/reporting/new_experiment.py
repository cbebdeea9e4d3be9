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

from whosaid.config.parse import ConfigError, merge, parse_config, read_config_file
from whosaid.corpus.column_guesses import NAMES, name_of
from whosaid.corpus.fields import PUBLISHED
from whosaid.corpus.first_look import FirstLook, first_look
from whosaid.corpus.read_corpus import Corpus, check_question
from whosaid.errors import InputError
from whosaid.reporting.corpus_page import corpus_page

HEAD = """\
# {name}: an overlay on config/config.yaml, written after a first look at the file. Read it and
# change what is wrong; config/README.md explains every key.
#   snakemake --cores 1 results/summary.md --configfile {path}
"""
BEHIND_FAIR = """\
# Other overlays stand before this one, which takes variants away:
#   snakemake --cores 1 results/summary.md --configfile config/fair.yaml {path}
"""
SCHEMA = "# yaml-language-server: $schema=schema.json\n"

COMMENTS = {
    "corpus": "The file, and what its columns were taken for.",
    "header": "No row has the names of the columns, so these were made up.",
    "columns": "A name here, and the header of the column in the file.",
    "extra": "More columns, for `annotate` and `linear.features`.",
    "scenes": "Scenes are found by the order of the rows.",
    "missing": "Cells that hold one of these are empty.",
    "rows_without_speaker_or_line": "There are such rows: {lacking} of {rows}.",
    "speakers": "Names that seem to be one speaker are merged, names of nobody are dropped.",
    "target_speaker": "A frequent speaker. `question: speakers` would ask for all of them.",
    "top_speakers": "How many of the most frequent speakers are kept.",
    "variants": "The variants of the base config that this corpus cannot have are left out.",
    "informal_test": "Lines to ask every model, for the report.",
}


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


def as_yaml(overlay: Mapping[str, Any], path: Path, look: FirstLook) -> str:
    """The config as YAML, with a comment above each key that needs one."""
    text = yaml.safe_dump(dict(overlay), sort_keys=False, allow_unicode=True, width=100)
    head = HEAD.format(name=overlay["experiment"], path=path)
    corpus = look.corpus
    if "episode" in {*corpus.lines} - {*corpus.empty_columns}:  # which that overlay holds out whole
        head += BEHIND_FAIR.format(path=path)
    lines = [head + SCHEMA]
    for line in text.splitlines():
        key = line.strip().partition(":")[0]
        if key in COMMENTS and line.strip().startswith(f"{key}:"):
            indent = line[: len(line) - len(line.lstrip())]
            lines.append(f"{indent}# {COMMENTS[key].format(lacking=look.lacking, rows=look.rows)}")
        lines.append(line)
    return "\n".join(lines) + "\n"


def new_experiment(
    csv: str, name: str | None, named: dict[str, str], base: Path, encoding: str | None = None
) -> tuple[str, Path]:
    """Write the config of an experiment about the file `csv`; the first look and the config's path.

    `csv` may be a pattern, `named` holds headers by field, `base` is the base config. Raises
    InputError or ConfigError before anything is written.
    """
    name = name or name_of(Path(csv).name.partition(".")[0])
    path = Path("config", f"{name}.yaml")
    if path.exists():
        raise InputError(f"{path} exists already; choose another name by NAME=..., or delete it")
    look = first_look(csv, named, encoding)
    corpus = look.corpus
    raw = read_config_file(str(base))
    overlay: dict[str, Any] = {"experiment": name, "corpus": look.keys}
    if variants := unsupported(raw, corpus):
        overlay["variants"] = variants
    overlay["informal_test"] = []
    config = parse_config(merge(raw, overlay))
    section = config.corpus.model_dump(mode="json")
    check_question(corpus.speakers, config.corpus.target, section, csv)
    path.parent.mkdir(exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(as_yaml(overlay, path, look))
    page = corpus_page(name, corpus.lines, corpus.speakers, corpus.merged, corpus.dropped)
    if look.notes:
        page += "\n\n## What to look at\n\n" + "\n".join(f"- {note}" for note in look.notes)
    return page, path


def main() -> None:
    """Read the command line and print the first look, the config and the next command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "csv", help="the file, or a pattern of files: CSV, TSV, JSON Lines or Parquet, perhaps .gz"
    )
    parser.add_argument("--name", help="of the experiment; the file's own name if not given")
    parser.add_argument("--base", type=Path, default=Path("config", "config.yaml"))
    for field in NAMES:
        parser.add_argument(f"--{field}", help=f"header of the column with the {field}")
    parser.add_argument("--encoding", help="of the file, if it is neither UTF-8 nor found")
    given = vars(parser.parse_args())
    if not given["csv"]:
        sys.exit("no file; give one as CSV=my_show.csv")
    named = {field: given[field] for field in NAMES if given[field]}
    try:
        page, path = new_experiment(
            given["csv"], given["name"] or None, named, given["base"], given["encoding"] or None
        )
    except (InputError, ConfigError, OSError) as error:
        sys.exit(str(error))
    print(page)
    print(f"\n## {path}\n\n{path.read_text(encoding='utf-8')}")
    print(f"Next: snakemake --cores 1 results/summary.md --configfile {path}")


if __name__ == "__main__":
    main()
