"""The parts of the lines that a run prints: names of jobs, durations, reasons, lines of logs."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

WIDTH = 100
"""How long a printed line is at most."""


def short_reason(reason: str) -> str:
    """Snakemake's reason for a job in a few words, without its list of paths."""
    if "Missing output files" in reason:
        return "not made yet"
    if "Forced execution" in reason:
        return "forced"
    if "Input files updated by another job" in reason:
        return "what it reads is made anew"
    return reason or "asked for by name"


def grouped_names(names: Iterable[str]) -> list[str]:
    """The wildcards of jobs, those of one variant together: `["basic 42, 43", "other 42"]`."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name in sorted(filter(None, names)):
        variant, _, rest = name.partition(" ")
        groups[variant].append(rest)
    return [f"{variant} {', '.join(rests)}".rstrip() for variant, rests in groups.items()]


def read_lines(path: Path) -> list[str]:
    """The lines of a log that are not empty; none if it cannot be read."""
    try:
        return [line for line in path.read_text("utf-8", "replace").splitlines() if line.strip()]
    except OSError:
        return []


def cut(line: str, width: int = WIDTH) -> str:
    """The line, with an ellipsis where it is longer than the width."""
    return line if len(line) <= width else line[: width - 1] + "…"


def in_words(seconds: float) -> str:
    """A duration such as 0.4 s, 24 s, 3 m 05 s or 2 h 10 m."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes == 0:
        return f"{rest} s"
    return f"{minutes} m {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} m"


def about(seconds: float) -> str:
    """A rough duration, in seconds, minutes or hours."""
    if seconds < 60:
        return f"about {max(5, round(seconds / 5) * 5)} s"
    return f"about {seconds / 60:.0f} min" if seconds < 5400 else f"about {seconds / 3600:.1f} h"
