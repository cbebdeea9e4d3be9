"""What went wrong in a run, said once more near its end, below Snakemake's account of it."""

import sys
from pathlib import Path

FAILURES = Path(".snakemake/whosaid.failures")


def note_failure(line: str) -> None:
    """Keep the line that a failed stage ends with. A disk that is full is no second failure."""
    try:
        with FAILURES.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
    except OSError:
        pass


def forget_failures() -> None:
    """Forget the failures of the run before."""
    FAILURES.unlink(missing_ok=True)


def repeat_failures() -> None:
    """Print the failures of this run to the standard error."""
    if FAILURES.is_file():
        print(FAILURES.read_text(encoding="utf-8").rstrip(), file=sys.stderr)
