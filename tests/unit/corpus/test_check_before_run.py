"""A run does not begin with a CSV that would cost what was made of the one before."""

import json
import sys
from pathlib import Path

import pytest
import read_lines

from whosaid.config.parse import parse_config
from whosaid.corpus import read_corpus
from whosaid.corpus.check_before_run import check_csv

HEADER = ",season,episode,title,scene,speaker,line,directed_by,written_by,writer1,writer2,writer3"
SPEAKERS = ["dwight", "jim", "dwight", "jim", "dwight", "pam", "dwight", "jim", "pam", "pam"]
RAW = {
    "experiment": "toy",
    "corpus": {"csv": "script.csv", "target_speaker": "dwight", "top_speakers": 2},
    "encoders": {"small": {"path": "small"}},
    "variants": {"plain": {"encoder": "small"}},
}


def write_csv(season="1", ending=""):
    rows = [
        f"{index},{season},2,Pilot,3,{speaker},Line {index}.,Ken,Greg,Greg,,"
        for index, speaker in enumerate(SPEAKERS)
    ]
    Path("script.csv").write_text("\n".join([HEADER, *rows]) + ending, encoding="utf-8")


def config(**corpus):
    return parse_config(RAW | {"corpus": RAW["corpus"] | corpus})


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project whose CSV was read; gives back the file of the facts."""
    monkeypatch.chdir(tmp_path)
    write_csv()
    folder = tmp_path / "data" / "toy"
    folder.mkdir(parents=True)
    facts = folder / "corpus.json"
    read_lines.main("script.csv", str(folder / "lines.parquet"), str(facts), "dwight", 2)
    return facts


@pytest.fixture
def reads(monkeypatch):
    """The CSVs that were read."""
    read, paths = read_corpus.read_corpus, []

    def noted(section):
        paths.append(section["csv"])
        return read(section)

    monkeypatch.setattr(read_corpus, "read_corpus", noted)
    return paths


def refusal(config):
    with pytest.raises(SystemExit) as ended:
        check_csv(config)
    message = str(ended.value)
    assert message.startswith("script.csv")
    assert "\n" not in message
    # Snakemake would print the chain of errors.
    assert ended.value.__cause__ is None
    assert ended.value.__suppress_context__
    return message


def test_nothing_is_read_while_the_csv_and_the_question_are_the_same(project, reads, monkeypatch):
    # Not even the module, which takes pandas along.
    monkeypatch.setitem(sys.modules, "whosaid.corpus.read_corpus", None)
    assert check_csv(config()) is None
    assert reads == []


def test_a_touched_csv_is_the_same(project, reads):
    content = Path("script.csv").read_bytes()
    Path("script.csv").unlink()
    Path("script.csv").write_bytes(content)
    check_csv(config())
    assert reads == []


def test_a_first_run_begins_with_the_check(project, reads):
    project.unlink()
    check_csv(config())
    project.write_text("{", encoding="utf-8")
    check_csv(config())
    assert reads == ["script.csv"] * 2


def test_every_recipe_that_has_nothing_to_read_is_named_before_any_job(project):
    """A corpus without directors trained for minutes before a baseline was refused, one by one."""
    variants = {
        "plain": {"encoder": "small", "annotate": ["directed_by", "writer2"]},
        "tagged": {"encoder": "small", "annotate": ["writer2", "writer3"]},
        "metadata": {
            "encoder": "small",
            "classifier": "linear",
            "linear": {"features": ["season", "writer3"]},
        },
    }
    asked = parse_config(RAW | {"variants": variants})
    for facts in ("kept", "lost"):
        if facts == "lost":
            project.unlink()
        with pytest.raises(SystemExit) as ended:
            check_csv(asked)
        assert str(ended.value).split("\n") == [
            "script.csv: writer2 and writer3 are empty in every row, so variants.tagged.annotate "
            "has nothing to read; leave it out",
            "script.csv: writer3 is empty in every row, so variants.metadata.linear.features has "
            "nothing to read; leave it out",
        ]


def test_another_csv_that_will_do_is_read_and_lets_the_run_begin(project, reads):
    write_csv(season="7", ending="\n")
    assert check_csv(config()) is None
    assert reads == ["script.csv"]


def test_another_question_that_the_csv_answers_lets_the_run_begin(project, reads):
    assert check_csv(config(target_speaker="jim")) is None
    assert check_csv(config(top_speakers=3)) is None
    assert reads == ["script.csv"] * 2


def test_a_csv_that_would_be_refused_ends_the_run_and_leaves_everything(project, reads):
    before = {path: path.read_bytes() for path in project.parent.iterdir()}
    write_csv(season="two")
    assert "season 'two' is not an int16 in 10 rows, first in row 2" in refusal(config())
    assert reads == ["script.csv"]
    assert {path: path.read_bytes() for path in project.parent.iterdir()} == before
    # With the one before put back there is nothing to do.
    write_csv()
    assert check_csv(config()) is None
    assert reads == ["script.csv"]


def test_a_question_that_the_csv_does_not_answer_ends_the_run(project):
    assert "corpus.target_speaker 'pam' is not among the 2" in refusal(config(target_speaker="pam"))
    assert "3 speakers, but corpus.top_speakers is 9" in refusal(config(top_speakers=9))


def test_facts_without_the_question_are_not_trusted(project, reads):
    facts = json.loads(project.read_text(encoding="utf-8"))
    del facts["settings"]
    project.write_text(json.dumps(facts), encoding="utf-8")
    check_csv(config())
    assert reads == ["script.csv"]


def test_a_class_that_cannot_stand_in_three_splits_is_refused_before_any_job(project):
    write_csv()
    text = Path("script.csv").read_text(encoding="utf-8").replace(",jim,", ",pam,", 2)
    Path("script.csv").write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit, match="1 line of 'jim'; each of train, test and valid needs"):
        check_csv(config(target_speaker="jim", top_speakers=3))


def test_a_script_without_blanks_between_words_is_refused_where_words_are_counted(project):
    """It was refused by TF-IDF and by word counts, one after the other, after other work."""
    text = Path("script.csv").read_text(encoding="utf-8").replace("Line ", "灯火椅桌河山园木灯")
    Path("script.csv").write_text(text, encoding="utf-8")
    linear = {"encoder": "small", "classifier": "linear"}
    variants = {
        "plain": {"encoder": "small"},
        "long": {"encoder": "small", "min_words": 3},
        "words": linear,
        "characters": linear | {"linear": {"features": ["character_ngrams"]}},
    }
    with pytest.raises(SystemExit) as ended:
        check_csv(parse_config(RAW | {"variants": variants}))
    lines = str(ended.value).split("\n")
    said = "script.csv: no blanks between words, so variants."
    assert lines == [
        f"{said}long.min_words finds no words; leave it out",
        f"{said}words.linear.features finds no words; use character_ngrams instead of word_ngrams",
    ]


def test_a_file_more_or_less_is_read_again(project, reads):
    asked = config(csv=["script*.csv"])
    check_csv(asked)
    assert reads == []
    text = Path("script.csv").read_text(encoding="utf-8")
    rows = "\n".join(f"1{row}" for row in text.splitlines()[1:])
    Path("script_2.csv").write_text(f"{HEADER}\n{rows}\n", encoding="utf-8")
    check_csv(asked)
    assert reads == [("script*.csv",)]


def test_names_of_which_no_speaker_has_lines_enough_are_refused(project):
    """All were called `others`, and the variant stood in the track of those that know names."""
    variant = {"encoder": "small", "context": {"names": "around", "fewest_lines": 50}}
    with pytest.raises(SystemExit, match=r"no speaker has 50 lines, so variants\.plain\.context"):
        check_csv(parse_config(RAW | {"variants": {"plain": variant}}))
    variant["context"]["fewest_lines"] = 4
    check_csv(parse_config(RAW | {"variants": {"plain": variant}}))
