"""What the valid split may choose besides a threshold and a temperature."""

from typing import Literal

ChosenOnValid = Literal["epoch", "weights", "member"]
"""The epoch whose weights are kept, the weights of an ensemble, or the one member that counts."""
