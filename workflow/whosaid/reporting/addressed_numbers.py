"""Formats values of JSON files as texts, and records the file and keys of each one.

A page that takes its numbers from `AddressedNumbers` has no number that cannot be looked up.
"""

from collections.abc import Mapping
from typing import Any

from whosaid.caching.json_files import read_json
from whosaid.reporting.formats import METRIC, rendered


class AddressedNumbers:
    """Reads JSON files, formats their values and keeps the address of each in `shown`.

    An address is the file, the keys that lead to the value, and the form it is shown in. The
    addresses are in the order of the calls, so write a page from top to bottom and left to right.
    """

    def __init__(self, documents: Mapping[str, Any] | None = None):
        """`documents` holds, by path, the content of files that are not written yet."""
        self._documents = dict(documents or {})
        self.shown: list[dict[str, Any]] = []

    def value(self, file: str, *keys: str | int) -> Any:
        """The value at `keys`, the names and positions that lead to it from the file's top."""
        if file not in self._documents:
            self._documents[file] = read_json(file)
        value = self._documents[file]
        for key in keys:
            value = value[key]
        return value

    def text(self, file: str, *keys: str | int, form: str = METRIC) -> str:
        """The value at `keys` as a text."""
        text = rendered(self.value(file, *keys), form)
        self.shown.append({"text": text, "file": file, "key": list(keys), "form": form})
        return text

    def estimate(self, file: str, value: tuple, interval: tuple, form: str = METRIC) -> str:
        """The value at the keys `value` and the ends at the keys `interval`, if there is one.

        For example `0.330 [0.300, 0.360]`.
        """
        text = self.text(file, *value, form=form)
        if None in (self.value(file, *interval) or [None]):
            return text
        low, high = (self.text(file, *interval, end, form=form) for end in (0, 1))
        return f"{text} [{low}, {high}]"
