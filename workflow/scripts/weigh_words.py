"""Weigh the words of the lines of which a variant is surest, right and wrong.

In: the model folder of each seed, the test split of the variant and the predictions on it,
`lines.parquet` for the columns besides the text, the tokens that the annotation adds. Out: a JSON
file with the chosen rows, the words of each as the models read them, and the weight of each word, a
mean over the seeds (see `whosaid.training.word_weights`).
"""

import logging
from pathlib import Path

from whosaid.jobs.environment import quiet_transformers  # before the libraries that read it

# isort: split
import numpy as np
import pyarrow.parquet as pq
from datasets import disable_progress_bars

from whosaid.caching.json_files import read_json, write_json
from whosaid.config.column_names import CONTEXT_COLUMNS
from whosaid.evaluation.mean_prediction import READERS, mean_prediction
from whosaid.evaluation.surest_rows import surest_rows
from whosaid.jobs.stage import arguments, stage
from whosaid.reported_split import REPORTED
from whosaid.training.linear_model import read_columns
from whosaid.training.new_lines import load_lines_model
from whosaid.training.word_weights import word_weights, words_of

logger = logging.getLogger(__name__)

DECIMALS = 3
"""Of a weight. In float32 the last ones that a model gives are noise."""


def main(
    models: list[str],
    split: str,
    predictions: list[str],
    lines: str,
    added_tokens: str,
    words: str,
    experiment: str,
    variant: str,
    question: str,
    features: list[str],
    reading: str | None,
    seeds: list[int],
    per_device_eval_batch_size: int,
) -> None:
    """Write the weights to `words`. `models` and `predictions` hold a path for each of the `seeds`.

    `predictions` are those on `split`, and in its order. A linear baseline reads `features`. The
    words are those of the line itself, also where the models read the lines around it.
    """
    quiet_transformers()
    disable_progress_bars()
    mean = mean_prediction(READERS[question](predictions))
    chosen = surest_rows(mean, question)
    places = np.array([place for _, place in chosen], int)
    rows = pq.read_table(split).take(places)
    around = {name: rows[name].to_pylist() for name in CONTEXT_COLUMNS if name in rows.column_names}
    read = {**around, **read_columns(rows, lines, features), "text": rows["text"].to_pylist()}
    tags = read_json(added_tokens)
    of_texts = [words_of(text, tags) for text in read["text"]]
    names: list[str] = []
    of_seeds = []
    for model in models:
        loaded = load_lines_model(Path(model), question, per_device_eval_batch_size, reading)
        names = loaded.names
        predicted = mean.predicted[places]
        of_seeds.append(word_weights(loaded.logits, read, of_texts, question, predicted))
    entries = []
    for number, (kind, place) in enumerate(chosen):
        text = read["text"][number]
        weights = np.mean([of_seed[number] for of_seed in of_seeds], axis=0)
        entries.append(
            {
                "row": int(mean.row[place]),
                "kind": kind,
                "predicted": names[mean.predicted[place]],
                "confidence": float(mean.confidence[place]),
                "evidence_for": names[1 if question == "target" else mean.predicted[place]],
                "text": text,
                "words": [
                    # Without a sign where it is rounded to 0.
                    {"word": text[start:end], "start": start, "end": end, "weight": weight + 0.0}
                    for (start, end), weight in zip(
                        of_texts[number], weights.round(DECIMALS).tolist(), strict=True
                    )
                ],
            }
        )
    unit = "log odds" if question == "target" else "log probability"
    head = {"experiment": experiment, "variant": variant, "split": REPORTED, "seeds": seeds}
    write_json(words, {**head, "unit": unit, "rows": entries})
    logger.info("%d lines, %d words", len(entries), sum(map(len, of_texts)))


if __name__ == "__main__":
    with stage(snakemake):
        main(**arguments(snakemake))
