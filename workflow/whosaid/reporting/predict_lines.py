"""Runs Snakemake for the predictions of a file of new lines.

    python -m whosaid.reporting.predict_lines my_lines.csv --variant basic_distilbert

It is the command that it prints, with a name for the file and the targets written out.
"""

import argparse
import hashlib
import json
import os
import re
import shlex
import sys
from pathlib import Path

from whosaid.config.output_paths import of_single_lines
from whosaid.config.parse import ConfigError, chosen_variants, read_config
from whosaid.errors import InputError


def name_of(path: Path) -> str:
    """A name for a file, a plain word that can name a folder: that of the file without its ending.

    If it is no plain word, part of a digest of the path stands behind what is one.
    """
    given = re.sub(r"\.(csv|tsv|jsonl|parquet)(\.gz)?$", "", path.name)
    word = re.sub(r"[^A-Za-z0-9_]+", "_", given).strip("_")[:60]
    word = word if word[:1].isalpha() else f"lines_{word}".rstrip("_")
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:6]
    return word if word == given else f"{word}_{digest}"


def command(path: Path, variant: str | None, overlays: list[str]) -> list[str]:
    """The command line that predicts the lines of `path` by one variant, or by all of them.

    Raises ConfigError if the config will not do, InputError if it has no such variant, or has
    another file under the name of this one.
    """
    name = name_of(path)
    other = read_config(overlays, Path()).new_lines.get(name)
    if other not in (None, str(path)):
        raise InputError(f"{path}: new_lines.{name} in the config is {other}; rename the file")
    config = read_config(overlays, Path(), {"new_lines": {name: str(path)}})
    folder = f"results/{config.experiment}/new/{name}"
    names = of_single_lines(config)
    able = [each for each in chosen_variants(config, variant) if each in names]
    if not able:
        raise InputError(
            f"VARIANT={variant}: it reads the lines around a line, and the lines of a file are "
            f"predicted one by one; choose from {', '.join(names) or 'none: every variant does'}"
        )
    targets = [f"{folder}/{each}.parquet" for each in able]
    configfiles = ["--configfile", *overlays] if overlays else []
    added = ["--config", f"new_lines={json.dumps({name: str(path)})}"]
    return ["snakemake", "--cores", "1", *targets, *configfiles, *added]


def main() -> None:
    """Read the command line, print the command and become it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lines", help="a file with a column of lines: .csv, .tsv, .jsonl, .parquet")
    parser.add_argument("--variant", help="one variant; all if not given")
    parser.add_argument("--configfile", nargs="*", default=[], help="overlays, in order")
    given = parser.parse_args()
    if not given.lines:
        sys.exit("no file; give one as LINES=my_lines.csv")
    if not Path(given.lines).is_file():
        sys.exit(f"{given.lines}: no such file; give one as LINES=my_lines.csv")
    try:
        words = command(Path(given.lines), given.variant or None, given.configfile)
    except (ConfigError, InputError) as error:
        sys.exit(str(error))
    print(shlex.join(words), flush=True)
    os.execv(sys.executable, [sys.executable, "-m", *words])


if __name__ == "__main__":
    main()
