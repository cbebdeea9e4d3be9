"""Transformers without its own messages and progress bars: a stage says what matters."""

import transformers


def quiet_transformers() -> None:
    """Let Transformers report errors only, and draw no bars."""
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
