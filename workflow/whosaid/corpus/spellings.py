"""Finds spellings that seem to be of one name."""

import re
from collections.abc import Iterable

ASIDE = re.compile(r"[(\[].*?[)\]]")
"""An aside in a name, as in `JIM (on phone)`."""


def plain(name: str) -> str:
    """The letters and digits of a name, in lower case."""
    return re.sub(r"[\W_]", "", name.casefold())


def groups_of_spellings(names: Iterable[str]) -> list[list[str]]:
    """Names that differ only in case, blanks, signs or an aside in brackets.

    In each group names without an aside come first; else they are in the order given.
    """
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault(plain(ASIDE.sub("", name)) or name, []).append(name)
    groups = (sorted(group, key=lambda name: bool(ASIDE.search(name))) for group in alike.values())
    return [group for group in groups if len(group) > 1]
