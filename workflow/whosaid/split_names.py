"""The names of the three splits, in the order in which they are reported."""

SPLITS = ("train", "test", "valid")
"""`train` is learned from, `test` watched; `valid` chooses the threshold and perhaps the epoch."""

HELD_OUT = SPLITS[1:]
"""The splits that no model is trained on."""
