"""The stored decision thresholds of a variant, with one writer and one reader."""

from collections.abc import Mapping
from pathlib import Path

from whosaid.caching.json_files import read_json, write_json


def write_thresholds(
    path: str | Path, chosen: Mapping[int, tuple[float, float]], beta: float
) -> None:
    """Write the threshold of each seed, and the F-beta on valid for which it was chosen.

    With a `beta` of 1 it goes by the name of F1.
    """
    metric, goal = ("f1", {}) if beta == 1 else ("f_beta", {"beta": beta})
    seeds = {
        str(seed): {"threshold": value, metric: best} for seed, (value, best) in chosen.items()
    }
    write_json(path, {"chosen_on": "valid", "metric": metric, **goal, "seeds": seeds})


def read_thresholds(path: str | Path) -> dict[int, float]:
    """The threshold of each seed."""
    seeds = read_json(path)["seeds"]
    return {int(seed): each["threshold"] for seed, each in seeds.items()}
