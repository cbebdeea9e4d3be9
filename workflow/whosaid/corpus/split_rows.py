"""Which rows go to train, test and valid, and the re-balancing of train."""

from collections.abc import Callable, Sequence
from typing import Any, assert_never

import numpy as np
import pandas as pd
from datasets import ClassLabel, Dataset, Features, Value

from whosaid.errors import InputError
from whosaid.split_names import SPLITS

FEATURES = Features({"position": Value("int64"), "label": ClassLabel(num_classes=2)})


Positions = dict[str, np.ndarray]
"""For each split the positions of its rows among all rows, in the order of the split."""


def split_datasets_stratified(
    labels: np.ndarray, fractions: dict[str, float], seed: int
) -> Positions:
    """Positions of train, test and valid by the stratified `train_test_split` of `datasets`.

    As published, it splits off train first and then splits the rest into test and valid. The order
    depends only on the sequence of labels and the seed. Raises ValueError for a small class.
    """

    def halve(rows: Dataset, second: float) -> tuple[Dataset, Dataset]:
        halves = rows.train_test_split(
            second, stratify_by_column="label", seed=seed, keep_in_memory=True
        )
        return halves["train"], halves["test"]

    positions = {"position": np.arange(len(labels)), "label": labels}
    splits = _in_two_steps(halve, Dataset.from_dict(positions, FEATURES), fractions)
    return {name: part.with_format("numpy")["position"][:] for name, part in splits.items()}


def split_pandas_per_class(labels: np.ndarray, fractions: dict[str, float], seed: int) -> Positions:
    """Positions of train, test and valid, by the `sample` method of `pandas` in each class.

    Each split holds its positives first, then its negatives. The rows that are left for valid stay
    in file order. The published code shuffles each split without a seed; `split_rows` uses a seed.
    """
    test_share = fractions["test"] / (fractions["test"] + fractions["valid"])
    parts = {name: [] for name in SPLITS}
    for label in (1, 0):
        members = pd.Series(np.flatnonzero(labels == label))
        train = members.sample(frac=fractions["train"], random_state=seed)
        rest = members.drop(train.index)
        test = rest.sample(frac=test_share, random_state=seed)
        valid = rest.drop(test.index)
        for name, part in zip(SPLITS, (train, test, valid), strict=True):
            parts[name].append(part.to_numpy())
    return {name: np.concatenate(arrays) for name, arrays in parts.items()}


def split_group_shuffle(groups: np.ndarray, fractions: dict[str, float], seed: int) -> Positions:
    """Positions of train, test and valid in file order; all rows of a group are in one split.

    The fractions are fractions of the groups. scikit-learn's `GroupShuffleSplit` splits off train
    and then splits the rest into test and valid, as the published splits do with rows.
    """
    from sklearn.model_selection import GroupShuffleSplit

    def halve(positions: np.ndarray, second: float) -> list[np.ndarray]:
        shuffled = GroupShuffleSplit(1, test_size=second, random_state=seed)
        (parts,) = shuffled.split(positions, groups=groups[positions])
        return [positions[part] for part in parts]

    return _in_two_steps(halve, np.arange(len(groups)), fractions)


def _in_two_steps(
    halve: Callable[[Any, float], Sequence[Any]], rows: Any, fractions: dict[str, float]
) -> dict[str, Any]:
    """Split off train, then split the rest into test and valid, as published.

    `halve` splits rows into two parts; its second argument is the share of the second part.
    """
    train, rest = halve(rows, 1 - fractions["train"])
    test, valid = halve(rest, fractions["valid"] / (fractions["test"] + fractions["valid"]))
    return {"train": train, "test": test, "valid": valid}


def resample_positions(
    positions: np.ndarray,
    labels: np.ndarray,
    oversample_positives: int,
    undersample_negatives: float,
    seed: int,
) -> np.ndarray:
    """Each positive repeated `oversample_positives` times, then a sample of the negatives."""
    is_positive = labels[positions] == 1
    negatives = pd.Series(positions[~is_positive])
    kept = negatives.sample(frac=undersample_negatives, random_state=seed)
    return np.concatenate([np.tile(positions[is_positive], oversample_positives), kept])


def shuffle(positions: np.ndarray, seed: int) -> np.ndarray:
    """The positions in a random order, as `pandas` draws it."""
    return pd.Series(positions).sample(frac=1.0, random_state=seed).to_numpy()


def split_rows(
    labels: np.ndarray,
    split: dict[str, Any],
    resample: dict[str, float] | None,
    groups: np.ndarray | None = None,
    too_short: np.ndarray | None = None,
) -> Positions:
    """Positions of train, test and valid, in the order in which they are written.

    `groups` holds the number of each row's group, for the method `group_shuffle`. Rows for which
    `too_short` is true are removed from train before it is re-sampled. Raises InputError if a split
    would lack one of the two classes.
    """
    method, fractions, seed = split["method"], split["fractions"], split["seed"]
    positives, rows = int(labels.sum()), len(labels)
    by_groups = ""
    if method == "group_shuffle":
        by_groups = f" by {len(np.unique(groups))} whole {split['group_by']}s"
    too_few = InputError(
        f"{positives} lines of the target and {rows - positives} of the other speakers cannot be "
        f"split {fractions['train']:g} / {fractions['test']:g} / {fractions['valid']:g}{by_groups}"
        ": each of train, test and valid needs at least one of either; use more lines, a smaller "
        "min_words or other split.fractions"
    )
    # The stratified split rejects classes smaller than the number of splits.
    if min(positives, rows - positives) < len(SPLITS):
        raise too_few
    try:
        match method:
            case "datasets_stratified":
                parts = split_datasets_stratified(labels, fractions, seed)
            case "pandas_per_class":
                parts = split_pandas_per_class(labels, fractions, seed)
            case "group_shuffle":
                parts = split_group_shuffle(groups, fractions, seed)
            case _:
                assert_never(method)
    except ValueError:  # what a library says of rows that are too few
        raise too_few from None
    if too_short is not None:
        parts["train"] = parts["train"][~too_short[parts["train"]]]
    if resample is not None:
        parts["train"] = resample_positions(parts["train"], labels, **resample, seed=seed)
    if any(len(np.unique(labels[positions])) < 2 for positions in parts.values()):
        raise too_few
    if method != "datasets_stratified":
        parts = {name: shuffle(positions, seed) for name, positions in parts.items()}
    elif resample is not None:
        parts["train"] = shuffle(parts["train"], seed)
    return parts
