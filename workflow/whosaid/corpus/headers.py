"""Finds the wanted columns in a header, and says what is wrong with one that lacks some."""

import csv
import difflib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from whosaid.config.column_names import FIELDS
from whosaid.errors import InputError

SEPARATORS = (",", ";", "\t", "|", " +++$+++ ", "::")
"""Separators that are looked for if a header has only one column."""

LONGEST_NAME = 60
"""So many letters of a header are shown: what is no header may be as long as the file."""

MOST_NAMES = 30
"""So many headers are listed."""

NO_HEADER = "; if the first row is no header, list the names of the columns in corpus.header"


def check_header(
    names: Sequence[str],
    wanted: Mapping[str, str],
    path: Path,
    is_exact: bool,
    if_missing: str = NO_HEADER,
) -> None:
    """Raise InputError unless each of the `wanted` headers (by name here) is one of the `names`.

    With `is_exact` (the published form) there must be no others. `if_missing` ends the message
    where one is missing.
    """
    headers = list(wanted.values())
    doubled = sorted({name for name in headers if names.count(name) > 1})
    if is_exact:
        faults = {
            "missing": [name for name in headers if name not in names],
            "unknown": [name for name in names if name not in headers],
            "doubled": doubled,
        }
        found = [f"{fault} {listed(of)}" for fault, of in faults.items() if of]
        if not found:
            return
        if doubled == [""] and names[-1] == "" and not faults["missing"] + faults["unknown"]:
            found = ["a comma stands at its end; delete it there and in all rows"]
        raise InputError(
            f"{path}, header: {'; '.join(found)}; the columns of the published form are "
            f"{', '.join(map(repr, headers))} (the index has no name); for another form name the "
            f"columns under corpus.columns{'' if {*headers[1:]} & {*names} else NO_HEADER}"
        )
    missing = [(name, header) for name, header in wanted.items() if header not in names]
    faults = [
        f"{key_of(name)}: no column {header!r}{nearest(header, names)}" for name, header in missing
    ]
    faults += [f"the column {name!r} stands {names.count(name)} times" for name in doubled]
    if faults:
        raise InputError(
            f"{path}, header: {'; '.join(faults)}; the columns are "
            f"{listed(names)}{if_missing if missing else ''}"
        )


def key_of(name: str) -> str:
    """The key of the config that maps the column with this name here."""
    return f"corpus.columns.{name}" if name in FIELDS else f"corpus.columns.extra.{name}"


def shown(name: str) -> str:
    """The name in quotes, cut off where it is too long for a message."""
    return repr(name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…")


def listed(names: Sequence[str]) -> str:
    """The names for a message, the first ones if there are many."""
    return ", ".join(map(shown, names[:MOST_NAMES])) + (", …" if len(names) > MOST_NAMES else "")


def nearest(name: str, names: Iterable[str]) -> str:
    """A question with the name that is most like the given one, or nothing."""
    by_case = {_plain(other): other for other in names}
    close = difflib.get_close_matches(_plain(name), list(by_case), n=1)
    return f" (did you mean {by_case[close[0]]!r}?)" if close else ""


def fitted(names: Sequence[str], wanted: Mapping[str, str]) -> dict[str, str]:
    """The `wanted` headers as the file writes them, where case and outer blanks may differ.

    A header that fits no name or several is left as it is, and so is one whose name is wanted too.
    """
    found = dict(wanted)
    for key, header in wanted.items():
        if header not in names:
            alike = [name for name in names if _plain(name) == _plain(header)]
            if len(alike) == 1 and alike[0] not in found.values():
                found[key] = alike[0]
    return found


def _plain(name: str) -> str:
    return name.strip().casefold()


def have_same_columns(header: Sequence[str] | None, other: Sequence[str] | None) -> bool:
    """Whether two files have the same columns in the same order, whatever their case."""
    if header is None or other is None:
        return header is other
    return [*map(_plain, header)] == [*map(_plain, other)]


def fits(names: Sequence[str], wanted: Mapping[str, str]) -> bool:
    """Whether all wanted headers are among the names."""
    return {*wanted.values()} <= {*names}


def other_separator(line: str, separator: str, wanted: Mapping[str, str]) -> str | None:
    """The separator that the line with the header seems to have, if it is not the given one."""
    others = {}
    for other in SEPARATORS:
        if other == separator or other not in line:
            continue
        if len(other) == 1:
            names = next(csv.reader([line], delimiter=other), [])
        else:
            names = line.rstrip("\r\n").split(other)
        if fits(names, wanted):
            return other
        others[other] = len(names)
    return max(others, key=others.get) if others and separator not in line else None
