"""What is said of each trained model."""

import pytest

from whosaid.reporting.model_facts import (
    Model,
    best_epoch,
    gap,
    kept_epoch,
    models_table,
    prediction,
)

EPOCHS = [{"epoch": number, "test_f1": f1} for number, f1 in [(1.0, 0.1), (2.0, 0.7), (3.0, 0.7)]]


def model(**changes):
    facts = {
        "title": "a|b",
        "seed": 7,
        "record": {
            "history": EPOCHS,
            "seconds": 75.2,
            "device": "CPU (2 threads)",
            "precision": "float32",
        },
        "runtime": {"train": {"seconds": 3.0, "rows_per_second": 100}},
        "train": {"f1": 0.9, "loss": 0.1},
        "test": {"f1": 0.6, "loss": 0.45},
    }
    return Model(**facts | changes)


def test_a_model_has_a_row():
    table, _, legend = models_table([model(), model(seed=8)], "target").partition("\n\n")
    rows = [[cell.strip() for cell in row.split(" | ")] for row in table.splitlines()]
    assert rows[2][1:5] == ["7", "0.900 / 0.600", "+0.300", "0.100 / 0.450"]
    assert rows[2][8] == "3.0 s, 100 rows/s"
    assert rows[2][5:8] == ["2 of 3 (0.700)", "3", "1 m 15 s"]
    assert rows[2][0] == r"| a\|b" and rows[3][1] == "8"
    assert "F1 on train minus F1 on test" in " ".join(legend.split())


def test_the_question_about_speakers_has_another_metric():
    scores = {"macro_f1": 0.5, "loss": 1.5}
    history = [{"epoch": 1.0, "test_macro_f1": 0.4}]
    record = model().record | {"history": history}
    page = models_table([model(record=record, train=scores, test=scores)], "speakers")
    assert "0.500 / 0.500" in page and "1 of 1 (0.400)" in page and "macro F1 on train" in page


@pytest.mark.parametrize(
    ("history", "expected"),
    [(EPOCHS, "2 of 3 (0.700)"), (EPOCHS[:1], "1 of 1 (0.100)"), ([], "—")],
)
def test_of_equal_epochs_the_first_is_the_best(history, expected):
    assert best_epoch(history, "test_f1") == expected


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"history": EPOCHS}, "3"),
        ({"history": EPOCHS, "kept_epoch": 2.0}, "2"),
        ({"history": []}, "—"),
    ],
)
def test_the_last_epoch_is_kept_unless_the_training_chose_one(record, expected):
    assert kept_epoch(record) == expected


def test_without_a_metric_there_is_no_gap():
    assert gap(model(train={"f1": None}), "f1") == "—"


def test_rows_per_second_are_those_of_all_splits_together():
    splits = {"train": (1.0, 200), "test": (3.0, 100), "valid": (0.0, 0.0)}
    runtime = {name: {"seconds": s, "rows_per_second": r} for name, (s, r) in splits.items()}
    assert prediction(runtime) == "4.0 s, 125 rows/s"
    assert prediction({"train": {"seconds": 0.0, "rows_per_second": 0.0}}) == "—"
