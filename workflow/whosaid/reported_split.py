"""The split that tables and figures report."""

REPORTED = "test"
"""Variants are compared, sliced and drawn on it. Not in `split_names`, which training imports."""
