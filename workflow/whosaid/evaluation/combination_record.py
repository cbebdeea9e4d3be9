"""What is recorded of predictions that were made of others, in the place of a training record."""

import importlib.metadata
from collections.abc import Iterable, Mapping
from typing import Any

from whosaid.caching.json_files import read_json, write_json

RECORDED_PACKAGES = ("numpy", "scipy", "scikit-learn")


def write_combination(
    path: str,
    seed: int,
    runtime: Mapping[str, Mapping[str, float]],
    rows: Mapping[str, int],
    arguments: Mapping[str, Any],
    trained: Iterable[str] = (),
    names_device: bool = False,
) -> None:
    """Write the record to `path`: as of a training without epochs, on the CPU.

    `runtime` and `rows` are by split, `arguments` say what was combined and how. The seconds are
    those of all splits and of the trainings whose records stand at the paths `trained`. If it
    `names_device`, device and precision are those of these trainings.
    """
    seconds = sum(split["seconds"] for split in runtime.values())
    records = [read_json(each) for each in trained]
    place = {"device": "CPU", "precision": "float64"}
    if names_device:
        place = {key: ", ".join(dict.fromkeys(each[key] for each in records)) for key in place}
    write_json(
        path,
        {
            "seed": seed,
            **place,
            "seconds": seconds + sum(each["seconds"] for each in records),
            "rows": rows,
            "history": [],
            "arguments": arguments,
            "versions": {name: importlib.metadata.version(name) for name in RECORDED_PACKAGES},
        },
    )
