"""Choose, label and split the lines of one variant.

In: `lines.parquet` and, if words are counted with `punkt`, NLTK's punkt_tab data. Out: the splits
`train.parquet`, `test.parquet`, `valid.parquet` with the columns row, text, label (a ClassLabel)
and abstained (true for a row of test or valid that is too short for the variant), those of the
context if the variant has one, and speaker (a ClassLabel) if its encoder learns speakers, too;
`added_tokens.json`, the tokens that the annotation and the names of the context add to the
tokenizer; `split_counts.json`.
"""

import logging
from functools import partial
from typing import Any

import whosaid.jobs.environment  # noqa: F401  (before the libraries that read it)

# isort: split
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from datasets import ClassLabel, Dataset, Features, List, Value, disable_progress_bars

from whosaid.caching.atomic import atomic_write
from whosaid.caching.json_files import write_json
from whosaid.corpus.context import context_borders, context_columns, shuffle_context
from whosaid.corpus.name_tags import name_tags
from whosaid.corpus.recipe import annotate_texts, drop_duplicates, select_speakers
from whosaid.corpus.split_rows import split_rows
from whosaid.corpus.units import unit_columns
from whosaid.errors import InputError
from whosaid.jobs.stage import arguments, stage
from whosaid.split_names import HELD_OUT, SPLITS

logger = logging.getLogger(__name__)


def count_labels(rows: pd.DataFrame, labels: int, has_target: bool) -> dict:
    """The number of rows, and of rows of each of the `labels`."""
    of_labels = np.bincount(rows["label"], minlength=labels).tolist()
    positives = {"positives": of_labels[1]} if has_target else {}
    return {"rows": len(rows), **positives, "of_labels": of_labels}


def context_of(
    lines: pd.DataFrame, units: dict[str, list[str]], context: dict[str, Any]
) -> pd.DataFrame:
    """The context of every line of the corpus, see `context_columns`."""
    scenes = context_borders(lines, units, across_scenes=False)
    borders = context_borders(lines, units, context["across_scenes"])
    return context_columns(lines, scenes, borders, context)


def main(
    lines: str,
    splits: list[str],
    added_tokens: str,
    split_counts: str,
    target_speaker: str | None,
    top_speakers: int,
    other_speakers: str,
    deduplicate: str | None,
    min_words: int | None,
    min_words_scope: str,
    word_tokenizer: str | None,
    annotate: list[str],
    split: dict,
    resample: dict[str, float] | None,
    context: dict[str, Any] | None = None,
    names_speakers: bool = False,
    nltk_data: str | None = None,
) -> None:
    """Write the `splits` (a path for each of SPLITS), the `added_tokens` and the `split_counts`.

    Without a `target_speaker` each of the `top_speakers` is a class. `context` has the keys of the
    config. With `names_speakers` the splits have a column `speaker`.
    """
    disable_progress_bars()
    units = unit_columns(pq.read_schema(lines))
    grouping = units[split["group_by"]] if split.get("group_by") else []
    columns = {"row", "speaker", "line", *annotate, *grouping}
    if context:
        columns |= {name for by in units.values() for name in by}
    everything = pd.read_parquet(lines, columns=sorted(columns))
    kept, names = select_speakers(everything, target_speaker, top_speakers, other_speakers)
    count = partial(count_labels, labels=len(names), has_target=target_speaker is not None)
    counts = {"lines": len(everything), "labels": names, "of_top_speakers": len(kept)}
    kept = drop_duplicates(kept, deduplicate).assign(abstained=False)
    counts["of_deduplicate"] = len(kept)
    if min_words is not None:
        # NLTK takes a second to import, and most variants count no words.
        from whosaid.corpus.count_words import count_words

        words = count_words(kept["text"], word_tokenizer, nltk_data)
        of_classes = {"speakers": words}
        if target_speaker is not None:
            of_classes = {"not": words[kept["label"] == 0], "target": words[kept["label"] == 1]}
        counts["word_counts"] = {
            name: of_class.value_counts().sort_index().rename(str).to_dict()
            for name, of_class in of_classes.items()
        }
        if min_words_scope == "corpus":
            kept = kept[words >= min_words]
            if kept.empty:
                raise InputError(
                    f"min_words {min_words}: no line has so many words, the longest has "
                    f"{words.max()}; set a smaller min_words"
                )
        else:
            kept = kept.assign(abstained=words < min_words)
    counts |= {"of_min_words": len(kept), "before_split": count(kept)}
    texts, tokens = annotate_texts(kept, annotate)
    features = Features(
        {
            "row": Value("int64"),
            "text": Value("string"),
            "label": ClassLabel(names=names),
            "abstained": Value("bool"),
        }
    )
    if names_speakers:
        features["speaker"] = ClassLabel(names=sorted(kept["speaker"].unique()))
        kept = kept.assign(speaker=features["speaker"].str2int(kept["speaker"].tolist()))
    rows = kept.assign(text=texts)[list(features)]
    around = pd.DataFrame(index=everything["row"])
    if context:
        around = context_of(everything, units, context)
        tokens = [*dict.fromkeys([*tokens, *name_tags(around)])]
        of_context = dict.fromkeys(around, List(Value("string")))
        if "scene_number" in around:
            of_context["scene_number"] = Value("int64")
        features = Features({**features, **of_context})
        rows = rows.join(around, on="row")
    positions = split_rows(
        rows["label"].to_numpy(),
        names,
        split,
        resample,
        groups=kept.groupby(grouping).ngroup().to_numpy() if grouping else None,
        too_short=rows["abstained"].to_numpy(),
    )
    parts = {name: rows.iloc[positions[name]] for name in SPLITS}
    if context and context["shuffled"]:
        parts = {
            name: shuffle_context(part, list(around), split["seed"]) for name, part in parts.items()
        }
    for (name, part), path in zip(parts.items(), splits, strict=True):
        with atomic_write(path) as unfinished:
            Dataset.from_pandas(part, features, preserve_index=False).to_parquet(unfinished)
        counts[name] = count(part) | {
            "distinct_rows": int(part["row"].nunique()),
            "abstained": int(part["abstained"].sum()),
        }
        logger.info("%s: %d rows, of the labels %s", name, len(part), counts[name]["of_labels"])
    write_json(added_tokens, tokens)
    held_out = rows["row"].isin(np.concatenate([parts[name]["row"] for name in HELD_OUT]))
    counts["abstained_in_train"] = count(rows[rows["abstained"] & ~held_out])
    write_json(split_counts, counts)
    logger.info("%s rows", ", ".join(f"{name} {len(part)}" for name, part in parts.items()))


if __name__ == "__main__":
    with stage(snakemake):
        main(**arguments(snakemake))
