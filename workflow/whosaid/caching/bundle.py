"""A bundle: what the network was needed for, as one archive for machines without one.

The archive begins with a list of its files and their SHA-256. Among them are the records of the
jobs that fetched them, so that a run where it is unpacked knows that nothing is to be fetched.
"""

import io
import json
import os
import shutil
import sys
import tarfile
from collections.abc import Iterable
from pathlib import Path

from whosaid.caching.atomic import atomic_write, remove
from whosaid.caching.json_files import json_text
from whosaid.caching.manifest import find_damage, sha256
from whosaid.caching.output_records import files_below
from whosaid.errors import InputError

LIST = "bundle.json"
"""The first file of the archive."""

UNFINISHED = ".bundle.partial"


def pack(paths: Iterable[str], bundle: str | Path) -> list[str]:
    """Write the files and folders at the `paths` to the archive `bundle`; returns its files.

    Raises InputError if a path is not below the working folder, where it could not be unpacked.
    """
    files = [file for path in paths for file in files_below(Path(path))]
    for file in files:
        if file.is_absolute() or ".." in file.parts:
            raise InputError(
                f"{file} is not in the project, so a bundle cannot bring it to another one; copy "
                "its folder into data/ and give that path in the config"
            )
    content = json_text({"files": {file.as_posix(): sha256(file) for file in files}}).encode()
    head = tarfile.TarInfo(LIST)
    head.size = len(content)
    with atomic_write(bundle) as unfinished, tarfile.open(unfinished, "w") as archive:
        archive.addfile(head, io.BytesIO(content))
        for file in files:
            archive.add(file, file.as_posix())
    return [file.as_posix() for file in files]


def unpack(bundle: str | Path, folder: Path) -> list[str]:
    """Unpack the archive `bundle` in the `folder`, if all of it is whole; returns its files.

    Raises InputError, which names what is wrong with it, and then changes nothing.
    """
    unfinished = folder / UNFINISHED
    remove(unfinished)
    try:
        with tarfile.open(bundle, "r:") as archive:
            head, *members = archive.getmembers()
            if head.name != LIST:
                raise InputError(f"{bundle}: no bundle of whosaid; `make bundle` writes one")
            files = json.load(archive.extractfile(head))["files"]
            members = [member for member in members if member.isfile()]
            if {member.name for member in members} != {*files}:
                raise InputError(f"{bundle}: not the files of its list; copy it again")
            for member in members:
                _extract(archive, member, unfinished)
        for damage in find_damage(unfinished, files):
            lost = damage.replace(f"{unfinished}{os.sep}", "")
            raise InputError(f"{bundle}: {lost}; nothing was unpacked; copy it again")
        for name in files:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(unfinished / name, folder / name)
    except (OSError, EOFError, ValueError, KeyError, tarfile.TarError) as error:
        raise InputError(
            f"{bundle}: {type(error).__name__}: {error}; nothing was unpacked; copy it again"
        ) from None
    finally:
        remove(unfinished)
    return [*files]


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Write a file of the archive below the `folder`; ValueError if it would be elsewhere."""
    if Path(member.name).is_absolute() or ".." in Path(member.name).parts:
        raise ValueError(f"{member.name} is not below the project")
    (folder / member.name).parent.mkdir(parents=True, exist_ok=True)
    with open(folder / member.name, "wb") as file:
        shutil.copyfileobj(archive.extractfile(member), file)


def main() -> None:
    """Unpack the archive that the command line names, and print its files."""
    if not sys.argv[1:] or not sys.argv[1]:
        sys.exit("no bundle; give one as BUNDLE=bundle.tar")
    try:
        for name in unpack(sys.argv[1], Path()):
            print(name)
    except InputError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
