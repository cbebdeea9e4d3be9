"""The files of the corpus: what the paths and patterns under `corpus.csv` stand for."""

import glob
import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

DOWNLOADS = "data/downloads"
"""The folder that keeps what URLs stand for."""

NEW_LINES = (".csv", ".tsv", ".jsonl", ".parquet")
"""How the names of files of new lines end, all but the last one also with .gz."""


def ending_of(path: Path) -> str:
    """The one of NEW_LINES with which the name of a file ends. Raises ValueError if it has none."""
    ending = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
    if ending not in NEW_LINES:
        raise ValueError(f"{path}: the end of its name says no form; use {', '.join(NEW_LINES)}")
    return ending


def corpus_files(paths: Sequence[str]) -> list[str]:
    """The files in the order of the list; those of a pattern are sorted.

    A path is taken for a pattern if it has one of `*?[` and is no file. In the place of a URL is
    its copy, whether it has been fetched or not. Raises ValueError with one sentence if a pattern
    fits no file, or if a file is missing, no file, unreadable or named twice.
    """
    copies = downloads(paths)
    to_be_fetched = {copy for copy in copies.values() if not os.path.exists(copy)}
    files: dict[Path, str] = {}
    for path in (copies.get(path, path) for path in paths):
        is_pattern = glob.has_magic(path) and not os.path.exists(path)
        found = sorted(glob.glob(path, recursive=True)) if is_pattern else [path]
        if is_pattern:
            found = [name for name in found if not os.path.isdir(name)]
        if not found:
            raise ValueError(f"{path}: no file fits the pattern{_beside(path)}; correct it")
        for name in found:
            if name not in to_be_fetched:
                _check_file(name)
            place = Path(name).resolve()
            if place in files:
                raise ValueError(
                    f"{name}: this file is named twice, as {files[place]}; name it once"
                )
            files[place] = name
    return list(files.values())


def downloads(paths: Sequence[str]) -> dict[str, str]:
    """The URLs among the paths, each with the file that keeps a copy of what it stands for.

    The copy has the last name of its URL, whose end tells the form, in a folder below `DOWNLOADS`
    that only this very URL has.
    """
    copies = {}
    for url in paths:
        parts = urlsplit(url)
        if parts.scheme and parts.netloc.strip("."):
            names = [parts.netloc, *filter(lambda name: name.strip("."), parts.path.split("/"))]
            folder = hashlib.sha256(url.encode()).hexdigest()[:12]
            copies[url] = "/".join([DOWNLOADS, folder, re.sub(r"[^\w.-]", "_", names[-1])])
    return copies


def _check_file(name: str) -> None:
    if os.path.islink(name) and "annex/objects" in os.readlink(name) and not os.path.exists(name):
        raise ValueError(
            f"{name}: a git-annex link without its content; fetch it with `git annex get {name}`"
        )
    if {*"{}"} & {*name}:
        raise ValueError(f"{name}: a path has no braces, which are wildcards; rename the file")
    if not os.path.isfile(name):
        fault = "not a file" if os.path.exists(name) else "no such file"
    elif not os.access(name, os.R_OK):
        fault = "permission denied"
    else:
        return
    raise ValueError(f"{name}: {fault}; put the file there or set corpus.csv to where it is")


def _beside(path: str) -> str:
    """What is in the folder in which a pattern finds nothing."""
    folder = os.path.dirname(path)
    if glob.has_magic(folder):
        return ""
    if not os.path.isdir(folder or "."):
        return f", and there is no folder {folder}"
    names = sorted(os.listdir(folder or "."))[:5]
    return f"; {folder or 'this folder'} holds {', '.join(names) or 'nothing'}"
