"""What a table cannot show: a reference without a row, and two rows of one title."""

from collections.abc import Iterator

from whosaid.config.missing_columns import Problem
from whosaid.config.model import Config


def table_problems(config: Config) -> Iterator[Problem]:
    """A problem for a `reference` that has no row, and for each title that stands twice."""
    reference = config.reference
    if reference is not None and reference not in config.shown:
        rows = ", ".join(config.shown)
        is_part = "has no row of its own" if reference in config.variants else "is not in variants"
        yield ("reference",), f"{reference!r} {is_part}; choose from {rows}"
    of_titles: dict[str, str] = {}
    for name in config.shown:
        title = config.variants[name].title or name
        other = of_titles.setdefault(title, name)
        if other != name:
            yield ("variants", name, "title"), f"{title!r}: {other} is called so; choose another"
