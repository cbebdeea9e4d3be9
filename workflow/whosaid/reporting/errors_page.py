"""The page of errors: every prediction with its line, as columns of numbers and texts in HTML."""

import html
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
import pandas as pd

from whosaid.evaluation.mean_prediction import MeanPrediction

AROUND = 30
"""So many lines of a scene are shown before and after a line."""

UNIT = 10_000
"""Probabilities stand in the page as whole numbers of this fraction."""

PLACE = ("season", "episode", "scene")


def page_data(
    lines: pd.DataFrame,
    predicted: Sequence[tuple[int, int, MeanPrediction]],
    weighed: Sequence[tuple[int, int, Mapping[str, Any]]] = (),
) -> dict[str, Any]:
    """The columns of the page: its lines, their places, and a row for each prediction.

    `lines` are those of `lines.parquet`. Each of `predicted` is the number of a variant, the number
    of a split, and what the variant says of the split; each of `weighed` the same numbers, and what
    `weigh_words` wrote. The rows come in the order in which the page shows them first. Raises
    ValueError if the corpus lacks a row.
    """
    place = [name for name in PLACE if name in lines]
    scene = lines.groupby(place, sort=False).ngroup().to_numpy() if place else np.zeros(len(lines))
    held_out = np.unique(np.concatenate([each.row for _, _, each in predicted]))
    shown = lines_around(scene, lines["row"].isin(held_out).to_numpy())
    # Lines of a scene stand together, so that the page finds the neighbours of a line.
    shown_lines = lines.iloc[shown]
    scenes, first = np.unique(scene[shown], return_index=True)
    speakers, of_speaker = np.unique(shown_lines["speaker"].to_numpy(str), return_inverse=True)
    numbers = pd.Index(shown_lines["row"])
    rows = prediction_rows(predicted, numbers)
    return {
        "speakers": speakers.tolist(),
        "scenes": {name: shown_lines[name].iloc[first].tolist() for name in place},
        "lines": {
            "text": shown_lines["line"].tolist(),
            "speaker": of_speaker.tolist(),
            "scene": np.searchsorted(scenes, scene[shown]).tolist(),
            "words": [len(text.split()) for text in shown_lines["line"]],
        },
        "rows": rows,
        "words": weighed_rows(weighed, rows, numbers),
    }


def lines_around(scene: np.ndarray, is_held_out: np.ndarray) -> np.ndarray:
    """The positions of the held-out lines and up to AROUND lines on both sides, scene by scene.

    `scene` has the number of each line's scene, `is_held_out` whether it is predicted.
    """
    order = np.argsort(scene, kind="stable")
    ordered = scene[order]
    before = np.concatenate([[0], np.cumsum(is_held_out[order])])
    place = np.arange(len(order))
    start = np.maximum(place - AROUND, np.searchsorted(ordered, ordered))
    end = np.minimum(place + AROUND + 1, np.searchsorted(ordered, ordered, side="right"))
    return order[before[end] > before[start]]


def prediction_rows(
    predicted: Sequence[tuple[int, int, MeanPrediction]], rows: pd.Index
) -> dict[str, list]:
    """The columns of the predictions, the surest mistake first and the surest right row last.

    `rows` are the numbers of the lines on the page. `seeds` has a column for each seed, null where
    a variant has fewer. Raises ValueError if a line is missing.
    """

    def joined(columns: Iterable[Any]) -> np.ndarray:
        return np.concatenate([*columns])

    parts = [each for *_, each in predicted]
    line = rows.get_indexer(joined(each.row for each in parts))
    if (line < 0).any():
        raise ValueError("the predictions have rows that the corpus lacks")
    is_right = joined(each.is_right for each in parts)
    abstained = joined(each.abstained for each in parts)
    confidence = joined(each.confidence for each in parts)
    sureness = np.where(is_right, confidence, -confidence)
    # Rows on which a variant abstains follow the others: nothing was said that could be sure.
    order = np.lexsort([line, sureness, abstained, is_right])
    columns = {
        "variant": joined(np.full(len(each.row), number) for number, _, each in predicted),
        "split": joined(np.full(len(each.row), number) for _, number, each in predicted),
        "line": line,
        "label": joined(each.label for each in parts),
        "predicted": joined(each.predicted for each in parts),
        "abstained": abstained.astype(int),
        "confidence": fractions(confidence),
        "probability": fractions(joined(each.probability for each in parts)),
        "seeds_right": joined(each.seeds_right for each in parts),
        "seeds_agree": joined(each.seeds_agree for each in parts),
    }
    most = max(len(each.of_seeds) for each in parts)
    of_seeds = np.concatenate([padded(each.of_seeds, most) for each in parts], axis=1)
    seeds = pd.DataFrame(of_seeds[:, order].T).astype("Int64").astype(object)
    seeds = seeds.where(seeds.notna(), None)
    return {
        **{name: values[order].tolist() for name, values in columns.items()},
        "seeds": [seeds[number].tolist() for number in seeds],
    }


