"""The shipped recipe of each track, `config/best.yaml`, on the configs that it goes over."""

import pytest

from whosaid.config.parse import read_config
from whosaid.config.tracks import TRACKS

OFFICE = ["config/office.yaml", "config/office_minilm.yaml"]


@pytest.mark.parametrize("below", [[], OFFICE], ids=["sample", "office"])
def test_there_is_a_recipe_for_each_track_and_it_knows_no_more_than_that(below):
    config = read_config([*below, "config/context.yaml", "config/best.yaml"], ".")
    for track in TRACKS:
        name = f"best_{track}"
        assert config.track_of(name) == track
        assert not config.is_baseline(name)
        # It is compared with an encoder of its track.
        assert config.variants[config.reference_of(name)].classifier == "encoder"
