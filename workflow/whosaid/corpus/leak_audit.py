"""The leak audit: what a model could know about held-out rows from its training rows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from whosaid.corpus.near_duplicates import near_duplicates
from whosaid.corpus.normalise_text import normalise
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


@dataclass(frozen=True)
class Split:
    """The rows of a split, one list element or label per row.

    `row` is the number of the line. The text is `written` (with tags), `spoken` (without tags) and
    `key` (spoken and normalised). `altered` counts the rows whose text is not that of their line.
    """

    row: list[int]
    written: list[str]
    spoken: list[str]
    key: list[str]
    label: np.ndarray
    altered: int

    def __len__(self) -> int:
        return len(self.row)


Match = tuple[int, int, float | None]
"""The position of a row, that of a matching row of another split, and their similarity if near."""


def read_split(path: str, lines: dict[int, dict[str, Any]], annotate: list[str]) -> Split:
    """The split at `path`; `lines` holds the cells of each row of the corpus.

    The tags of a row are its own values of the columns `annotate`, each as ` [value]`. The pipeline
    writes no text that does not end with its tags. Such a text is compared as it is; if it differs
    only in the case or punctuation of the tags, they are removed from its normalised form.
    """
    table = pq.read_table(path)
    written = table["text"].to_pylist()
    spoken, keys, altered = [], [], 0
    for row, text in zip(table["row"].to_pylist(), written, strict=True):
        cells = lines.get(row, {})
        tags = "".join(f" [{cells[name]}]" for name in annotate if str(cells.get(name, "")) != "")
        altered += text != cells.get("line", "") + tags
        said = text.removesuffix(tags)
        key = normalise(said)
        if tags and said == text:
            key = key.removesuffix(normalise(tags)) or key
        spoken.append(said)
        keys.append(key)
    return Split(
        table["row"].to_pylist(), written, spoken, keys, table["label"].to_numpy(), altered
    )


def equal_texts(forms: Iterable[tuple[str, ...]], others: Iterable[tuple[str, ...]]) -> list[Match]:
    """The rows that have a form of their text in common with a row of `others`, the first such.

    `forms` and `others` hold the forms of each row's text.
    """
    first: dict[str, int] = {}
    for position, of_row in enumerate(others):
        for form in of_row:
            first.setdefault(form, position)
    return [
        (position, min(found), None)
        for position, of_row in enumerate(forms)
        if (found := [first[form] for form in of_row if form in first])
    ]


def exact_forms(split: Split) -> list[tuple[str, ...]]:
    """Each row's text as spoken and as written, tags included."""
    return list(zip(split.spoken, split.written, strict=True))


def normalised_forms(split: Split) -> list[tuple[str, ...]]:
    """Each row's text as spoken and, if that differs, as written; both normalised."""
    if split.written == split.spoken:
        return [(key,) for key in split.key]
    return list(zip(split.key, map(normalise, split.written), strict=True))


def near_texts(split: Split, other: Split, known: set[int], similarity: float) -> list[Match]:
    """The rows with a near duplicate in `other`, except those at the positions `known`."""

    def long_texts(of: Split, but: set[int]) -> dict[str, int]:
        positions: dict[str, int] = {}
        for position, text in enumerate(of.spoken):
            if position not in but and len(text.split()) >= NEAR_MIN_WORDS:
                positions.setdefault(of.key[position], position)
        return positions

    ours, theirs = long_texts(split, known), long_texts(other, set())
    others = list(theirs.values())
    found = near_duplicates(list(ours), list(theirs), similarity)
    alike = {key: found[number] for number, key in enumerate(ours) if number in found}
    return [
        (position, others[alike[key][0]], alike[key][1])
        for position, key in enumerate(split.key)
        if key in alike and position not in known
    ]


def share_groups(split: Split, other: Split, group: Callable[[int], Any]) -> list[Match]:
    """The rows whose group also has rows in `other`, each with the first of these.

    `group` maps the number of a row to its group, or to None, which matches nothing.
    """
    first: dict[Any, int] = {}
    for position, row in enumerate(other.row):
        first.setdefault(group(row), position)
    first.pop(None, None)
    groups = map(group, split.row)
    return [(position, first[name], None) for position, name in enumerate(groups) if name in first]


def describe(matches: list[Match], split: Split, other: Split) -> dict[str, Any]:
    """The number of matched rows, their share of the split, and the first few."""
    examples = []
    for position, partner, similarity in matches[:EXAMPLES]:
        example = {
            "row": split.row[position],
            "text": split.written[position],
            "other_row": other.row[partner],
            "other_text": other.written[partner],
        }
        examples.append(example | ({} if similarity is None else {"similarity": similarity}))
    return {"rows": len(matches), "share": len(matches) / len(split), "examples": examples}


def compare_texts(split: Split, other: Split, similarity: float) -> dict[str, dict[str, Any]]:
    """The exact, normalised and near duplicates of the rows of `split` in `other`."""
    exact = equal_texts(exact_forms(split), exact_forms(other))
    normalised = equal_texts(normalised_forms(split), normalised_forms(other))
    known = {position for position, _, _ in normalised}
    near = near_texts(split, other, known, similarity)
    found = {"exact": exact, "normalised": normalised, "near": near}
    return {
        f"{name}_duplicates": describe(matches, split, other) for name, matches in found.items()
    }


