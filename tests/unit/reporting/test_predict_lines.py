"""`make predict` is a Snakemake command with a name for the file."""

import re
from pathlib import Path

import pytest
import yaml

from whosaid.config.parse import ConfigError
from whosaid.errors import InputError
from whosaid.reporting import predict_lines
from whosaid.reporting.predict_lines import command, name_of

PROJECT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def project(monkeypatch):
    monkeypatch.chdir(PROJECT)


@pytest.mark.parametrize("file", ["my_lines.csv", "a/my_lines.tsv.gz", "my_lines.parquet"])
def test_a_file_with_a_plain_name_goes_by_it(file):
    assert name_of(Path(file)) == "my_lines"


def test_other_names_become_plain_words_that_differ():
    """Files whose names had no letters, or other words after a dot, were once one and the same."""
    files = ["реплики.csv", "a/реплики.csv", "2026.csv", "lines.2025.csv", "lines.2026.csv"]
    names = [name_of(Path(file)) for file in [*files, "my lines.csv"]]
    assert len({*names}) == len(names)
    for name in names:
        assert re.fullmatch(r"[A-Za-z]\w*_[0-9a-f]{6}", name)


def test_all_variants_are_asked_unless_one_is_named():
    words = command(Path("it's.csv"), None, [])
    name = name_of(Path("it's.csv"))
    targets = [word for word in words if word.endswith(".parquet")]
    assert f"results/demo/new/{name}/tfidf.parquet" in targets and len(targets) == 8
    assert yaml.safe_load(words[-1].removeprefix("new_lines=")) == {name: "it's.csv"}
    words = command(Path("no.csv"), "tfidf", ["config/speakers.yaml"])
    targets = [word for word in words if word.endswith(".parquet")]
    assert targets == ["results/speakers/new/no/tfidf.parquet"]
    assert words[-4:-1] == ["--configfile", "config/speakers.yaml", "--config"]
    assert words[-1] == 'new_lines={"no": "no.csv"}'


def test_variants_that_read_context_are_left_out_and_refused(tmp_path):
    overlay = tmp_path / "overlay.yaml"
    together = "{classifier: ensemble, ensemble: {members: [basic_distilbert, tfidf]}}"
    overlay.write_text(f"variants: {{around: {{context: {{}}}}, together: {together}}}")
    words = command(Path("a.csv"), None, [str(overlay)])
    assert len([word for word in words if word.endswith(".parquet")]) == 8
    with pytest.raises(InputError, match="VARIANT=around: it reads the lines around") as error:
        command(Path("a.csv"), "around", [str(overlay)])
    assert "tfidf" in str(error.value) and "together" not in str(error.value)


def test_a_name_that_the_config_gives_to_another_file_is_refused(tmp_path):
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("new_lines: {a: other/a.csv}")
    with pytest.raises(InputError, match=r"new_lines\.a in the config is other/a\.csv; rename"):
        command(Path("a.csv"), None, [str(overlay)])
    assert command(Path("other/a.csv"), None, [str(overlay)])


@pytest.mark.parametrize("text", [None, "variants: [", "- a"])
def test_a_config_that_cannot_be_read_is_one_line(text, tmp_path):
    overlay = tmp_path / "overlay.yaml"
    if text is not None:
        overlay.write_text(text)
    with pytest.raises(ConfigError) as error:
        command(Path("a.csv"), None, [str(overlay)])
    assert str(error.value)


def test_what_cannot_be_predicted_is_refused_in_a_line(monkeypatch):
    with pytest.raises(InputError, match=r"VARIANT=none: no variant; choose from .*tfidf"):
        command(Path("a.csv"), "none", [])
    monkeypatch.setattr("sys.argv", ["predict_lines", "none.csv"])
    with pytest.raises(SystemExit, match=r"none\.csv: no such file; give one as LINES="):
        predict_lines.main()
