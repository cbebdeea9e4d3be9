"""A terminal that may go away while a job is at work."""

import os
import sys
from typing import IO


class DetachableStream:
    """A text stream whose writes are dropped once nobody reads the other end any more.

    A training of hours is not to end because `| head` or a lost connection closed the pipe that its
    progress bar writes to.
    """

    def __init__(self, stream: IO[str]):
        self.stream = stream

    def __getattr__(self, name):
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        """Write `text`, or drop it."""
        try:
            return self.stream.write(text)
        except BrokenPipeError:
            self._detach()
            return len(text)

    def flush(self) -> None:
        """Flush what was written, or drop it."""
        try:
            self.stream.flush()
        except BrokenPipeError:
            self._detach()

    def _detach(self) -> None:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, self.stream.fileno())
        os.close(null)


def make_terminal_detachable() -> None:
    """Let this process outlive the readers of its standard output and error."""
    sys.stdout, sys.stderr = DetachableStream(sys.stdout), DetachableStream(sys.stderr)
