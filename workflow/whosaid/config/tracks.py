"""The tracks: what a variant's models may know of who says a line."""

from typing import Literal

Track = Literal["A", "B", "C", "D", "E"]

TRACKS: dict[Track, str] = {
    "A": "the line alone",
    "B": "the line and the lines around it, without names",
    "C": "the line, the lines around it, and who spoke before it",
    "D": "the line, the lines around it, and who speaks them",
    "E": "as D, and the cast of the scene, to which the line's own speaker counts",
}
"""What a model may know of who says a line, from least to most."""
