"""How the name of a speaker is normalised."""

from collections.abc import Mapping
from typing import Literal, assert_never

Normalisation = Literal["none", "strip", "casefold"]


def normalise_name(name: str, normalise: Normalisation) -> str:
    """The name as it is, without blanks at its ends, or without these and without case."""
    match normalise:
        case "none":
            return name
        case "strip":
            return name.strip()
        case "casefold":
            return name.strip().casefold()
        case _:
            assert_never(normalise)


def final_name(name: str, normalise: Normalisation, aliases: Mapping[str, str]) -> str:
    """The name under which the lines of a speaker are stored: normalised, then by its alias.

    The keys and values of `aliases` are compared and used as normalised. An alias is looked up
    once, so the name that it gives is not looked up again.
    """
    known = {normalise_name(key, normalise): value for key, value in aliases.items()}
    name = normalise_name(name, normalise)
    return normalise_name(known.get(name, name), normalise)
