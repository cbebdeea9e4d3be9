import numpy as np
import pyarrow.parquet as pq
import pytest

from whosaid.evaluation.predictions import (
    SCHEMA,
    Predictions,
    read_predictions,
    read_variants,
    write_predictions,
)

ROW, LABEL = np.array([7, 3, 9]), np.array([1, 0, 0])
LOGITS = np.array([[0.5, 2.0], [1.0, -1.5], [0.0, 3.0]])
ABSTAINED = np.array([False, False, True])


def test_what_was_written_is_read(tmp_path):
    paths = [tmp_path / f"{number}.parquet" for number in (0, 1)]
    for number, path in enumerate(paths):
        write_predictions(path, ROW, LABEL, LOGITS + np.array([0, number]), ABSTAINED)
        assert pq.read_schema(path).equals(SCHEMA)
    found = read_predictions(paths)
    assert found.row.tolist() == [7, 3, 9]
    assert found.label.tolist() == [1, 0, 0]
    assert found.abstained.tolist() == [False, False, True]
    assert found.log_odds.tolist() == [[1.5, -2.5, 3], [2.5, -1.5, 4]]


def test_lengths_that_differ_are_an_error(tmp_path):
    path = tmp_path / "some.parquet"
    whole = {"row": ROW, "label": LABEL, "logits": LOGITS, "abstained": ABSTAINED}
    for name, values in whole.items():
        with pytest.raises(ValueError, match=r"some\.parquet: \d logits for \d rows"):
            write_predictions(path, **(whole | {name: values[:2]}))
    assert not path.exists()


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_a_logit_that_is_no_finite_number_is_an_error(number, tmp_path):
    logits = LOGITS.copy()
    logits[1, 1] = number
    path = tmp_path / "some.parquet"
    with pytest.raises(ValueError, match="finite"):
        write_predictions(path, ROW, LABEL, logits, ABSTAINED)
    assert not path.exists()


@pytest.mark.parametrize("changed", ["row", "label", "abstained"])
def test_files_of_other_rows_are_an_error(changed, tmp_path):
    columns = {"row": ROW, "label": LABEL, "abstained": ABSTAINED}
    write_predictions(tmp_path / "0.parquet", logits=LOGITS, **columns)
    columns[changed] = columns[changed][[2, 1, 0]]
    write_predictions(tmp_path / "1.parquet", logits=LOGITS, **columns)
    with pytest.raises(ValueError, match=r"1\.parquet: not the rows of .*0\.parquet"):
        read_predictions([tmp_path / "0.parquet", tmp_path / "1.parquet"])


def test_each_variant_takes_as_many_files_as_it_has_seeds(tmp_path):
    paths = [tmp_path / f"{number}.parquet" for number in range(3)]
    for number, path in enumerate(paths):
        write_predictions(path, ROW, LABEL, LOGITS + np.array([0, number]), ABSTAINED)
    one, other = read_variants(paths, [{"seeds": [4]}, {"seeds": [4, 5]}])
    assert one.log_odds[:, 0].tolist() == [1.5]
    assert other.log_odds[:, 0].tolist() == [2.5, 3.5]


def test_a_part_keeps_its_rows_and_all_seeds():
    odds = np.array([[1.0, -1.0, 2.0], [3.0, -3.0, 4.0]])
    whole = Predictions(ROW, LABEL, ABSTAINED, odds)
    for part in (whole.take(np.array([2, 0])), whole.take(np.array([True, False, True]))):
        assert sorted(part.row) == [7, 9]
        assert part.log_odds.shape == (2, 2)
    assert whole.take(np.array([2, 0])).log_odds.tolist() == [[2, 1], [4, 3]]


def test_a_decision_is_the_larger_logit_but_never_an_abstention():
    odds = np.array([[0.0, 1e-9, 5.0], [-1.0, -1e-9, 5.0]])
    predictions = Predictions(ROW, LABEL, ABSTAINED, odds)
    assert predictions.decide().tolist() == [[False, True, False], [False, False, False]]