def label_counts(texts: list[str], labels: np.ndarray) -> np.ndarray:
    """How many rows of each label each distinct text has (distinct texts x 2)."""
    _, number = np.unique(np.array(texts, dtype=object), return_inverse=True)
    counts = np.zeros((number.max() + 1, 2), dtype=np.int64)
    np.add.at(counts, (number, labels), 1)
    return counts


def best_scores(counts: np.ndarray) -> dict[str, float]:
    """The best accuracy and the best F1 of any classifier that sees nothing but the text.

    `counts` holds the number of rows of each label for each distinct text (texts x 2). Such a
    classifier predicts the same for all rows of a text. Accuracy is best if each text gets its more
    frequent label.

    For F1, let text t have p_t rows of the target among n_t rows, and let P be the sum of all p_t.
    Predicting "target" for a set S of texts gives F1(S) = 2 sum_S p_t / (P + sum_S n_t). Let F be
    the greatest F1. Then sum_S (2 p_t - F n_t) <= F P for every S, with equality for the best S.
    The left side is greatest for the texts with p_t / n_t > F / 2, so these texts are a best S
    (Lipton, Elkan and Naryanaswamy 2014, "Optimal Thresholding of Classifiers to Maximize F1
    Measure"). F is not known, but these texts are the first k in decreasing order of p_t / n_t, for
    some k. So the best F1 over all k is F.
    """
    rows, positives = counts.sum(axis=1), counts[:, 1]
    order = np.argsort(-positives / rows, kind="stable")
    f1 = 2 * np.cumsum(positives[order]) / (positives.sum() + np.cumsum(rows[order]))
    return {"accuracy": float(counts.max(axis=1).sum() / rows.sum()), "f1": float(f1.max())}


def describe_split(split: Split, lines: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """The rows and seasons of a split, its texts with both labels, and the best possible scores."""
    distinct = list({row: position for position, row in enumerate(split.row)}.values())
    of_text: dict[str, list[int]] = {}
    for position in sorted(distinct):
        of_text.setdefault(split.key[position], []).append(position)
    both = [
        positions for positions in of_text.values() if len({*split.label[positions].tolist()}) > 1
    ]
    seasons: dict[int, int] = {}
    for position in distinct:
        season = lines.get(split.row[position], {}).get("season")
        seasons[season] = seasons.get(season, 0) + 1
    most_frequent = sorted(both, key=len, reverse=True)[:EXAMPLES]
    return {
        "rows": len(split),
        "distinct_rows": len(distinct),
        "texts": len(of_text),
        "altered_texts": split.altered,
        "both_labels": {
            "texts": len(both),
            "rows": sum(map(len, both)),
            "examples": [
                {
                    "text": split.spoken[positions[0]],
                    "rows": len(positions),
                    "positives": int(split.label[positions].sum()),
                }
                for positions in most_frequent
            ],
        },
        "best": {
            "as_written": best_scores(label_counts(split.written, split.label)),
            "normalised": best_scores(label_counts(split.key, split.label)),
        },
        "seasons": {str(season): seasons[season] for season in sorted(seasons)},
    }


def crossed_limits(
    held_out: dict[str, dict[str, dict]], limits: dict[str, float | None]
) -> list[str]:
    """A sentence for each limit that a split crosses, with the first row that crosses it."""
    faults = []
    for name, allowed in limits.items():
        belongs_to, remedy = CROSSED[name]
        for split, found in held_out.items():
            if allowed is None or found[name]["share"] <= allowed:
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


def audit_leaks(
    parts: dict[str, Split], lines: dict[int, dict[str, Any]], similarity: float
) -> dict[str, Any]:
    """The leak audit of the splits `parts`; `lines` holds the cells of each row of the corpus.

    Texts are near duplicates if the cosine of their character trigrams is at least `similarity`.
    """
    episodes = {row: (cells["season"], cells["episode"]) for row, cells in lines.items()}
    scenes = {row: cells["scene"] for row, cells in lines.items()}
    held_out = {}
    for name in HELD_OUT:
        split, train = parts[name], parts["train"]
        held_out[name] = compare_texts(split, train, similarity)
        for kind, group in (("episodes", episodes.get), ("scenes", scenes.get)):
            matches = share_groups(split, train, group)
            groups = len({group(split.row[position]) for position, _, _ in matches})
            held_out[name][f"shared_{kind}"] = {"groups": groups, **describe(matches, split, train)}
    return {
        "near_duplicate_similarity": similarity,
        "near_duplicate_min_words": NEAR_MIN_WORDS,
        "notes": NOTES,
        "splits": {name: describe_split(part, lines) for name, part in parts.items()},
        "held_out": held_out,
        "valid_in_test": compare_texts(parts["valid"], parts["test"], similarity),
    }
