"""The context of a row from the corpus to its tokens, by the real stages."""

import json

import pandas as pd
import pytest
from datasets import load_from_disk
from transformers import AutoTokenizer

from whosaid.tokens.token_counts import count_tokens

SPLITS = ("train", "test", "valid")
CONTEXT = {
    "before": 2,
    "after": 1,
    "across_scenes": False,
    "texts": True,
    "names": "around",
    "scene_names": "others",
    "fewest_lines": 10,
    "reading": "window",
    "shuffled": False,
}


@pytest.fixture(scope="module")
def dealt(deal):
    """The splits of the made-up corpus, whose scenes have ten lines, with context."""
    return deal(context=CONTEXT)


def rows_of(folder):
    return pd.concat([pd.read_parquet(folder / f"{name}.parquet") for name in SPLITS])


def test_context_is_of_the_whole_corpus_and_changes_no_split(dealt, deal, lines):
    """The lines of speakers that are not among the most frequent ones are context, too."""
    rows, plain = rows_of(dealt), rows_of(deal())
    assert rows[["row", "text", "label"]].equals(plain[["row", "text", "label"]])
    corpus = pd.read_parquet(lines).set_index("row")
    scenes = {scene: list(of.index) for scene, of in corpus.groupby("scene")}
    seen = set()
    for row in rows.itertuples():
        scene = scenes[corpus.loc[row.row, "scene"]]
        place = scene.index(row.row)
        before, after = scene[max(0, place - 2) : place], scene[place + 1 : place + 2]
        assert list(row.before_texts) == corpus.loc[before, "line"].tolist()
        assert list(row.after_texts) == corpus.loc[after, "line"].tolist()
        named = corpus.loc[before, "speaker"].tolist()
        assert list(row.before_names) == [
            "others" if name in ("creed", "stanley") else name for name in named
        ]
        seen |= {*corpus.loc[[*before, *after], "speaker"]}
    assert "stanley" in seen
    tags = json.loads((dealt / "added_tokens.json").read_text(encoding="utf-8"))
    assert "[dwight]" in tags and "[others]" in tags and "[stanley]" not in tags


@pytest.mark.parametrize("family", ["distilbert", "roberta"])
def test_tokens_hold_the_names_and_the_counts_what_was_cut(family, dealt, encoders, tokenize):
    folder = tokenize(dealt, encoders[family], max_length=24)
    tokenizer = AutoTokenizer.from_pretrained(folder / "tokenizer")
    rows = load_from_disk(folder)["test"]
    assert max(map(len, rows["input_ids"])) == tokenizer.model_max_length == 24
    tags = json.loads((dealt / "added_tokens.json").read_text(encoding="utf-8"))
    counts = count_tokens(rows, tokenizer, tags)
    longer = tokenize(dealt, encoders[family], max_length=200)
    whole = load_from_disk(longer)["test"]["input_ids"]
    cut = [len(ids) - len(kept) for ids, kept in zip(whole, rows["input_ids"], strict=True)]
    assert counts["truncated"]["rows"] == sum(each > 0 for each in cut) > 0
    assert counts["truncated"]["tokens"] == sum(cut)
    assert sum(counts["added"]["occurrences"].values()) > 0
    for ids, text in zip(rows["input_ids"], rows["text"], strict=True):
        own = tokenizer(text, add_special_tokens=False)["input_ids"]
        borders = [place for place, each in enumerate(ids) if each == tokenizer.sep_token_id]
        start, end = borders[-3] + 1, borders[-2]
        kept = ids[start:end]
        assert kept == own[: len(kept)] and kept


def test_shuffled_contexts_stay_within_their_split(deal, dealt):
    shuffled = deal(context=CONTEXT | {"shuffled": True})
    for name in SPLITS:
        own, other = (pd.read_parquet(folder / f"{name}.parquet") for folder in (dealt, shuffled))
        assert other[["row", "text", "label"]].equals(own[["row", "text", "label"]])
        given = [sorted(map(tuple, part["before_texts"])) for part in (own, other)]
        assert given[0] == given[1]
        assert not other["before_texts"].map(tuple).equals(own["before_texts"].map(tuple))
