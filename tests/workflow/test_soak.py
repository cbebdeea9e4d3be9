"""A few rounds of `soak.py`, which plays hundreds where it is run by name."""

import pytest
from disturbance import needs_proc
from soak import soak


@needs_proc
@pytest.mark.slow
def test_random_changes_make_just_what_is_stale(tmp_path):
    assert soak(tmp_path, rounds=8, seed=5, fresh_every=4).total() == 8
