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
FILES = {
    "abbrev_types.txt": "0ab7d6b126eed733d9bc5733d3a51ea575e90ece1b908e77c9d5b74e2a54213a",
    "collocations.tab": "73d7f183e9cf31ee6edf41df100a6f57c72404db66f599fe86b3fb2e6148f35f",
    "ortho_context.tab": "d762d271cb556bab69960781a49eb034588801983af80d39ac936362c812084f",
    "sent_starters.txt": "8a66e19f1bf6a03061dbcda945e46839d09612f8235dbcb1b994f59184ecc989",
}
"""The SHA-256 of each file's sorted lines: they are sets, and copies order them freely."""


def find_local(search_path: str) -> Path | None:
    """The first folder on an NLTK_DATA search path that holds all four files; None without one."""
    for root in filter(None, search_path.split(os.pathsep)):
        folder = Path(root) / ENGLISH
        if all((folder / name).is_file() for name in FILES):
            return folder
    return None


def check(folder: Path) -> None:
    """Raise InputError if a file in the `folder` holds other parameters: words would be others."""
    for name, pinned in FILES.items():
        lines = (folder / name).read_text(encoding="utf-8", errors="replace").splitlines()
        if hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest() != pinned:
            raise InputError(
                f"NLTK_DATA: {folder / name} is not that of punkt_tab, so words would be counted "
                "otherwise than published; put the original there, or unset NLTK_DATA to fetch it"
            )


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
