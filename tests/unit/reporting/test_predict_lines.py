"""`make predict` is a Snakemake command with a name for the file."""

import shlex
from pathlib import Path

import pytest

from whosaid.errors import InputError
from whosaid.reporting import predict_lines
from whosaid.reporting.predict_lines import command, name_of

PROJECT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def project(monkeypatch):
    monkeypatch.chdir(PROJECT)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("my lines.csv", "my_lines"),
        ("a/b/Season-9.tsv.gz", "Season_9"),
        ("2026.jsonl", "lines_2026"),
        ("Löwe.csv", "L_we"),
    ],
)
def test_a_file_has_a_name_that_can_name_a_folder(file, name):
    assert name_of(Path(file)) == name


def test_all_variants_are_asked_unless_one_is_named():
    words = command(Path("my lines.csv"), None, [])
    targets = [word for word in words if word.endswith(".parquet")]
    assert "results/demo/new/my_lines/tfidf.parquet" in targets and len(targets) == 8
    assert words[-2:] == ["--config", "new_lines={my_lines: 'my lines.csv'}"]
    words = command(Path("a.csv"), "tfidf", ["config/speakers.yaml"])
    assert [word for word in words if word.endswith(".parquet")] == [
        "results/speakers/new/a/tfidf.parquet"
    ]
    assert shlex.join(words).endswith(
        "--configfile config/speakers.yaml --config 'new_lines={a: '\"'\"'a.csv'\"'\"'}'"
    )


def test_what_cannot_be_predicted_is_refused_in_a_line(monkeypatch):
    with pytest.raises(InputError, match=r"VARIANT=none: no variant; choose from .*tfidf"):
        command(Path("a.csv"), "none", [])
    monkeypatch.setattr("sys.argv", ["predict_lines", "none.csv"])
    with pytest.raises(SystemExit, match=r"none\.csv: no such file; give one as LINES="):
        predict_lines.main()
