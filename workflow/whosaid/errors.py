"""Errors that end a stage with one line for the user instead of a traceback."""


class StageError(Exception):
    """Ends a stage. The message is the one line that the user reads."""


class InputError(StageError):
    """Something that the user gave is wrong.

    The message says where, which value, what is allowed and what to do.
    """


class InterruptedStageError(StageError):
    """The stage was asked to stop. The message says how to continue."""
