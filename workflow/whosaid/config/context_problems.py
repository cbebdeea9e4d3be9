"""What a linear baseline reads and what its context gives must fit."""

from collections.abc import Iterator, Mapping
from typing import Any

from whosaid.config.column_names import CONTEXT_FEATURES
from whosaid.config.missing_columns import Problem, mapping
from whosaid.config.model import Config


def context_problems(config: Config, written: Mapping[str, Any]) -> Iterator[Problem]:
    """A problem for each feature that a context does not give, and each context that nobody reads.

    `written` are the variants as the user wrote them: a context of the defaults may go unread.
    """
    for name, variant in config.variants.items():
        given = ", ".join(variant.context.features) if variant.context else "nothing"
        for feature in variant.missing_context:
            path = ("variants", name, "linear", "features")
            yield path, f"{feature!r}: the context of {name} gives {given}; change its key context"
        # Length alone is what a track's baseline without text reads, where nobody is named.
        is_read = {*variant.linear.features} & {*CONTEXT_FEATURES, "word_count"}
        is_own = variant.context is not None and "context" in mapping(written.get(name))
        if variant.classifier == "linear" and is_own and not is_read:
            yield (
                ("variants", name, "context"),
                "no feature of this linear baseline reads it; name some of what it gives in "
                f"linear.features ({given}), or leave it out",
            )
