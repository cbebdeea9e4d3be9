import numpy as np
import pyarrow as pa
import pytest

from whosaid.evaluation.predictions import Predictions
from whosaid.evaluation.published_metrics import PUBLISHED_METRICS
from whosaid.evaluation.resampling import Resamples
from whosaid.evaluation.slices import Slice, lines_of, missed_share, predicted_share, slice_variant

FUNCTIONS = {metric.name: metric.function for metric in PUBLISHED_METRICS}


def slice_of(label, *decisions, units=None):
    """A slice with a model for each of the `decisions`; each row is a unit unless `units` say."""
    label, decisions = np.array(label), np.array(decisions)
    rows = np.arange(len(label))
    units = rows if units is None else np.array(units)
    odds = np.where(decisions == 1, 1.0, -1.0)
    predictions = Predictions(rows, label, np.zeros(len(rows), bool), odds)
    return Slice(predictions, units, Resamples([units], 500, 1), 0.95)


def test_lines_are_found_by_their_numbers_in_the_order_of_the_rows():
    corpus = pa.table(
        {
            "row": [8, 1, 5],
            "season": [3, 1, 2],
            "speaker": ["c", "a", "b"],
            "line": ["x y  z", "", " x\ty\n"],
        }
    )
    lines = lines_of(corpus, np.array([5, 8, 5, 1]), [])
    assert lines.words.tolist() == [2, 3, 2, 0]
    assert lines.season.tolist() == [2, 3, 2, 1]
    assert lines.speaker.tolist() == ["b", "c", "b", "a"]


def test_a_corpus_without_seasons_has_no_slices_by_season():
    corpus = pa.table({"row": [1, 5], "speaker": ["a", "b"], "line": ["x", "y"]})
    lines = lines_of(corpus, np.array([1, 5]), [])
    assert lines.season is None
    assert slice_variant(slice_of([0, 1], [1, 1]), lines)["season"] == []


def test_a_row_that_the_corpus_lacks_is_an_error():
    corpus = pa.table({"row": [1, 5], "season": [1, 1], "speaker": ["a", "b"], "line": ["x", "y"]})
    for missing in (0, 3, 9):
        with pytest.raises(ValueError, match="lacks"):
            lines_of(corpus, np.array([5, missing]), [])


def test_a_resample_without_a_row_counts_for_nothing():
    # In some resamples none of the two rows is drawn, in others no row of the target's.
    assert slice_of([0, 0], [1, 1]).estimate({"rate": predicted_share}) == (
        {"rate": 1},
        {"rate": None},
    )
    found = slice_of([1, 0, 0, 0], [1, 0, 0, 0]).estimate({"rate": missed_share})
    assert found == ({"rate": 0}, {"rate": None})
    metrics, intervals = slice_of([1, 0, 0], [1, 0, 0]).estimate(FUNCTIONS)
    assert set(metrics.values()) == {1}
    assert set(intervals.values()) == {None}


def test_a_rate_that_never_changes_has_wilson_s_interval():
    found = slice_of([0] * 6, [1] * 6).rate(predicted_share, 6)
    assert (found["rows"], found["rate"]) == (6, 1)
    assert found["interval"] == pytest.approx((6 / (6 + 1.959964**2), 1))
    apart = slice_of([0] * 20, [1, 0] * 10).rate(predicted_share, 10)
    assert 0 < apart["interval"][0] < 0.5 < apart["interval"][1] < 1


def test_a_rate_of_no_rows_has_no_interval():
    found = slice_of(np.zeros(0, int), np.zeros(0)).rate(missed_share, 0)
    assert found == {"rows": 0, "rate": None, "interval": None}


def test_a_metric_that_one_seed_leaves_undefined_is_0_for_that_seed():
    label, some, none = [1, 1, 0, 0] * 10, [1, 0, 1, 0] * 10, [0] * 40
    metrics, intervals = slice_of(label, some, none).estimate(FUNCTIONS)
    assert metrics["precision"] == 0.25
    low, high = intervals["precision"]
    assert low < 0.25 < high
    metrics, intervals = slice_of(label, none, none).estimate(FUNCTIONS)
    assert metrics["precision"] is intervals["precision"] is None
    assert metrics["recall"] == 0 and intervals["recall"] is None


def test_rows_of_a_unit_are_drawn_together():
    label, decisions = [1, 0] * 60, [0, 0] * 30 + [1, 0] * 30
    ends = [
        slice_of(label, decisions, units=np.arange(120) // size).estimate(FUNCTIONS)[1]["recall"]
        for size in (1, 2, 10)
    ]
    lengths = [high - low for low, high in ends]
    assert lengths[0] == pytest.approx(lengths[1], rel=0.15)
    assert lengths[2] == pytest.approx(5**0.5 * lengths[1], rel=0.25)


def test_taking_rows_takes_their_units():
    taken = slice_of([1, 0, 1], [1, 1, 1], units=[4, 5, 6]).take(np.array([True, False, True]))
    assert taken.units.tolist() == [4, 6]
    assert taken.rows.label.tolist() == [1, 1]
