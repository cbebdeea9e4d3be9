"""The form of a text in which lines that say the same are equal."""

import unicodedata

IGNORED = {"Cc", "Cf"}
"""Unicode categories that do not count, beside all punctuation, symbols and separators."""


class _Kept(dict):
    """For `str.translate`: a character or, where it does not count, None."""

    def __missing__(self, code: int) -> str | None:
        character = chr(code)
        category = unicodedata.category(character)
        self[code] = None if category[0] in "PSZ" or category in IGNORED else character
        return self[code]


_KEPT = _Kept()


def normalise(text: str) -> str:
    """The text without case, punctuation and spacing: its letters and digits.

    Compatible characters are equal (Unicode's NFKC). Where nothing would be left, as of `?!`, the
    text is returned without its spacing.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return folded.translate(_KEPT) or "".join(folded.split())
