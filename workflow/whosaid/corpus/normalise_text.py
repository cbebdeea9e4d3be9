"""Normalises texts, so that lines equal but for case, punctuation and spacing become equal."""

import unicodedata

IGNORED = {"Cc", "Cf"}
"""Unicode categories that are removed, besides all punctuation, symbols and separators."""


class _Kept(dict):
    """A table for `str.translate`: a character maps to itself, or to None if it is removed."""

    def __missing__(self, code: int) -> str | None:
        character = chr(code)
        category = unicodedata.category(character)
        self[code] = None if category[0] in "PSZ" or category in IGNORED else character
        return self[code]


_KEPT = _Kept()


def normalise(text: str) -> str:
    """The text without case, punctuation and spacing: its letters and digits.

    Characters that are compatible in Unicode become equal (NFKC). If nothing would be left, as with
    `?!`, the text is returned without its spacing.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return folded.translate(_KEPT) or "".join(folded.split())
