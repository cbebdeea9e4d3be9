"""Choose, label and deal out the lines of one variant.

In: `lines.parquet` and, where words are counted after sentences, NLTK's punkt_tab. Out: the splits
`train.parquet`, `test.parquet`, `valid.parquet` with the columns row, text, label, refused (a row
of test or valid that the variant leaves unanswered as too short); `added_tokens.json`, which the
annotation adds to the tokenizer; `split_audit.json`, the counts.
"""

import json
import logging
from collections.abc import Callable, Sequence
from math import ceil

import whosaid.environment  # noqa: F401  (before the libraries that read it)

# isort: split
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from whosaid.errors import InputError
from whosaid.hidden import hidden
from whosaid.normalise import normalise
from whosaid.splits import SPLITS
from whosaid.stage import stage
from whosaid.whole import whole, write_json

logger = logging.getLogger(__name__)

SCHEMA = pa.schema(
    {"row": pa.int64(), "text": pa.string(), "label": pa.int8(), "refused": pa.bool_()}
)

GROUPS = {"episode": ["season", "episode"], "scene": ["scene"]}
"""The columns in which the lines of one group agree."""


def select_speakers(lines: pd.DataFrame, target_speaker: str, top_speakers: int) -> pd.DataFrame:
    """The lines of the `top_speakers` most frequent speakers in file order, text and label added.

    The label is 1 where the speaker is `target_speaker`. Frequencies are those of the whole file.
    """
    top = lines["speaker"].value_counts().index[:top_speakers]
    kept = lines[lines["speaker"].isin(top)].rename(columns={"line": "text"})
    return kept.assign(label=(kept["speaker"] == target_speaker).astype("int8"))


def drop_duplicates(lines: pd.DataFrame, deduplicate: str) -> pd.DataFrame:
    """The first line of each text; `normalised` ignores case, punctuation and spacing."""
    texts = lines["text"].map(normalise) if deduplicate == "normalised" else lines["text"]
    return lines[~texts.duplicated()]


def count_words(texts: pd.Series, word_tokenizer: str, nltk_data: str | None) -> pd.Series:
    """Number of NLTK word tokens, punctuation included, in each text.

    `punkt` splits sentences first, with the punkt_tab data below the folder `nltk_data`;
    `preserve_line` takes the text as one sentence and needs no data.
    """
    # They take half a second, for parts of NLTK that are not used here.
    with hidden("scipy", "sklearn"):
        import nltk

    preserve_line = word_tokenizer == "preserve_line"
    if not preserve_line:
        nltk.data.path = [nltk_data]
    codes, distinct = texts.factorize()
    counts = (len(nltk.word_tokenize(text, preserve_line=preserve_line)) for text in distinct)
    return pd.Series(np.fromiter(counts, "int64", len(distinct))[codes], texts.index)


def annotate_texts(lines: pd.DataFrame, columns: Sequence[str]) -> tuple[pd.Series, list[str]]:
    """The texts with ` [value]` of each column appended, and the distinct tags.

    Tags are listed column by column, in order of appearance. An empty cell adds nothing.
    """
    texts, tokens = lines["text"], {}
    for column in columns:
        values = lines[column].astype(str)
        tags = ("[" + values + "]").where(values != "", "")
        tokens |= dict.fromkeys(tag for tag in tags.unique() if tag)
        texts = texts + (" " + tags).where(tags != "", "")
    return texts, list(tokens)


def split_in_two_steps(
    halve: Callable[[np.ndarray, float], Sequence[np.ndarray]],
    rows: int,
    fractions: dict[str, float],
) -> dict[str, np.ndarray]:
    """Positions of train and of the rest, and of test and valid in the rest, as published.

    `halve` parts positions in two; it is given the share of the second part.
    """
    train, rest = halve(np.arange(rows), 1 - fractions["train"])
    test, valid = halve(rest, fractions["valid"] / (fractions["test"] + fractions["valid"]))
    return {"train": train, "test": test, "valid": valid}


