"""The names of the three splits, in the order in which they are reported."""

SPLITS = ("train", "test", "valid")
"""Models learn from `train`, are evaluated on `test` after each epoch, on `valid` at the end."""

HELD_OUT = SPLITS[1:]
"""The splits that no model is trained on."""
