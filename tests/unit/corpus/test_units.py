"""Which lines belong together, in corpora with and without seasons, episodes and scenes."""

import audit_splits
import pandas as pd
import pyarrow as pa
import pytest

from whosaid.caching.json_files import read_json
from whosaid.corpus.natural_order import by_number
from whosaid.corpus.units import read_units, unit_columns
from whosaid.reporting.audit_table import audit_page


def columns_of(**types):
    return unit_columns(pa.schema([("row", "int64"), *types.items(), ("line", "string")]))


def test_numbered_scenes_are_counted_through_the_script_and_others_in_their_episode():
    published = columns_of(season="int16", episode="int16", scene="int32")
    assert published == {"row": ["row"], "scene": ["scene"], "episode": ["season", "episode"]}
    texts = columns_of(season="string", episode="string", scene="string")
    assert texts["scene"] == ["season", "episode", "scene"]
    assert columns_of(scene="string") == {"row": ["row"], "scene": ["scene"]}
    assert columns_of(episode="string") == {"row": ["row"], "episode": ["episode"]}
    assert columns_of(season="string") == {"row": ["row"]}


def test_scenes_of_the_same_name_are_two_if_their_episodes_differ(tmp_path):
    lines = pd.DataFrame({"row": [5, 6, 7], "episode": ["a", "a", "b"], "scene": ["1", "2", "1"]})
    lines.to_parquet(tmp_path / "lines.parquet", index=False)
    units = read_units(str(tmp_path / "lines.parquet"))
    assert units.columns.tolist() == ["row", "scene", "episode"]
    assert units["scene"].nunique() == 3
    assert units["episode"].tolist() == [0, 0, 1]


def test_whole_numbers_are_sorted_as_numbers_and_before_texts():
    names = ["10", "Pilot", "2", "Finale", "1"]
    assert sorted(names, key=by_number) == ["1", "2", "10", "Finale", "Pilot"]
    assert sorted([10, 9], key=by_number) == [9, 10]


@pytest.mark.parametrize("mapped", [[], ["scene"], ["season", "episode"]])
def test_the_leak_audit_says_of_groups_only_what_the_corpus_has(mapped, tmp_path, lines, splits):
    everything = pd.read_parquet(lines)
    texts = everything[mapped].astype("str")
    path = tmp_path / "lines.parquet"
    everything[["row", "speaker", "line"]].join(texts).to_parquet(path, index=False)
    audit_splits.main(
        splits=[str(splits / f"{name}.parquet") for name in ("train", "test", "valid")],
        lines=str(path),
        audit=str(tmp_path / "audit.json"),
        crossed=str(tmp_path / "crossed.json"),
        experiment="toy",
        variant="plain",
        question="target",
        annotate=[],
        near_duplicate_similarity=0.9,
        limits={"shared_episodes": None, "shared_scenes": None},
    )
    audit = read_json(tmp_path / "audit.json")
    page = audit_page("toy", {"plain": "Plain"}, {"plain": audit})
    for group in ("episode", "scene"):
        assert (f"shared_{group}s" in audit["held_out"]["test"]) == (group in mapped)
        assert (f"shared {group}s" in page) == (group in mapped)
    assert bool(audit["splits"]["test"]["seasons"]) == ("season" in mapped)
    assert ("Rows of each season" in page) == ("season" in mapped)
