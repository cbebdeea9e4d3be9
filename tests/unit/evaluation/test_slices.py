import numpy as np
import pyarrow as pa
import pytest

from whosaid.evaluation.slices import lines_of


def test_lines_are_found_by_their_numbers_in_the_order_of_the_rows():
    corpus = pa.table(
        {
            "row": [8, 1, 5],
            "season": [3, 1, 2],
            "speaker": ["c", "a", "b"],
            "line": ["x y  z", "", " x\ty\n"],
        }
    )
    lines = lines_of(corpus, np.array([5, 8, 5, 1]))
    assert lines.words.tolist() == [2, 3, 2, 0]
    assert lines.season.tolist() == [2, 3, 2, 1]
    assert lines.speaker.tolist() == ["b", "c", "b", "a"]


def test_a_row_that_the_corpus_lacks_is_an_error():
    corpus = pa.table({"row": [1, 5], "season": [1, 1], "speaker": ["a", "b"], "line": ["x", "y"]})
    for missing in (0, 3, 9):
        with pytest.raises(ValueError, match="lacks"):
            lines_of(corpus, np.array([5, missing]))
