import json

import pyarrow as pa
from datasets import Dataset, DatasetDict, load_from_disk

from whosaid.arrow_dataset import write_dataset_dict


def batch(*rows):
    return pa.record_batch(
        {
            "row": pa.array([row for row, _ in rows], pa.int64()),
            "input_ids": pa.array([ids for _, ids in rows], pa.list_(pa.int32())),
        }
    )


BATCHES = {
    "train": [batch((7, [1, 2]), (3, [])), batch((2**40, [5]))],
    "test": [batch((1, [4, 4, 4]))],
}


def names_below(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_library_reads_what_was_written(tmp_path):
    write_dataset_dict(tmp_path / "ours", BATCHES)
    dataset = load_from_disk(tmp_path / "ours")
    assert list(dataset) == ["train", "test"]
    assert dataset["train"].to_dict() == {"row": [7, 3, 2**40], "input_ids": [[1, 2], [], [5]]}
    assert dataset["test"][0] == {"row": 1, "input_ids": [4, 4, 4]}


def test_the_library_writes_the_same_files_of_the_same_columns(tmp_path):
    write_dataset_dict(tmp_path / "ours", BATCHES)
    tables = {name: pa.Table.from_batches(batches) for name, batches in BATCHES.items()}
    theirs = DatasetDict({name: Dataset(table) for name, table in tables.items()})
    theirs.save_to_disk(tmp_path / "theirs")
    assert names_below(tmp_path / "ours") == names_below(tmp_path / "theirs")
    assert load_from_disk(tmp_path / "ours")["train"].features == theirs["train"].features
    ours, theirs = (
        json.loads((tmp_path / who / "train" / "state.json").read_text())
        for who in ("ours", "theirs")
    )
    assert ours.keys() == theirs.keys()


def test_equal_rows_are_equal_bytes(tmp_path):
    for name in ("one", "other"):
        write_dataset_dict(tmp_path / name, BATCHES)
    for name in names_below(tmp_path / "one"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()
