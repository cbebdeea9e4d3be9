"""The names of the splits, in the order in which they are reported."""

SPLITS = ("train", "test", "valid")
"""`train` is learned from, `test` is watched after each epoch, `valid` is kept for the end."""
