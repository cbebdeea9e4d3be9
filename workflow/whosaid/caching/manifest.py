"""The manifest of an output folder: a SHA-256 for each file in it."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from whosaid.caching.json_files import json_text, read_json
from whosaid.errors import InputError

NAME = "manifest.json"


def sha256(path: Path) -> str:
    """The SHA-256 of a file as 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file below `folder` but its manifest, by path."""
    return {
        file.relative_to(folder).as_posix(): sha256(file)
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file != folder / NAME
    }


def write_manifest(folder: Path, **facts: Any) -> None:
    """Write `manifest.json` into `folder`: `facts`, and the SHA-256 of every file below it."""
    content = json_text({**facts, "files": digests(folder)})
    (folder / NAME).write_text(content, encoding="utf-8")


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of `folder` as it was written, unchecked."""
    return read_json(folder / NAME)


def find_damage(folder: Path, files: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each file that is lost or changed; `files` are SHA-256 by path in `folder`."""
    for name, digest in files.items():
        file = folder / name
        if not file.is_file():
            yield f"{file} is missing"
        elif sha256(file) != digest:
            yield f"{file} was changed or cut short"


def check_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of `folder`, after a check of every file that it lists.

    Raises InputError, which names the first lost or changed file.
    """
    manifest = read_manifest(folder)
    for damage in find_damage(folder, manifest["files"]):
        raise InputError(f"{damage} since the folder was made; delete {folder} and run again")
    return manifest


def is_complete(folder: Path) -> bool:
    """Whether the folder has a manifest and none of the listed files is lost or changed."""
    try:
        check_manifest(folder)
    except (OSError, ValueError, InputError):
        return False
    return True
