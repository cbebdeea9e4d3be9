"""The stored thresholds and temperatures of a variant, with one writer and one reader of each."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from whosaid.caching.json_files import read_json, write_json


def write_thresholds(
    path: str | Path,
    seeds: Sequence[int],
    thresholds: np.ndarray | None,
    f_beta: np.ndarray | None,
    beta: float,
    temperatures: np.ndarray | None,
) -> None:
    """Write the threshold and the temperature of each seed; None where there are none.

    A threshold was chosen for its F-beta on valid; with a `beta` of 1 that goes by the name of F1.
    It is one on calibrated probabilities, if there are `temperatures`.
    """
    of_seeds: dict[str, dict[str, float]] = {str(seed): {} for seed in seeds}
    content: dict[str, Any] = {"chosen_on": "valid"}
    columns = {}
    if thresholds is not None:
        content["metric"] = "f1" if beta == 1 else "f_beta"
        content |= {} if beta == 1 else {"beta": beta}
        columns = {"threshold": thresholds, content["metric"]: f_beta}
    if temperatures is not None:
        columns["temperature"] = temperatures
    for name, values in columns.items():
        for of_seed, value in zip(of_seeds.values(), values, strict=True):
            of_seed[name] = float(value)
    write_json(path, content | {"seeds": of_seeds})


def read_thresholds(path: str | Path) -> dict[int, float]:
    """The threshold of each seed that has one."""
    return _read(path, "threshold")


def read_temperatures(path: str | Path) -> dict[int, float]:
    """The temperature of each seed that has one; the others are not calibrated."""
    return _read(path, "temperature")


def _read(path: str | Path, name: str) -> dict[int, float]:
    seeds = read_json(path)["seeds"]
    return {int(seed): each[name] for seed, each in seeds.items() if name in each}
