"""Tables of what trained models say of single lines."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from whosaid.config.column_names import COMPUTED_FEATURES
from whosaid.errors import InputError
from whosaid.reporting.formats import METRIC, UNDEFINED
from whosaid.reporting.markdown import escaped, table
from whosaid.training.linear_model import column_of
from whosaid.training.new_lines import Answers, are_too_short, columns_read, load_lines_model

MOST_NAMES = 3
"""So many speakers are named, the most probable first."""


class Model(NamedTuple):
    """A trained model: its variant's title, its seed and folder, and what it reads.

    `threshold` is None where the question has none or it is not known yet. A model with a
    `reading` of context is asked with none. `min_words` is the length of the shortest lines that it
    learned from. The logits of a calibrated model are divided by its `temperature`.
    """

    title: str
    seed: int
    folder: Path
    threshold: float | None
    annotate: Sequence[str]
    features: Sequence[str]
    reading: str | None
    min_words: int | None
    temperature: float = 1.0


def answer_tables(
    models: Sequence[Model],
    lines: Sequence[str],
    values: Mapping[str, str],
    question: str,
    target: str | None,
    word_tokenizer: str,
    nltk_data: str | None,
) -> list[str]:
    """For each of the `lines` a table as Markdown, with a row for each model.

    `values` are those of the columns that models read beside the line; an unnamed one is empty. The
    `word_tokenizer`, with its data, counts the words of a line for a model with `min_words`. Raises
    InputError if no model reads one of the columns.
    """
    check_columns(models, values)
    has_target = question == "target"
    headers = ["variant", "seed", "who"]
    headers += [f"probability of {target}"] if has_target else ["probability"]
    headers += ["logits", "at its threshold"] if has_target else ["then"]
    rows: list[list[list[str]]] = [[] for _ in lines]
    for model in models:
        logits, names = ask_all(model, lines, values, question)
        is_short = np.zeros(len(lines), bool)
        if model.min_words is not None:
            is_short = are_too_short(lines, model.min_words, word_tokenizer, nltk_data)
        for place in range(len(lines)):
            found = Answers(logits[[place]], names)
            cells = of_target(model, found) if has_target else of_speakers(found)
            if model.reading:
                cells[0] += " (without any line around it)"
            if is_short[place]:
                cells[0] += f" (it knows no line of fewer than {model.min_words} words)"
            rows[place].append([escaped(model.title), str(model.seed), *cells])
    return [table(of_line, [escaped(header) for header in headers]) for of_line in rows]


def check_columns(models: Sequence[Model], names: Iterable[str]) -> None:
    """Raise InputError if one of the `names` is no column that a model reads beside the line."""
    read = {name for model in models for name in (*model.annotate, *model.features)}
    read -= {*COMPUTED_FEATURES}
    for name in names:
        if name not in read:
            raise InputError(
                f"WITH={name}: no model that is asked reads this column; "
                f"they read {', '.join(sorted(read)) or 'the line alone'}"
            )


def left_out(ensembles: Sequence[str]) -> list[str]:
    """A paragraph about the `ensembles`, by their titles, of which none is asked, if any."""
    if not ensembles:
        return []
    names = ", ".join(map(escaped, ensembles))
    return [f"Not asked: {names}. An ensemble has no model of its own; its members have."]


def ask_all(
    model: Model, lines: Sequence[str], values: Mapping[str, str], question: str
) -> Answers:
    """What one model says of all lines, calibrated if it is to be."""
    columns = {*model.annotate, *map(column_of, model.features)} - {"text"}
    frame = pd.DataFrame({name: [values.get(name, "")] * len(lines) for name in sorted(columns)})
    frame["line"] = list(lines)
    loaded = load_lines_model(model.folder, question, reading=model.reading)
    logits = loaded.logits(columns_read(frame, model.annotate, model.features))
    return Answers(logits / model.temperature, loaded.names)


def of_target(model: Model, found: Answers) -> list[str]:
    """Who, the target's probability, the logits, and who at the stored threshold."""
    [probability], [logits] = found.probabilities[:, 1], found.logits
    decided = UNDEFINED
    if model.threshold is not None:
        name = found.names[int(probability >= model.threshold)]
        decided = f"{escaped(name)} ({model.threshold:{METRIC}})"
    return [
        escaped(found.names[int(np.argmax(logits))]),
        format(probability, METRIC),
        ", ".join(format(logit, METRIC) for logit in logits),
        decided,
    ]


def of_speakers(found: Answers) -> list[str]:
    """Who, his probability, and the next ones with theirs."""
    [probabilities] = found.probabilities
    first, *others = np.argsort(-probabilities, kind="stable")[:MOST_NAMES]
    then = (f"{escaped(found.names[n])} {probabilities[n]:{METRIC}}" for n in others)
    return [escaped(found.names[first]), format(probabilities[first], METRIC), ", ".join(then)]
