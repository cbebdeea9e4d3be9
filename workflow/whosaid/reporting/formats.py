"""How numbers are formatted in all tables and figures."""

from collections.abc import Callable
from typing import Any

from whosaid.reporting.markdown import escaped

DECIMALS = 3
"""Decimals of every metric, interval and difference."""

METRIC = f"z.{DECIMALS}f"
DIFFERENCE = f"+z.{DECIMALS}f"
COUNT = ",d"

UNDEFINED = "—"


def duration(seconds: float) -> str:
    """Minutes and seconds as in `9 m 48 s`, below a minute as in `3.1 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} m {rest} s" if minutes else f"{seconds:.1f} s"


FORMS: dict[str, Callable[[Any], str]] = {
    "duration": duration,
    "length": lambda value: str(len(value)),
    "percent": lambda share: f"{100 * share:.4g} %",
    "text": escaped,
}
"""Forms by name, in addition to Python's own format specifications."""


def rendered(value: Any, form: str) -> str:
    """`value` as a text; `form` is a name in FORMS or a format specification. A dash for None."""
    if value is None:
        return UNDEFINED
    return FORMS[form](value) if form in FORMS else format(value, form)
