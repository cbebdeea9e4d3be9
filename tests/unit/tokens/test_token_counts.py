"""What is counted of token ids, against counts made by hand of a few texts."""

import pytest
from datasets import Dataset
from transformers import AutoTokenizer

from whosaid.tokens import token_counts
from whosaid.tokens.token_counts import count_tokens
from whosaid.tokens.tokenize_texts import load_tokenizer, tokenize

ADDED = ["[Ann Roe]", "[Bo Doe]"]
LIMIT = 8


@pytest.fixture
def counted(encoders):
    """A function that tokenizes texts and counts their tokens."""

    def run(texts, family="distilbert", added=(), limit=LIMIT):
        tokenizer = load_tokenizer(encoders[family], added, limit)
        columns = {"text": texts, "abstained": [False] * len(texts)}
        rows = tokenize(Dataset.from_dict(columns), tokenizer, positions=limit)
        return count_tokens(rows, tokenizer, added), rows

    return run


def test_a_row_at_the_limit_is_truncated_only_if_its_text_is_longer(counted):
    # `[CLS]`, the marks and `[SEP]`.
    found, _ = counted([". . . . . .", ".", ". . . . . . . . .", "", ". . . . . . ."])
    assert found["rows"] == 5
    assert found["tokens"] == 8 + 3 + 8 + 2 + 8
    assert found["longest"] == LIMIT
    assert found["truncated"] == {"rows": 2, "first": 2, "tokens": 3 + 1, "longest": 11}


def test_without_truncation_nothing_is_lost(counted):
    found, rows = counted(["I like my beets and bears.", "No."], limit=None)
    assert found["longest"] == max(map(len, rows["input_ids"]))
    expected = {"rows": 0, "first": None, "tokens": 0, "longest": found["longest"]}
    assert found["truncated"] == expected


def test_a_split_without_rows_has_no_tokens(counted):
    found, _ = counted([], added=ADDED)
    assert (found["rows"], found["tokens"], found["longest"]) == (0, 0, 0)
    assert found["added"] == {"occurrences": dict.fromkeys(ADDED, 0), "lost": 0}


def test_unknown_tokens_are_named_by_the_text_that_they_stand_for(counted):
    found, _ = counted(["☃ . ☃", ".", "☃ 𝄞 .", ". . . . . . . ☃"])
    # The last snowman is truncated.
    assert found["unknown"] == {"tokens": 4, "rows": 2, "texts": {"☃": 3, "𝄞": 1}}
    assert list(found["unknown"]["texts"]) == ["☃", "𝄞"]


def test_a_byte_level_tokenizer_knows_every_text(counted):
    found, _ = counted(["☃ . ☃"], family="roberta", limit=None)
    assert found["unknown"] == {"tokens": 0, "rows": 0, "texts": {}}


def test_only_the_most_frequent_unknown_texts_are_named(counted, monkeypatch):
    monkeypatch.setattr(token_counts, "KEPT_TEXTS", 1)
    found, _ = counted(["☃ 𝄞 ☃"])
    assert found["unknown"] == {"tokens": 3, "rows": 1, "texts": {"☃": 2}}


def test_added_tokens_are_counted_and_so_are_those_that_are_truncated(counted):
    texts = [". [Ann Roe] [Bo Doe]", ". . . . . [Ann Roe] [Bo Doe]", ". . . . . . [Bo Doe]"]
    found, _ = counted(texts, added=ADDED)
    assert found["added"] == {"occurrences": {"[Ann Roe]": 2, "[Bo Doe]": 1}, "lost": 2}
    assert found["truncated"]["tokens"] == 2


def test_the_saved_tokenizer_counts_as_the_one_that_made_the_ids(counted, encoders, tmp_path):
    texts = [". [Ann Roe] ☃", ". . . . . [Ann Roe] [Bo Doe]"]
    found, rows = counted(texts, added=ADDED)
    load_tokenizer(encoders["distilbert"], ADDED, LIMIT).save_pretrained(tmp_path)
    saved = AutoTokenizer.from_pretrained(tmp_path)
    assert count_tokens(rows, saved, ADDED) == found


def test_batches_change_no_count(counted, monkeypatch):
    texts = [". ☃", ". . . . . . . .", "☃"]
    expected, _ = counted(texts)
    monkeypatch.setattr(token_counts, "BATCH", 2)
    assert counted(texts)[0] == expected
