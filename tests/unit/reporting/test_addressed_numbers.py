import json

import pytest

from whosaid.reporting.addressed_numbers import AddressedNumbers
from whosaid.reporting.formats import METRIC


@pytest.fixture
def numbers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content = {"f1": {"mean": 0.33, "ends": [0.3, 0.36]}, "undefined": None, "one": [None, 1]}
    (tmp_path / "a.json").write_text(json.dumps(content))
    return AddressedNumbers({"b.json": {"rows": 7}})


def test_a_number_is_kept_with_its_address_in_the_order_of_the_page(numbers):
    assert numbers.text("b.json", "rows", form="d") == "7"
    assert numbers.text("a.json", "f1", "ends", 1) == "0.360"
    assert numbers.shown == [
        {"text": "7", "file": "b.json", "key": ["rows"], "form": "d"},
        {"text": "0.360", "file": "a.json", "key": ["f1", "ends", 1], "form": METRIC},
    ]


def test_an_estimate_stands_with_its_interval_where_it_has_one(numbers):
    assert numbers.estimate("a.json", ("f1", "mean"), ("f1", "ends")) == "0.330 [0.300, 0.360]"
    assert numbers.estimate("a.json", ("f1", "mean"), ("undefined",)) == "0.330"
    assert numbers.estimate("a.json", ("undefined",), ("one",)) == "—"


def test_a_missing_key_is_an_error(numbers):
    with pytest.raises(KeyError):
        numbers.text("a.json", "f2")
