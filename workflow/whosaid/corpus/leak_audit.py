"""The leak audit: what a model could know about held-out rows from its training rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from whosaid.corpus.context import context_borders, cut, spans_around
from whosaid.corpus.natural_order import by_number
from whosaid.corpus.near_duplicates import near_duplicates
from whosaid.corpus.normalise_text import normalise
from whosaid.corpus.units import unit_columns
from whosaid.split_names import HELD_OUT

EXAMPLES = 5
NEAR_MIN_WORDS = 4
SHOWN_CHARACTERS = 80

CROSSED = {
    "exact_duplicates": ("equals", "deduplicate: exact drops such lines"),
    "normalised_duplicates": (
        "equals, but for case, punctuation and spacing,",
        "deduplicate: normalised drops such lines",
    ),
    "near_duplicates": ("nearly equals", "take one of such lines out of the CSV"),
    "shared_episodes": ("is of the episode of", "split.group_by: episode keeps episodes whole"),
    "shared_scenes": ("is of the scene of", "split.group_by: scene keeps scenes whole"),
    "shared_neighbours": (
        "has in its context",
        "split.group_by: scene or episode keeps neighbours together",
    ),
}
"""For each limit: how a row is related to a row of train, and how to prevent that."""

NOTES = [
    "Texts are the lines as spoken, without the tags that the variant appends.",
    "Normalised: case, punctuation and spacing do not count.",
    "Near duplicates do not include normalised duplicates. The cosine is that of the counts of the "
    "character trigrams of the normalised texts. Texts of fewer words than "
    "near_duplicate_min_words are compared only exactly and normalised.",
    "The best scores are those of a classifier that sees only the text, as written (tags included) "
    "or as spoken and normalised, and knows the labels of every distinct text of the split.",
    "Rows that train holds several times count once in texts, both_labels and seasons, and as "
    "often as they stand in rows and the best scores.",
]


def read_lines(
    path: str, annotate: list[str], context: Mapping[str, Any] | None = None
) -> pd.DataFrame:
    """The lines of the corpus by row: text, season, tags, and the groups `episodes` and `scenes`.

    A corpus without one of these has no such column. The tags of a line are its own values of the
    columns `annotate`, each as ` [value]`. With a `context`, `neighbours` lists the rows of the
    lines around each line.
    """
    schema = pq.read_schema(path)
    units = {f"{unit}s": by for unit, by in unit_columns(schema).items() if unit != "row"}
    wanted = {"row", "season", "line", *annotate, *(name for by in units.values() for name in by)}
    columns = [name for name in schema.names if name in wanted]
    lines = pd.read_parquet(path, columns=columns).set_index("row")
    tags = [
        "".join(f" [{cell}]" for cell in cells if cell != "")
        for cells in lines[annotate].to_numpy().tolist()
    ]
    groups = {unit: lines.groupby(by).ngroup() for unit, by in units.items()}
    kept = ["line", "season"] if "season" in lines else ["line"]
    around = {}
    if context:
        borders = context_borders(lines, unit_columns(schema), context["across_scenes"])
        sides = spans_around(borders, context["before"], context["after"])
        before, after = (cut(lines.index.to_numpy(), side) for side in sides)
        around["neighbours"] = [[*first, *then] for first, then in zip(before, after, strict=True)]
    return lines[kept].assign(tags=tags, **groups, **around)


def read_split(path: str, lines: pd.DataFrame) -> pd.DataFrame:
    """The rows of the split at `path`, in its order, with the columns of their lines and four more.

    `text` is as written, with tags; `spoken` is without them; `key` is normalised and without,
    `written_key` normalised and with tags. `altered` says whether the text is not that of the line.
    The pipeline writes no text that does not end with its tags. Such a text is compared as it is;
    if it differs only in the case or punctuation of the tags, they are removed from its key.
    """
    split = pd.read_parquet(path, columns=["row", "text", "label"]).reset_index(drop=True)
    split = split.join(lines.loc[split["row"].unique()], on="row")
    spoken, keys, written_keys = [], [], []
    for text, tags in zip(split["text"], split["tags"], strict=True):
        said = text.removesuffix(tags)
        key = normalise(said)
        written_keys.append(normalise(text) if tags else key)
        spoken.append(said)
        keys.append((key.removesuffix(normalise(tags)) or key) if said == text else key)
    altered = split["text"] != split["line"] + split["tags"]
    return split.assign(spoken=spoken, key=keys, written_key=written_keys, altered=altered)


def find_equal(split: pd.DataFrame, other: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """The rows that have a value of `columns` in common with a row of `other`.

    The index holds the position of such a row, the column `other` that of the first row like it.
    """
    first = pd.concat([pd.Series(other.index, other[name]) for name in columns])
    first = first.groupby(level=0).min()
    found = pd.concat([split[name].map(first) for name in columns], axis=1).min(axis=1)
    return found.dropna().astype("int64").to_frame("other")


def find_neighbours(split: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """The rows with a row of `other` among their `neighbours`: a result of `find_equal`."""
    first = pd.Series(other.index, other["row"]).groupby(level=0).min()
    found = split["neighbours"].explode().map(first).groupby(level=0).min()
    return found.dropna().astype("int64").to_frame("other")


def find_near(split: pd.DataFrame, other: pd.DataFrame, similarity: float) -> pd.DataFrame:
    """The rows with a near duplicate in `other`: a result of `find_equal` with a `similarity`."""

    def long_texts(rows: pd.DataFrame) -> pd.Series:
        words = rows["spoken"].map(lambda text: len(text.split()))
        return rows.loc[words >= NEAR_MIN_WORDS, "key"].drop_duplicates()

    ours, theirs = long_texts(split), long_texts(other)
    found = near_duplicates(ours.tolist(), theirs.tolist(), similarity)
    alike = {ours.iloc[number]: (theirs.index[n], cosine) for number, (n, cosine) in found.items()}
    matched = split.loc[split["key"].isin(list(alike)), "key"]
    pairs = [alike[key] for key in matched]
    return pd.DataFrame(pairs, matched.index, columns=["other", "similarity"])


def describe(matches: pd.DataFrame, split: pd.DataFrame, other: pd.DataFrame) -> dict[str, Any]:
    """The number of matched rows, their share of the split, and the first few."""
    first = matches[:EXAMPLES]
    partners = other.loc[first["other"], ["row", "text"]].add_prefix("other_")
    examples = split.loc[first.index, ["row", "text"]].join(partners.set_index(first.index))
    return {
        "rows": len(matches),
        "share": len(matches) / len(split),
        "examples": examples.join(first.drop(columns="other")).to_dict("records"),
    }


def compare_texts(
    split: pd.DataFrame, other: pd.DataFrame, similarity: float
) -> dict[str, dict[str, Any]]:
    """The exact, normalised and near duplicates of the rows of `split` in `other`."""
    normalised = find_equal(split, other, ["key", "written_key"])
    found = {
        "exact": find_equal(split, other, ["spoken", "text"]),
        "normalised": normalised,
        "near": find_near(split.drop(normalised.index), other, similarity),
    }
    return {
        f"{name}_duplicates": describe(matches, split, other) for name, matches in found.items()
    }


def best_scores_of(split: pd.DataFrame, column: str, question: str) -> dict[str, float | None]:
    """The best scores of a classifier that sees nothing but the `column`.

    F1 is that of the target's lines, and None if the question is about all speakers.
    """
    counts = pd.crosstab(split[column], split["label"])
    if question == "target":
        return best_scores(counts.reindex(columns=[0, 1], fill_value=0).to_numpy())
    return {"accuracy": float(counts.to_numpy().max(axis=1).sum() / len(split)), "f1": None}


def best_scores(counts: np.ndarray) -> dict[str, float]:
    """The best accuracy and the best F1 of any classifier that sees nothing but the text.

    `counts` holds the number of rows of each label for each distinct text (texts x 2). Such a
    classifier predicts the same for all rows of a text. Accuracy is best if each text gets its more
    frequent label. F1 is best if the target's are the texts whose share of the target's rows is
    more than half the best F1 (Lipton, Elkan and Naryanaswamy 2014, "Optimal Thresholding of
    Classifiers to Maximize F1 Measure"). These are the first k in decreasing order of that share,
    so the best F1 is the greatest over all k.
    """
    rows, positives = counts.sum(axis=1), counts[:, 1]
    order = np.argsort(-positives / rows, kind="stable")
    f1 = 2 * np.cumsum(positives[order]) / (positives.sum() + np.cumsum(rows[order]))
    return {"accuracy": float(counts.max(axis=1).sum() / rows.sum()), "f1": float(f1.max())}


def describe_split(split: pd.DataFrame, question: str) -> dict[str, Any]:
    """The rows and seasons of a split, its texts of several labels, the best possible scores."""
    distinct = split.drop_duplicates("row", keep="last")
    by_text = distinct.groupby("key", sort=False)
    labels = by_text["label"].nunique()
    texts = by_text.agg(text=("spoken", "first"), rows=("label", "size"))
    # The sum of labels 0 and 1 is the number of positives; of other labels it says nothing.
    is_about_target = question == "target"
    texts["positives" if is_about_target else "labels"] = (
        by_text["label"].sum() if is_about_target else labels
    )
    both = texts[labels > 1]
    seasons = {}
    if "season" in distinct:
        of_seasons = distinct["season"].value_counts()
        order = sorted(of_seasons.index, key=by_number)
        seasons = {str(name): int(of_seasons[name]) for name in order}
    most_frequent = both.sort_values("rows", ascending=False, kind="stable")[:EXAMPLES]
    return {
        "rows": len(split),
        "distinct_rows": len(distinct),
        "texts": len(texts),
        "altered_texts": int(split["altered"].sum()),
        "both_labels": {
            "texts": len(both),
            "rows": int(both["rows"].sum()),
            "examples": most_frequent.to_dict("records"),
        },
        "best": {
            "as_written": best_scores_of(split, "text", question),
            "normalised": best_scores_of(split, "key", question),
        },
        "seasons": seasons,
    }


def crossed_limits(
    held_out: dict[str, dict[str, dict]], limits: dict[str, float | None]
) -> list[str]:
    """A sentence for each limit that a split crosses, with the first row that crosses it."""
    faults = []
    for name, allowed in limits.items():
        belongs_to, remedy = CROSSED[name]
        for split, found in held_out.items():
            # A variant that reads no lines around a line has no neighbours.
            if allowed is None or name not in found or found[name]["share"] <= allowed:
                continue
            first = found[name]["examples"][0]
            faults.append(
                f"audit.limits.{name} allows {allowed:g} of the rows of {split}, found are "
                f"{found[name]['share']:.4g} ({found[name]['rows']} rows): row {first['row']} "
                f"{shortened(first['text'])} {belongs_to} row {first['other_row']} "
                f"{shortened(first['other_text'])} of train; {remedy}, or raise the limit"
            )
    return faults


def shortened(text: str) -> str:
    """The text in quotes, cut if it is too long for a message."""
    return repr(text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…")


def audit_leaks(parts: dict[str, pd.DataFrame], similarity: float, question: str) -> dict[str, Any]:
    """The leak audit of the splits `parts`, as `read_split` reads them.

    Texts are near duplicates if the cosine of their character trigrams is at least `similarity`.
    """
    train, held_out = parts["train"], {}
    for name in HELD_OUT:
        split = parts[name]
        held_out[name] = compare_texts(split, train, similarity)
        for kind in (name for name in ("episodes", "scenes") if name in split):
            matches = find_equal(split, train, [kind])
            groups = split.loc[matches.index, kind].nunique()
            held_out[name][f"shared_{kind}"] = {"groups": groups, **describe(matches, split, train)}
        if "neighbours" in split:
            matches = find_neighbours(split, train)
            held_out[name]["shared_neighbours"] = describe(matches, split, train)
    in_test = compare_texts(parts["valid"], parts["test"], similarity)
    return _findings(parts, similarity, question, held_out, in_test)


def pooled_leaks(
    parts: dict[str, pd.DataFrame],
    similarity: float,
    question: str,
    folds: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """The leak audit of a variant that tests on each of its `folds`, from the audits of these.

    A row counts if the train of its own fold knows it. `parts` hold all rows.
    """
    rows = {name: len(parts[name]) for name in HELD_OUT}
    held_out = {
        name: _sums([fold["held_out"][name] for fold in folds], rows[name]) for name in HELD_OUT
    }
    in_test = _sums([fold["valid_in_test"] for fold in folds], rows["valid"])
    return _findings(parts, similarity, question, held_out, in_test)


def _sums(folds: Sequence[Mapping[str, Any]], rows: int) -> dict[str, Any]:
    """The matches of all folds, by kind, as `describe` would describe them."""
    sums = {}
    for kind in folds[0]:
        found = [fold[kind] for fold in folds]
        counts = {
            key: sum(each[key] for each in found) for key in ("groups", "rows") if key in found[0]
        }
        examples = [example for each in found for example in each["examples"]][:EXAMPLES]
        sums[kind] = {**counts, "share": counts["rows"] / rows, "examples": examples}
    return sums


def _findings(
    parts: dict[str, pd.DataFrame],
    similarity: float,
    question: str,
    held_out: dict[str, Any],
    in_test: dict[str, Any],
) -> dict[str, Any]:
    return {
        "near_duplicate_similarity": similarity,
        "near_duplicate_min_words": NEAR_MIN_WORDS,
        "notes": NOTES,
        "splits": {name: describe_split(part, question) for name, part in parts.items()},
        "held_out": held_out,
        "valid_in_test": in_test,
    }
