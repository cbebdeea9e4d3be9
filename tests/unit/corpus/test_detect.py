"""The forms in which people share scripts are found, without a word of a show."""

import gzip
import json
import random

import pandas as pd
import pytest

from whosaid.corpus.detect import detect, find_encoding
from whosaid.corpus.spellings import groups_of_spellings
from whosaid.errors import InputError

RANDOM = random.Random(1)
WORDS = ["the", "beet", "farm", "sells", "paper", "to", "every", "office", "in", "a", "valley"]
ROWS = [
    (RANDOM.choice(["ANNA", "BERT", "CARLA"]), " ".join(RANDOM.choices(WORDS, k=6)))
    for _ in range(120)
]

RUSSIAN = bytes.fromhex(
    "c0ede0f020f1eae0e7e0ebe02c20f7f2ee20e7e0e2f2f0e020e1f3e4e5f220e4eee6e4fc2c20e8"
).decode("cp1251")

FORMS = {
    "commas and a season": (
        "Release Date,Season,Episode,Episode Title,Name,Sentence",
        lambda n, who, said: f"2011-04-17,Season {n // 60},Episode {n // 20},Winter,{who},{said}",
        {"speaker": "Name", "line": "Sentence", "season": "Season", "episode": "Episode"},
        {},
    ),
    "semicolons": (
        "Character;Sentence",
        lambda n, who, said: f"{who};{said}, he said",
        {"speaker": "Character", "line": "Sentence"},
        {"separator": ";"},
    ),
    "tabs": (
        "scene\twho\ttext",
        lambda n, who, said: f"{n // 10}\t{who}\t{said}",
        {"speaker": "who", "line": "text", "scene": "scene"},
        {"separator": "\t"},
    ),
    "an index and numbers with a point": (
        ",Character,Dialogue,EpisodeNo,SEID,Season",
        lambda n, who, said: f"{n},{who},{said},{1.0 + n // 40},S01E0{1 + n // 40},1.0",
        {"speaker": "Character", "line": "Dialogue", "season": "Season", "episode": "EpisodeNo"},
        {},
    ),
    "a speaker's number beside his name": (
        "id,episode_id,character_id,raw_character_text,spoken_words",
        lambda n, who, said: f"{n},{n // 40},{len(who)},{who},{said}",
        {"speaker": "raw_character_text", "line": "spoken_words", "episode": "episode_id"},
        {},
    ),
}


def write(path, header, row, rows=ROWS):
    lines = [header] * bool(header) + [row(n, *each) for n, each in enumerate(rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("name", FORMS)
def test_columns_and_separator_are_found(name, tmp_path):
    header, row, columns, keys = FORMS[name]
    found = detect(write(tmp_path / "show.csv", header, row), {}).keys
    assert {k: v for k, v in found["columns"].items() if k != "extra"} == columns
    assert {k: v for k, v in found.items() if k not in ("csv", "format", "columns")} == keys


def test_a_file_without_names_of_columns_gets_some_and_what_they_hold_is_guessed(tmp_path):
    path = write(
        tmp_path / "lines.txt",
        "",
        lambda n, who, said: (
            f"L{n} +++$+++ u{n % 9} +++$+++ m{n // 30} +++$+++ {who} +++$+++ {said}"
        ),
    )
    found = detect(path, {}).keys
    assert found["separator"] == " +++$+++ "
    assert found["header"] == [f"column_{number}" for number in range(1, 6)]
    assert found["columns"]["speaker"] == "column_4"
    assert found["columns"]["line"] == "column_5"


def test_json_lines_parquet_and_gzip_are_told_by_their_names(tmp_path):
    objects = [{"speaker": who, "text": said, "meta": {"film": "m1"}} for who, said in ROWS]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, objects)), encoding="utf-8")
    pd.DataFrame(ROWS, columns=["who", "line"]).to_parquet(tmp_path / "b.parquet")
    header, row, columns, _ = FORMS["semicolons"]
    plain = write(tmp_path / "c.csv", header, row).read_bytes()
    (tmp_path / "c.csv.gz").write_bytes(gzip.compress(plain))
    of_json, of_parquet, of_gzip = (
        detect(tmp_path / name, {}).keys for name in ("a.jsonl", "b.parquet", "c.csv.gz")
    )
    assert of_json["format"] == "jsonl" and of_json["columns"]["line"] == "text"
    assert of_parquet["format"] == "parquet" and of_parquet["columns"]["speaker"] == "who"
    assert of_gzip["columns"] == columns


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Zoë sagt: „Ja“ und lacht", "cp1252"),
        ("Café déjà vu", "cp1252"),
        (RUSSIAN, "cp1251"),
        ("plain", "utf-8"),
        ("Zoë", "utf-8"),
    ],
)
def test_the_encoding_is_found(text, encoding):
    assert find_encoding((text * 20).encode(encoding)) == encoding


def test_columns_that_the_user_names_are_taken(tmp_path):
    path = write(tmp_path / "x.csv", "a,b,speaker", lambda n, who, said: f"{who},{said},{n}")
    found = detect(path, {"speaker": "a", "line": "b"}).keys["columns"]
    assert (found["speaker"], found["line"]) == ("a", "b")
    with pytest.raises(InputError, match="SPEAKER=none: no such column"):
        detect(path, {"speaker": "none"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("one\ncolumn\nonly\n", "one column, whatever separator"),
        ("speaker,line\nr1,anna,no\nr2,bert,yes\n", "a name for the first column"),
        ("<!DOCTYPE html><html></html>", "web page"),
        ("a,line\n1,yes\n2,no\n3,oh\n", 'SPEAKER="..."'),
    ],
)
def test_what_is_no_table_of_lines_is_refused_in_one_line(text, message, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message) as refused:
        detect(path, {})
    assert "\n" not in str(refused.value)


def test_spellings_of_one_name_are_grouped_and_an_aside_is_never_the_name():
    names = ["JIM (on phone)", "Jim", "jim ", "PAM", "JIM:", "Dwight", "??"]
    assert groups_of_spellings(names) == [["Jim", "jim ", "JIM:", "JIM (on phone)"]]
