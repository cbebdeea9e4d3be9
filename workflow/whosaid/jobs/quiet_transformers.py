"""Turns off the messages and progress bars of Transformers; stages log what matters."""

import transformers


def quiet_transformers() -> None:
    """Let Transformers log errors only, and show no progress bars."""
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
