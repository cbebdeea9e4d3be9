"""What `prune_store` deletes of a store, and when nothing."""

import prune_store
import pytest

from whosaid.caching.manifest import write_manifest
from whosaid.errors import InputError


@pytest.fixture
def data(tmp_path):
    """A project's `data` with one model, and a store with that model and another."""
    model = tmp_path / "data" / "toy" / "models" / "plain" / "seed_1"
    model.mkdir(parents=True)
    write_manifest(model, key="used")
    for key in ("used", "unused"):
        (tmp_path / "store" / key / "model").mkdir(parents=True)
    return tmp_path / "data"


def test_what_no_experiment_uses_is_deleted(data, tmp_path):
    prune_store.main(str(data), str(tmp_path / "store"))
    assert [path.name for path in (tmp_path / "store").iterdir()] == ["used"]


def test_a_store_that_others_may_use_stays_as_it_is(data, tmp_path):
    """Two checkouts can share a store by a link; one does not know what the other uses."""
    (data / "model_store").symlink_to(tmp_path / "store")
    with pytest.raises(InputError, match=r"model_store is a link to .*nothing was deleted"):
        prune_store.main(str(data), str(data / "model_store"))
    assert len([*(tmp_path / "store").iterdir()]) == 2
