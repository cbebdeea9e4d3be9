"""Which model is exported, and what cannot be."""

from pathlib import Path

import pytest

from whosaid.config.parse import merge, parse_config, read_config_file
from whosaid.errors import InputError
from whosaid.reporting import export

BASE = Path(__file__).parents[3] / "config" / "config.yaml"
FOLDER = "data/demo/models/basic_roberta/seed_43"


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return parse_config(merge(read_config_file(str(BASE)), {"variants": {"tfidf": {}}}))


def test_without_a_seed_the_first_one_is_chosen(config):
    assert export.choose(config, "basic_roberta", "") == ("basic_roberta", 42)
    assert export.choose(config, "basic_roberta", "43") == ("basic_roberta", 43)


@pytest.mark.parametrize(
    ("variant", "seed", "complaint"),
    [
        ("", "", "VARIANT=: no variant; choose from basic_distilbert, basic_roberta"),
        ("dwight", "", "VARIANT=dwight: no variant; choose from basic_distilbert"),
        ("tfidf", "", "VARIANT=tfidf: a linear baseline is no model of Transformers; choose from"),
        ("basic_roberta", "7", "SEED=7: basic_roberta has no such seed; choose from 42, 43, 44"),
        ("basic_roberta", "x", "SEED=x: basic_roberta has no such seed"),
    ],
)
def test_what_cannot_be_exported_is_refused_in_a_line(config, variant, seed, complaint):
    with pytest.raises(InputError) as refused:
        export.choose(config, variant, seed)
    assert str(refused.value).startswith(complaint)
    assert "\n" not in str(refused.value)


def test_a_model_that_was_not_trained_is_refused_with_what_to_type(config, tmp_path):
    chosen = export.Chosen("basic_roberta", 43)
    target = "results/demo/export/basic_roberta/seed_43 --configfile a.yaml b.yaml"
    with pytest.raises(InputError, match=f"{FOLDER}: not trained; type `snakemake .*{target}`"):
        export.check_trained(config, chosen, ["a.yaml", "b.yaml"])
    (tmp_path / FOLDER).mkdir(parents=True)
    (tmp_path / FOLDER / "manifest.json").touch()
    export.check_trained(config, chosen, [])


def test_another_format_is_refused_with_those_there_are():
    export.check_format("")
    with pytest.raises(InputError, match="FORMAT=tflite: no format; choose onnx, or leave it out"):
        export.check_format("tflite")


def test_the_command_line_prints_the_folder(config, tmp_path, monkeypatch, capsys):
    (tmp_path / FOLDER).mkdir(parents=True)
    (tmp_path / FOLDER / "manifest.json").touch()
    command = ["export", "--variant", "basic_roberta", "--seed", "43", "--configfile"]
    monkeypatch.setattr("sys.argv", command)
    export.main()
    assert capsys.readouterr().out == "results/demo/export/basic_roberta/seed_43\n"
