"""The names of the two classes."""


def label_names(target_speaker: str) -> list[str]:
    """The names of label 0, everybody else, and label 1, the target speaker."""
    return [f"not_{target_speaker}", target_speaker]