def weighed_rows(
    weighed: Sequence[tuple[int, int, Mapping[str, Any]]],
    rows: Mapping[str, list],
    numbers: pd.Index,
) -> dict[int, dict[str, Any]]:
    """The rows whose words are weighed, by their place in `rows`.

    Each has its kind, what the weights are (`unit`), and `pieces`: the text as the model read it,
    cut into words with their weights and what is between them, with null. Offsets would not do,
    since a browser counts the characters of a text in another way.
    """
    keys = zip(rows["variant"], rows["split"], rows["line"], strict=True)
    places = {key: place for place, key in enumerate(keys)}
    return {
        places[variant, split, int(numbers.get_loc(row["row"]))]: {
            "kind": row["kind"],
            "unit": f"{found['unit']} of {row['evidence_for']}",
            "pieces": pieces_of(row["text"], row["words"]),
        }
        for variant, split, found in weighed
        for row in found["rows"]
    }


def pieces_of(text: str, words: Sequence[Mapping[str, Any]]) -> list[tuple[str, float | None]]:
    """The pieces of a text: each word with its weight, and all between them with None."""
    pieces, end = [], 0
    for word in words:
        pieces += [(text[end : word["start"]], None), (word["word"], word["weight"])]
        end = word["end"]
    return [piece for piece in [*pieces, (text[end:], None)] if piece[0]]


def fractions(probability: np.ndarray) -> np.ndarray:
    """Probabilities as whole numbers of 1 / UNIT."""
    return np.rint(probability * UNIT).astype(np.int64)


def padded(of_seeds: np.ndarray, most: int) -> np.ndarray:
    """The fractions of each seed, followed by rows of NaN up to the number `most` of seeds."""
    missing = np.full((most - len(of_seeds), of_seeds.shape[1]), np.nan)
    return np.concatenate([fractions(of_seeds).astype(float), missing])


def errors_page(
    template: str | Path,
    styles: Sequence[str | Path],
    scripts: Sequence[str | Path],
    notice: str | Path,
    title: str,
    data: Mapping[str, Any],
) -> str:
    """The page: the `template` with its `title`, the files of `styles` and `scripts`, the `data`.

    `notice` is the license of what is not ours, and stands in a comment. A script must not hold
    `</script`, a style `</style` or the notice `--`; raises ValueError if one does.
    """
    return Template(Path(template).read_text(encoding="utf-8")).substitute(
        title=html.escape(title),
        styles="\n".join(read_part(path, "</style") for path in styles),
        scripts="\n".join(f"<script>\n{read_part(path, '</script')}</script>" for path in scripts),
        notice=read_part(notice, "--"),
        data=json_in_html(data),
    )


def read_part(path: str | Path, end: str) -> str:
    """A file that goes into the page. Raises ValueError if it holds the tag that would `end` it."""
    text = Path(path).read_text(encoding="utf-8")
    if end in text.lower():
        raise ValueError(f"{path} holds {end}")
    # The map is another file, which a browser's developer tools would ask for.
    return re.sub(r"/[/*]# sourceMappingURL=\S+( \*/)?", "", text)


def json_in_html(data: Mapping[str, Any]) -> str:
    """`data` as JSON in which no text can end the script around it or open a comment there."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    return text.replace("<", r"\u003c")
