"""The stored decision thresholds of a variant, with one writer and one reader."""

from collections.abc import Mapping
from pathlib import Path

from whosaid.caching.json_files import read_json, write_json


def write_thresholds(path: str | Path, chosen: Mapping[int, tuple[float, float]]) -> None:
    """Write the threshold of each seed, and the F1 on valid for which it was chosen."""
    seeds = {str(seed): {"threshold": value, "f1": f1} for seed, (value, f1) in chosen.items()}
    write_json(path, {"chosen_on": "valid", "metric": "f1", "seeds": seeds})


def read_thresholds(path: str | Path) -> dict[int, float]:
    """The threshold of each seed."""
    seeds = read_json(path)["seeds"]
    return {int(seed): each["threshold"] for seed, each in seeds.items()}
