"""The manifest of an artifact folder: what is in it, and that it is all there."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from whosaid.errors import InputError

NAME = "manifest.json"


def sha256(path: Path) -> str:
    """The SHA-256 of a file as 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(folder: Path, **facts: Any) -> None:
    """Write `manifest.json` into `folder`: `facts`, and the SHA-256 of every file below it."""
    files = {
        file.relative_to(folder).as_posix(): sha256(file)
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file != folder / NAME
    }
    text = json.dumps({**facts, "files": files}, indent=2, ensure_ascii=False)
    (folder / NAME).write_text(text + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of `folder` as it was written, unchecked."""
    return json.loads((folder / NAME).read_text(encoding="utf-8"))


def faults_of(folder: Path, files: Mapping[str, str]) -> Iterator[str]:
    """What happened since to `files`, digests by paths below `folder`; nothing if all are whole."""
    for name, digest in files.items():
        file = folder / name
        if not file.is_file():
            yield f"{file} is missing"
        elif sha256(file) != digest:
            yield f"{file} was changed or cut short"


def check_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of `folder`, once every file it lists is there with the content it had.

    Raises InputError with the first file that is lost or changed.
    """
    manifest = read_manifest(folder)
    for fault in faults_of(folder, manifest["files"]):
        raise InputError(f"{fault} since the folder was made; delete {folder} and run again")
    return manifest
