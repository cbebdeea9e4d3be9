"""The names of the classes."""

from collections.abc import Sequence

OTHERS = "others"
"""The class of all speakers that have no class of their own."""


def label_names(target_speaker: str | None, speakers: Sequence[str]) -> list[str]:
    """The names of the labels, in their order.

    With a `target_speaker` label 0 is everybody else, and label 1 the target. Without one each of
    the `speakers` has a label.
    """
    if target_speaker is None:
        return list(speakers)
    return [f"not_{target_speaker}", target_speaker]
