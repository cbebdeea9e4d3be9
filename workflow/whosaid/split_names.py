"""The names of the three splits, in the order in which they are reported."""

SPLITS = ("train", "test", "valid")
"""`train` is learned from, `test` is watched after each epoch, `valid` chooses the threshold."""

HELD_OUT = SPLITS[1:]
"""The splits that no model is trained on."""