def split_datasets_stratified(
    labels: np.ndarray, fractions: dict[str, float], seed: int
) -> dict[str, np.ndarray]:
    """Positions of train, test and valid by `datasets`' stratified split, in its order.

    The order depends on the sequence of labels and the seed only. This is what
    `Dataset.train_test_split` does, without a dataset: that takes the labels one by one, a second
    for 40,000 of them.
    """
    from datasets.utils.stratify import stratified_shuffle_split_generate_indices as draw

    def halve(positions: np.ndarray, test_size: float) -> tuple[np.ndarray, np.ndarray]:
        tests = ceil(test_size * len(positions))
        generator = np.random.default_rng(seed)
        kept, taken = next(draw(labels[positions], len(positions) - tests, tests, generator))
        return positions[kept], positions[taken]

    return split_in_two_steps(halve, len(labels), fractions)


def split_pandas_per_class(
    labels: np.ndarray, fractions: dict[str, float], seed: int
) -> dict[str, np.ndarray]:
    """Positions of train, test and valid by `pandas`' sample of each class.

    Each split holds its positives first, then its negatives; what is left for valid stays in file
    order. The published code shuffles each split without a seed; `main` does so with one.
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


def split_group_shuffle(
    groups: np.ndarray, fractions: dict[str, float], seed: int
) -> dict[str, np.ndarray]:
    """Positions of train, test and valid, the rows of a group in one of them, in file order.

    The fractions are of the groups: scikit-learn's `GroupShuffleSplit` takes train from all, then
    test and valid from the rest, as the published splits do with rows.
    """
    from sklearn.model_selection import GroupShuffleSplit

    def halve(positions: np.ndarray, second: float) -> list[np.ndarray]:
        shuffled = GroupShuffleSplit(1, test_size=second, random_state=seed)
        (parts,) = shuffled.split(positions, groups=groups[positions])
        return [positions[part] for part in parts]

    return split_in_two_steps(halve, len(groups), fractions)


def resample_positions(
    positions: np.ndarray,
    labels: np.ndarray,
    oversample_positives: int,
    undersample_negatives: float,
    seed: int,
) -> np.ndarray:
    """Each positive `oversample_positives` times, then a sample of the negatives."""
    is_positive = labels[positions] == 1
    negatives = pd.Series(positions[~is_positive])
    kept = negatives.sample(frac=undersample_negatives, random_state=seed)
    return np.concatenate([np.tile(positions[is_positive], oversample_positives), kept])


def shuffle(positions: np.ndarray, seed: int) -> np.ndarray:
    """The positions in a random order, as `pandas` draws it."""
    return pd.Series(positions).sample(frac=1.0, random_state=seed).to_numpy()


def split_rows(
    labels: np.ndarray,
    split: dict,
    resample: dict[str, float] | None,
    groups: np.ndarray | None = None,
    too_short: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """Positions of train, test and valid, in the order in which they are written.

    `groups` numbers what the method `group_shuffle` keeps together. Rows where `too_short` is true
    leave train, before it is re-sampled. Raises InputError if a split would lack one of the two
    classes.
    """
    method, fractions, seed = split["method"], split["fractions"], split["seed"]
    positives, rows = int(labels.sum()), len(labels)
    dealt = ""
    if method == "group_shuffle":
        dealt = f" by {len(np.unique(groups))} whole {split['group_by']}s"
    too_few = InputError(
        f"{positives} lines of the target and {rows - positives} of the other speakers cannot be "
        f"split {fractions['train']:g} / {fractions['test']:g} / {fractions['valid']:g}{dealt}: "
        "each of train, test and valid needs at least one of either; use more lines, a smaller "
        "min_words or other split.fractions"
    )
    # The stratified split refuses classes smaller than the number of parts.
    if min(positives, rows - positives) < len(SPLITS):
        raise too_few
    try:
        if method == "datasets_stratified":
            parts = split_datasets_stratified(labels, fractions, seed)
        elif method == "pandas_per_class":
            parts = split_pandas_per_class(labels, fractions, seed)
        else:
            parts = split_group_shuffle(groups, fractions, seed)
    except ValueError:
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


def lines_by_words(words: np.ndarray) -> dict[str, int]:
    """How many lines have each number of words, in the order of the numbers."""
    numbers, lines = np.unique(words, return_counts=True)
    return {str(number): int(count) for number, count in zip(numbers, lines, strict=True)}


def audit(parts: dict[str, pd.DataFrame], refused_in_train: pd.DataFrame, **counts) -> dict:
    """The counts of the whole, of each split and of what train refuses."""
    of_parts = {
        name: {
            "rows": len(part),
            "positives": int(part["label"].sum()),
            "distinct_rows": int(part["row"].nunique()),
            "refused": int(part["refused"].sum()),
        }
        for name, part in parts.items()
    }
    refused = {"rows": len(refused_in_train), "positives": int(refused_in_train["label"].sum())}
    return counts | of_parts | {"refused_in_train": refused}


def main(
    lines: str,
    outputs: dict[str, str],
    target_speaker: str,
    top_speakers: int,
    deduplicate: str | None,
    min_words: int | None,
    min_words_scope: str,
    word_tokenizer: str | None,
    annotate: list[str],
    split: dict,
    resample: dict[str, float] | None,
    nltk_data: str | None = None,
) -> None:
    """Write the splits, the added tokens and the audit to the paths in `outputs`."""
    grouping = GROUPS[split["group_by"]] if split["method"] == "group_shuffle" else []
    columns = {"row", "speaker", "line", *annotate, *grouping}
    everything = pd.read_parquet(lines, columns=sorted(columns))
    kept = select_speakers(everything, target_speaker, top_speakers)
    counts = {"lines": len(everything), "of_top_speakers": len(kept)}
    if deduplicate is not None:
        kept = drop_duplicates(kept, deduplicate)
    counts["of_deduplicate"] = len(kept)
    kept = kept.assign(refused=False)
    if min_words is not None:
        words = np.asarray(count_words(kept["text"], word_tokenizer, nltk_data))
        classes = {"not": kept["label"] == 0, "target": kept["label"] == 1}
        counts["word_counts"] = {name: lines_by_words(words[of]) for name, of in classes.items()}
        if min_words_scope == "corpus":
            kept = kept[words >= min_words]
        else:
            kept = kept.assign(refused=words < min_words)
    counts["of_min_words"] = len(kept)
    texts, added_tokens = annotate_texts(kept, annotate)
    rows = kept.assign(text=texts)[SCHEMA.names]
    labels, too_short, groups = rows["label"].to_numpy(), rows["refused"].to_numpy(), None
    if grouping:
        groups = kept.groupby(grouping).ngroup().to_numpy()
    positions = split_rows(labels, split, resample, groups, too_short)
    parts = {name: rows.iloc[positions[name]] for name in SPLITS}
    for name, part in parts.items():
        with whole(outputs[name]) as partial:
            pq.write_table(pa.Table.from_pandas(part, SCHEMA, preserve_index=False), partial)
        logger.info("%s: %d rows, %d positive", name, len(part), part["label"].sum())
    write_json(outputs["added_tokens"], added_tokens)
    held_out = rows["row"].isin(pd.concat([parts["test"]["row"], parts["valid"]["row"]]))
    write_json(outputs["audit"], audit(parts, rows[rows["refused"] & ~held_out], **counts))


if __name__ == "__main__":
    with stage(snakemake):
        main(
            lines=snakemake.input.lines,
            outputs=dict(snakemake.output),
            nltk_data=snakemake.input.get("punkt") or None,
            **json.loads(snakemake.params.settings),
        )
