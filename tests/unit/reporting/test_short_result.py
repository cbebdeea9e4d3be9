import json
import sys

import pytest

from whosaid.reporting.short_result import main, short_result

METRICS = {
    "variant": "tfidf",
    "split": "test",
    "rows": 1234,
    "metrics": {"f1": 0.41234, "average_precision": None},
    "intervals": {"f1": [0.38, 0.44449], "average_precision": None},
}


def test_each_metric_has_a_row_with_its_interval():
    text = short_result(METRICS)
    assert text.startswith("tfidf on test, 1,234 rows:\n\n")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()[4:]]
    assert rows == [["f1", "0.412", "0.380 to 0.444"], ["average precision", "—", "—"]]
    assert "| f1" in short_result({**METRICS, "intervals": None})


def test_it_is_printed_or_the_missing_file_is_named(tmp_path, monkeypatch, capsys):
    path = tmp_path / "test.json"
    monkeypatch.setattr(sys, "argv", ["short_result", str(path)])
    with pytest.raises(SystemExit, match=r"test\.json"):
        main()
    path.write_text(json.dumps(METRICS))
    main()
    assert capsys.readouterr().out.startswith("tfidf on test, 1,234 rows:")
