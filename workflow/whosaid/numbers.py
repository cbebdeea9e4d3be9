"""Values of JSON files as texts, and the record of where each of them stands.

What is written through `Numbers` holds no figure that cannot be looked up.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from whosaid.markdown import escaped

UNDEFINED = "—"


def duration(seconds: float) -> str:
    """Minutes and seconds as in `9 m 48 s`, below a minute as in `3.1 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} m {rest} s" if minutes else f"{seconds:.1f} s"


FORMS = {
    "duration": duration,
    "length": lambda value: str(len(value)),
    "percent": lambda share: f"{100 * share:.4g} %",
    "text": escaped,
}
"""Forms of a text beside Python's own format specifications."""


def rendered(value: Any, form: str) -> str:
    """`value` in a form: one of FORMS or a format specification such as `.3f`; a dash for null."""
    if value is None:
        return UNDEFINED
    return FORMS[form](value) if form in FORMS else format(value, form)


class Numbers:
    """Reads JSON files, renders their values and keeps the address of each in `shown`.

    An address is the file, the keys that lead to the value, and its form. Those of a page are in
    the order of the page if it is written from top to bottom and from left to right.
    """

    def __init__(self, documents: Mapping[str, Any] | None = None):
        """`documents` are the content of files, by path, that are not written yet."""
        self._documents = dict(documents or {})
        self.shown: list[dict[str, Any]] = []

    def value(self, file: str, *keys: str | int) -> Any:
        """The value at `keys`, the names and positions that lead to it from the file's top."""
        if file not in self._documents:
            self._documents[file] = json.loads(Path(file).read_text(encoding="utf-8"))
        value = self._documents[file]
        for key in keys:
            value = value[key]
        return value

    def text(self, file: str, *keys: str | int, form: str = "z.3f") -> str:
        """The value at `keys` as a text."""
        text = rendered(self.value(file, *keys), form)
        self.shown.append({"text": text, "file": file, "key": list(keys), "form": form})
        return text

    def estimate(self, file: str, value: tuple, interval: tuple, form: str = "z.3f") -> str:
        """`0.330 [0.300, 0.360]`: the values at two paths of keys, the first alone if need be."""
        text = self.text(file, *value, form=form)
        if None in (self.value(file, *interval) or [None]):
            return text
        low, high = (self.text(file, *interval, end, form=form) for end in (0, 1))
        return f"{text} [{low}, {high}]"
