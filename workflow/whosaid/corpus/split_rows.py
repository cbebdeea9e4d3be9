"""Which rows go to train, test and valid, and the re-balancing of train."""

from collections.abc import Callable, Sequence
from typing import Any, assert_never

import numpy as np
import pandas as pd
from datasets import ClassLabel, Dataset, Features, Value

from whosaid.errors import InputError
from whosaid.split_names import SPLITS

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
    classes = ClassLabel(num_classes=int(labels.max()) + 1)
    features = Features({"position": Value("int64"), "label": classes})
    splits = _in_two_steps(halve, Dataset.from_dict(positions, features), fractions)
    return {name: part.with_format("numpy")["position"][:] for name, part in splits.items()}


def split_pandas_per_class(labels: np.ndarray, fractions: dict[str, float], seed: int) -> Positions:
    """Positions of train, test and valid, by the `sample` method of `pandas` in each class.

    Each split holds the class of the highest label first: as published, the positives. The rows
    that are left for valid stay in file order. The published code shuffles each split without a
    seed; `split_rows` uses a seed.
    """
    test_share = fractions["test"] / (fractions["test"] + fractions["valid"])
    parts = {name: [] for name in SPLITS}
    for label in np.unique(labels)[::-1]:
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


def split_group_kfold(
    labels: np.ndarray, groups: np.ndarray, folds: int, fold: int | None, seed: int
) -> Positions:
    """Positions of train, test and valid in file order; all rows of a group are in one split.

    The `folds` are those of scikit-learn's `StratifiedGroupKFold`: each has about as large a share
    of every class as all rows. Test is the `fold`, counted from 1, valid the next one (after the
    last the first), and train the others. Without a `fold` every split is all rows. Raises
    ValueError if there are fewer groups than folds.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    everything = np.arange(len(labels))
    in_folds = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    held_out = [test for _, test in in_folds.split(everything, labels, groups)]
    if fold is None:
        return dict.fromkeys(SPLITS, everything)
    test, valid = held_out[fold - 1], held_out[fold % folds]
    train = np.setdiff1d(everything, np.concatenate([test, valid]))
    return {"train": train, "test": test, "valid": valid}


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


def resample_train(
    positions: np.ndarray, labels: np.ndarray, resample: dict[str, float | None], seed: int
) -> np.ndarray:
    """The positions of train, re-balanced as the section `resample` of the config says."""
    to = [resample["undersample_to"], resample["oversample_to"]]
    if to != [None, None]:
        return balance_positions(positions, labels, *to, seed)
    of_target = resample["oversample_positives"], resample["undersample_negatives"]
    return resample_positions(positions, labels, *of_target, seed)


def balance_positions(
    positions: np.ndarray,
    labels: np.ndarray,
    undersample_to: float | None,
    oversample_to: float | None,
    seed: int,
) -> np.ndarray:
    """A sample of the rows of large classes, and copies of the rows of small ones.

    After `undersample_to` the smallest class has at least this share of the rows of any other.
    After `oversample_to` every class has at least this share of the largest one's: its rows are
    repeated, all equally often but for a last sample of them.
    """
    members = [pd.Series(positions[labels[positions] == label]) for label in np.unique(labels)]
    if undersample_to is not None:
        most = round(min(map(len, members)) / undersample_to)
        members = [
            each if len(each) <= most else each.sample(most, random_state=seed) for each in members
        ]
    if oversample_to is not None:
        least = round(max(map(len, members)) * oversample_to)
        members = [_repeated(each, max(least, len(each)), seed) for each in members]
    return np.concatenate(members)


def _repeated(rows: pd.Series, number: int, seed: int) -> np.ndarray:
    copies, rest = divmod(number, len(rows))
    return np.concatenate([np.tile(rows, copies), rows.sample(rest, random_state=seed)])


def share_of(positions: np.ndarray, labels: np.ndarray, share: float, seed: int) -> np.ndarray:
    """A random `share` of the positions of each class, in the order in which they came."""
    of_classes = pd.Series(positions).groupby(labels[positions])
    return of_classes.sample(frac=share, random_state=seed).sort_index().to_numpy()


def shuffle(positions: np.ndarray, seed: int) -> np.ndarray:
    """The positions in a random order, as `pandas` draws it."""
    return pd.Series(positions).sample(frac=1.0, random_state=seed).to_numpy()


def split_rows(
    labels: np.ndarray,
    names: Sequence[str],
    split: dict[str, Any],
    resample: dict[str, float | None] | None,
    groups: np.ndarray | None = None,
    too_short: np.ndarray | None = None,
) -> Positions:
    """Positions of train, test and valid, in the order in which they are written.

    `groups` holds the number of each row's group, for the methods that keep groups together. Rows
    for which `too_short` is true are removed from train before it is cut down to `train_share` and
    re-sampled. `labels` are 0, 1, 2 ..., and `names` their names. `split` and `resample` have the
    keys of the config. Raises InputError if a split would lack one of the classes.
    """
    method, fractions, seed = split["method"], split["fractions"], split["seed"]
    of_labels = np.bincount(labels, minlength=len(names))
    how = f"{fractions['train']:g} / {fractions['test']:g} / {fractions['valid']:g}"
    other = "other split.fractions"
    if method == "group_kfold":
        how, other = f"into {split['folds']} folds", "fewer split.folds"
    share = split.get("train_share")
    if share is not None:
        how += f" with a train_share of {share:g}"
        other += " or a larger train_share"
    if groups is not None:
        how += f" by {len(np.unique(groups))} whole {split['group_by']}s"
    rarest = int(of_labels.argmin())
    too_few = InputError(
        f"{of_labels[rarest]} of {len(labels)} lines are {names[rarest]}'s: they cannot be "
        f"split {how}, since each of train, test and valid needs at least one line of every class; "
        f"use more lines, fewer speakers, a smaller min_words or {other}"
    )
    # The stratified split rejects classes smaller than the number of splits.
    if of_labels.min() < len(SPLITS):
        raise too_few
    try:
        match method:
            case "datasets_stratified":
                parts = split_datasets_stratified(labels, fractions, seed)
            case "pandas_per_class":
                parts = split_pandas_per_class(labels, fractions, seed)
            case "group_shuffle":
                parts = split_group_shuffle(groups, fractions, seed)
            case "group_kfold":
                parts = split_group_kfold(labels, groups, split["folds"], split["fold"], seed)
            case _:
                assert_never(method)
    except ValueError:  # what a library says of rows that are too few
        raise too_few from None
    if too_short is not None:
        parts["train"] = parts["train"][~too_short[parts["train"]]]
    if share is not None:
        parts["train"] = share_of(parts["train"], labels, share, seed)
    if resample is not None:
        before = np.unique(labels[parts["train"]])
        parts["train"] = resample_train(parts["train"], labels, resample, seed)
        gone = np.setdiff1d(before, labels[parts["train"]])
        if len(gone):  # of the ways to re-sample only this one can leave none
            raise InputError(
                f"resample.undersample_negatives {resample['undersample_negatives']:g} leaves no "
                f"line of {names[gone[0]]} in train; set a larger one"
            )
    if any(len(np.unique(labels[positions])) < len(names) for positions in parts.values()):
        raise too_few
    if method != "datasets_stratified":
        parts = {name: shuffle(positions, seed) for name, positions in parts.items()}
    elif resample is not None:
        parts["train"] = shuffle(parts["train"], seed)
    return parts
