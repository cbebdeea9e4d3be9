"""The types of the config's values that several sections share, and what all sections are."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

PLAIN_WORD = (
    "a name is a plain word, since it names files: a letter, then letters, digits or _, at most "
    "100 in all, with no end that is repeated 20 times"
)


def refuse_bool(value: Any) -> Any:
    """The value. Raises ValueError for true and false, which Python treats as 1 and 0."""
    if isinstance(value, bool):
        raise ValueError("Input should be a number")
    return value


def plain_word(name: str) -> str:
    """The name. Raises ValueError if files cannot be called so."""
    # A repeated end is for Snakemake the sign of an endless recursion. File systems allow 255
    # characters, and names of temporary files add the host's name and more.
    if not re.fullmatch(r"(?!.*?(.+)\1{19}$)[A-Za-z][A-Za-z0-9_]{0,99}", name):
        raise ValueError(PLAIN_WORD)
    return name


def _differ_in_letters(named: dict[str, Any]) -> dict[str, Any]:
    seen: dict[str, str] = {}
    for name in named:
        other = seen.setdefault(name.lower(), name)
        if other != name:
            raise ValueError(f"{other} and {name} would be one file where case does not count")
    return named


def plain_path(path: str) -> str:
    """The path. Raises ValueError if it has what Snakemake or a file system cannot take."""
    if re.search(r"[{}\x00-\x1f]", path):
        raise ValueError("a path has no braces, which are wildcards, and no control characters")
    return path


Number = Annotated[float, BeforeValidator(refuse_bool), Field(allow_inf_nan=False)]
Count = Annotated[int, BeforeValidator(refuse_bool), Field(ge=1)]
Seed = Annotated[int, BeforeValidator(refuse_bool), Field(ge=0, lt=2**32)]
Name = Annotated[str, AfterValidator(plain_word)]
Named = AfterValidator(_differ_in_letters)
Text = Annotated[str, Field(min_length=1)]
FilePath = Annotated[Text, AfterValidator(plain_path)]
Share = Annotated[Number, Field(ge=0, le=1)]
Ratio = Annotated[Number, Field(gt=0, le=1)]


class Section(BaseModel):
    """A section of the config: closed (an unknown key is an error) and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)
