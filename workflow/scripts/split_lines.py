"""Choose, label and split the lines of one variant.

In: `lines.parquet` and, if words are counted with `punkt`, NLTK's punkt_tab data. Out: the splits
`train.parquet`, `test.parquet`, `valid.parquet` with the columns row, text, label (a ClassLabel)
and abstained (true for a row of test or valid that is too short for the variant);
`added_tokens.json`, the tokens that the annotation adds to the tokenizer; `split_counts.json`.
"""

import logging

import whosaid.jobs.environment  # noqa: F401  (before the libraries that read it)

# isort: split
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from datasets import ClassLabel, Dataset, Features, Value, disable_progress_bars

from whosaid.caching.atomic import atomic_write
from whosaid.caching.json_files import write_json
from whosaid.corpus.label_names import label_names
from whosaid.corpus.recipe import annotate_texts, drop_duplicates, select_speakers
from whosaid.corpus.split_rows import split_rows
from whosaid.corpus.units import unit_columns
from whosaid.jobs.stage import arguments, stage
from whosaid.split_names import HELD_OUT, SPLITS

logger = logging.getLogger(__name__)


def count_rows(parts: dict[str, pd.DataFrame], dropped: pd.DataFrame, **counts) -> dict:
    """The split counts: `counts` of all lines, of each split, of the lines `dropped` from train."""
    of_parts = {
        name: {
            "rows": len(part),
            "positives": int(part["label"].sum()),
            "distinct_rows": int(part["row"].nunique()),
            "abstained": int(part["abstained"].sum()),
        }
        for name, part in parts.items()
    }
    abstained = {"rows": len(dropped), "positives": int(dropped["label"].sum())}
    return counts | of_parts | {"abstained_in_train": abstained}


def main(
    lines: str,
    splits: list[str],
    added_tokens: str,
    split_counts: str,
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
    """Write the `splits` (a path for each of SPLITS), the `added_tokens` and the `split_counts`."""
    disable_progress_bars()
    units = unit_columns(pq.read_schema(lines))
    grouping = units[split["group_by"]] if split["method"] == "group_shuffle" else []
    columns = {"row", "speaker", "line", *annotate, *grouping}
    everything = pd.read_parquet(lines, columns=sorted(columns))
    kept = select_speakers(everything, target_speaker, top_speakers)
    counts = {"lines": len(everything), "of_top_speakers": len(kept)}
    kept = drop_duplicates(kept, deduplicate).assign(abstained=False)
    counts["of_deduplicate"] = len(kept)
    if min_words is not None:
        # NLTK takes a second to import, and most variants count no words.
        from whosaid.corpus.count_words import count_words

        words = count_words(kept["text"], word_tokenizer, nltk_data)
        classes = {"not": kept["label"] == 0, "target": kept["label"] == 1}
        counts["word_counts"] = {
            name: words[of].value_counts().sort_index().rename(str).to_dict()
            for name, of in classes.items()
        }
        if min_words_scope == "corpus":
            kept = kept[words >= min_words]
        else:
            kept = kept.assign(abstained=words < min_words)
    counts["of_min_words"] = len(kept)
    texts, tokens = annotate_texts(kept, annotate)
    features = Features(
        {
            "row": Value("int64"),
            "text": Value("string"),
            "label": ClassLabel(names=label_names(target_speaker)),
            "abstained": Value("bool"),
        }
    )
    rows = kept.assign(text=texts)[list(features)]
    positions = split_rows(
        rows["label"].to_numpy(),
        split,
        resample,
        groups=kept.groupby(grouping).ngroup().to_numpy() if grouping else None,
        too_short=rows["abstained"].to_numpy(),
    )
    parts = {name: rows.iloc[positions[name]] for name in SPLITS}
    for (name, part), path in zip(parts.items(), splits, strict=True):
        with atomic_write(path) as partial:
            Dataset.from_pandas(part, features, preserve_index=False).to_parquet(partial)
        logger.info("%s: %d rows, %d positive", name, len(part), part["label"].sum())
    write_json(added_tokens, tokens)
    held_out = rows["row"].isin(np.concatenate([parts[name]["row"] for name in HELD_OUT]))
    dropped = rows[rows["abstained"] & ~held_out]
    write_json(split_counts, count_rows(parts, dropped, **counts))


if __name__ == "__main__":
    with stage(snakemake):
        main(**arguments(snakemake))
