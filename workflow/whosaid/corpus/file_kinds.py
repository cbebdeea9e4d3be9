"""Says what a file is that is not of the form that the config names."""

import codecs
import gzip
import re
import zlib
from pathlib import Path

from whosaid.errors import InputError

POINTERS = {
    b"version https://git-lfs.github.com/spec": "a git-LFS pointer; fetch it with `git lfs pull`",
    b"/annex/objects/": "a git-annex pointer; fetch it with `git annex get`",
}
BINARY = {
    b"PK\x03\x04": "a zip archive or a spreadsheet (.xlsx, .ods); unpack it, or save it as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file; save it as CSV",
    b"%PDF": "a PDF; save its table as CSV",
    b"{\\rtf": "a Rich Text file; save it as plain text",
    b"SQLite format 3": "a database; export its table as CSV",
    b"\x1f\x8b": "compressed by gzip; let its name end in .gz, or unpack it",
    b"BZh": "compressed by bzip2; unpack it",
    b"\xfd7zXZ": "compressed by xz; unpack it",
    b"\x28\xb5\x2f\xfd": "compressed by zstd; unpack it",
    b"7z\xbc\xaf": "a 7-Zip archive; unpack it",
    b"Rar!": "a RAR archive; unpack it",
}
"""How files begin that are no text, and what they are."""

BYTE_ORDER_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""How files in these encodings begin; the longer marks first, since one begins with another."""

START = 4096
"""So many bytes tell what a file is."""


def unpacked(content: bytes, path: Path) -> bytes:
    """The content of the file, unpacked if its name ends in `.gz`. Raises InputError if broken."""
    if path.suffix.lower() != ".gz":
        return content
    if not content:
        raise InputError(f"{path}: the file is empty; copy or download it again")
    try:
        return gzip.decompress(content)
    except EOFError:
        fault = "the gzip file is cut short"
    except gzip.BadGzipFile as error:
        is_gzip = content.startswith(b"\x1f\x8b")
        fault = (
            f"the gzip file is broken ({error})" if is_gzip else "no gzip file, as its name says"
        )
    except zlib.error as error:
        fault = f"the gzip file is broken ({error})"
    raise InputError(f"{path}: {fault}; copy or download it again")


def check_kind(content: bytes, path: Path, form: str) -> None:
    """Raise InputError if the content is plainly not of the `form`, a value of corpus.format."""
    start = content[:START]
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    found = None
    if not content.strip():
        raise InputError(f"{path}: the file is empty; it needs a header and one row per line")
    if form == "parquet" and not start.startswith(b"PAR1"):
        found = _of_text(text) or _first(start, POINTERS | BINARY)
        found = found or "no Parquet file; set corpus.format to csv, tsv or jsonl"
    elif form != "parquet":
        if start.startswith(b"PAR1"):
            found = "a Parquet file; set corpus.format to parquet"
        elif form != "jsonl" and re.match(rb'\{\s*"', text):
            found = "JSON, no table; set corpus.format to jsonl if each line is an object"
        elif form != "jsonl" and re.match(rb"\[\s*[\[{]", text):
            found = (
                "a JSON list, no table; write each object on a line and set corpus.format to jsonl"
            )
        found = found or _of_text(text) or _first(start, POINTERS | BINARY)
    if found is not None:
        raise InputError(f"{path}: this is {found}")


def check_nulls(content: bytes, path: Path, encoding: str) -> None:
    """Raise InputError if every other byte is 0, which is so in UTF-16 without a mark alone."""
    if encoding.lower().startswith(("utf-16", "utf_16", "utf16")) or marked_encoding(content):
        return
    if found := unmarked_utf_16(content):
        raise InputError(f"{path}: the encoding seems to be {found}; set corpus.encoding to it")


def marked_encoding(content: bytes) -> str | None:
    """The encoding that a byte order mark names; None without one, or with that of UTF-8."""
    return _first(content, BYTE_ORDER_MARKS)


def unmarked_utf_16(content: bytes) -> str | None:
    """The UTF-16 in which every other byte at the start is 0, if it is so."""
    start = content[:START]
    for found, offset in (("utf-16-le", 1), ("utf-16-be", 0)):
        if 0 not in start[1 - offset :: 2] and start[offset::2].count(0) > len(start) / 4:
            return found
    return None


def _of_text(text: bytes) -> str | None:
    if re.match(rb"<!doctype html|<html|<head|<body", text):
        return "a web page, no file of lines; download the file itself (on GitHub: `Raw`)"
    if text.startswith(b"<?xml"):
        return "XML, no file of lines; convert it to CSV"
    return None


def _first(start: bytes, kinds: dict[bytes, str]) -> str | None:
    return next((kind for head, kind in kinds.items() if start.startswith(head)), None)


def wrong_encoding(
    content: bytes, path: Path, encoding: str, key: str = "corpus.encoding"
) -> InputError:
    """The error about the first byte that does not fit the encoding, with one that fits.

    `key` is what the user sets to name the encoding.
    """
    others = [marked_encoding(content), unmarked_utf_16(content), "utf-8", "cp1252", "latin-1"]
    fitting = next(other for other in others if other and fits_encoding(content, other))
    remedy = f"set {key} (every byte fits {fitting}), or convert the file"
    name = "UTF-8" if encoding.lower() in ("utf-8", "utf8") else encoding
    try:
        content.decode(encoding)
    except UnicodeError as error:
        start = getattr(error, "start", 0)
    else:  # a reader of UTF-16 or UTF-32 wants the mark that `decode` does without
        return InputError(
            f"{path}: this is not {name}: no byte order mark stands at its start; {remedy}"
        )
    before = content[:start]
    line, position = before.count(b"\n") + 1, len(before) - before.rfind(b"\n") - 1
    return InputError(
        f"{path}, line {line}: byte 0x{content[start]:02x} at position {position} is not {name}; "
        f"{remedy}"
    )


def fits_encoding(content: bytes, encoding: str) -> bool:
    """Whether all of the content can be read in this encoding."""
    try:
        content.decode(encoding)
    except UnicodeError:
        return False
    return True
