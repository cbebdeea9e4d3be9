"""NLTK's punkt_tab data for English: found in a local copy or downloaded."""

import hashlib
import io
import os
import urllib.request
import zipfile
from pathlib import Path
from urllib.error import URLError

from whosaid.errors import InputError

URL = "https://raw.githubusercontent.com/nltk/nltk_data/gh-pages/packages/tokenizers/punkt_tab.zip"
SHA256 = "e57f64187974277726a3417ca6f181ec5403676c717672eef6a748a7b20e0106"
ENGLISH = "tokenizers/punkt_tab/english"
FILES = ("abbrev_types.txt", "collocations.tab", "ortho_context.tab", "sent_starters.txt")


def find_local(search_path: str) -> Path | None:
    """The first folder on an NLTK_DATA search path that holds all four files; None without one."""
    for root in filter(None, search_path.split(os.pathsep)):
        folder = Path(root) / ENGLISH
        if all((folder / name).is_file() for name in FILES):
            return folder
    return None


def download(url: str, sha256: str) -> bytes:
    """The archive at `url`. Raises InputError if it cannot be fetched or is not the pinned one."""
    advice = (
        f"set NLTK_DATA to a folder that holds {ENGLISH}, or corpus.word_tokenizer to preserve_line"
    )
    try:
        with urllib.request.urlopen(url, timeout=60) as response:
            archive = response.read()
    except (URLError, TimeoutError) as error:
        raise InputError(f"{url}: {error}; {advice}") from None
    digest = hashlib.sha256(archive).hexdigest()
    if digest != sha256:
        raise InputError(f"{url}: its SHA-256 is {digest}, not the pinned {sha256}; {advice}")
    return archive


def unpack(archive: bytes, folder: Path) -> None:
    """Write the four English files of the punkt_tab archive into `folder`."""
    folder.mkdir(parents=True)
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        for name in FILES:
            (folder / name).write_bytes(files.read(f"punkt_tab/english/{name}"))
