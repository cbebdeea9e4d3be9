"""The tokens that name the speakers of the lines around a line."""

import pandas as pd


def name_tag(name: str) -> str:
    """The token that names a speaker of the context."""
    return f"[{name}]"


def name_tags(columns: pd.DataFrame) -> list[str]:
    """The tags of all names in the columns of a context, in alphabetical order."""
    named = [columns[name] for name in columns if name.endswith("_names")]
    return sorted({name_tag(name) for column in named for cell in column for name in cell})
