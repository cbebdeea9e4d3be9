"""The forms in which people share scripts are found, without a word of a show."""

import gzip
import json
import random
from pathlib import Path

import pandas as pd
import pytest

from whosaid.corpus import detect_form as detect_form_module
from whosaid.corpus.column_guesses import guess_columns
from whosaid.corpus.detect_form import detect_form, find_encoding
from whosaid.corpus.first_look import first_look
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


def detect(path, named):
    """The keys of `corpus` that the form and the columns of a file give."""
    form = detect_form(path)
    return form.keys | {"columns": guess_columns(form.sample, named, path)[0]}


@pytest.mark.parametrize("name", FORMS)
def test_columns_and_separator_are_found(name, tmp_path):
    header, row, columns, keys = FORMS[name]
    found = detect(write(tmp_path / "show.csv", header, row), {})
    assert {k: v for k, v in found["columns"].items() if k != "extra"} == columns
    assert {k: v for k, v in found.items() if k not in ("format", "columns")} == keys


def test_a_file_without_names_of_columns_gets_some_and_what_they_hold_is_guessed(tmp_path):
    path = write(
        tmp_path / "lines.txt",
        "",
        lambda n, who, said: (
            f"L{n} +++$+++ u{n % 9} +++$+++ m{n // 30} +++$+++ {who} +++$+++ {said}"
        ),
    )
    found = detect(path, {})
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
        detect(tmp_path / name, {}) for name in ("a.jsonl", "b.parquet", "c.csv.gz")
    )
    assert of_json["format"] == "jsonl" and of_json["columns"]["line"] == "text"
    assert of_parquet["format"] == "parquet" and of_parquet["columns"]["speaker"] == "who"
    assert of_gzip["columns"] == columns


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Zoë sagt: „Ja“ und lacht", "cp1252"),
        ("Café déjà vu", "cp1252"),
        ("VOILÀ, C'EST ENCORE UNE FOIS L'ÉTÉ", "cp1252"),
        ("Well… I say “no”", "mac_roman"),
        (RUSSIAN, "cp1251"),
        ("plain", "utf-8"),
        ("plain", "utf-16"),
        ("plain", "utf-16-be"),
        ("plain", "utf-32"),
        ("Zoë", "utf-8"),
    ],
)
def test_the_encoding_is_found(text, encoding):
    assert find_encoding((text * 20).encode(encoding), Path("show.csv")) == encoding


def test_columns_that_the_user_names_are_taken(tmp_path):
    path = write(tmp_path / "x.csv", "a,b,speaker", lambda n, who, said: f"{who},{said},{n}")
    found = detect(path, {"speaker": "a", "line": "b"})["columns"]
    assert (found["speaker"], found["line"]) == ("a", "b")
    with pytest.raises(InputError, match="SPEAKER=none: no such column"):
        detect(path, {"speaker": "none"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("one\ncolumn\nonly\n", "one column, whatever separator"),
        ('[{"speaker": "anna", "line": "no"}]', "a JSON list, no table"),
        ("speaker,line\n", "no rows"),
        ("speaker,line,line\nanna,no,yes\nbert,oh,ah\n", "'line' stands 2 times"),
        ("My show\nspeaker,line\n" + "anna,no\nbert,yes\n" * 9, "no header, which begins with"),
        ("sep=,\nspeaker,line\nanna,no\nanna,yes\nbert,oh\n", "row 1 .'sep='. is no header"),
        ("ANNA: Come in, please, and sit.\nBERT: No.\nANNA: Why, if I may?\n" * 9, "no table"),
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


def look(tmp_path, text, name="show.csv", encoding="utf-8"):
    """The first look at a file with this text, or with these rows of two cells."""
    if not isinstance(text, str):
        text = "speaker,line\n" + "".join(f"{who},{said}\n" for who, said in text)
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return first_look(str(path), {})


def test_the_finer_of_two_parts_is_the_episode(tmp_path):
    """Three books were the episodes of a script of 61 chapters: a coin toss for grouped splits."""
    text = "book,chapter,character,text\n" + "".join(
        f"book {n // 60},chapter {n // 6},{who},{said}\n" for n, (who, said) in enumerate(ROWS)
    )
    columns = look(tmp_path, text).keys["columns"]
    assert (columns["season"], columns["episode"]) == ("book", "chapter")


def test_the_scenes_are_those_of_the_dialogues_where_there_is_an_episode(tmp_path):
    text = "Episode,Dialogue_ID,Speaker,Utterance\n" + "".join(
        f"{n // 40},{n // 8},{who},{said}\n" for n, (who, said) in enumerate(ROWS)
    )
    columns = look(tmp_path, text).keys["columns"]
    assert (columns["episode"], columns["scene"]) == ("Episode", "Dialogue_ID")


def test_cells_that_programs_write_for_no_value_are_empty(tmp_path):
    """3,393 lines `NA` of a public script were trained on, in silence: R writes no value so."""
    found = look(tmp_path, [*ROWS, ("ANNA", "NA"), ("NaN", "to the farm")])
    assert found.keys["missing"] == ["NA", "NaN"]
    assert found.keys["rows_without_speaker_or_line"] == "drop"
    assert len(found.corpus.lines) == len(ROWS) and found.lacking == 2
    assert "NA (1), NaN (1)" in " ".join(found.notes)


def test_who_is_no_speaker_is_dropped_and_never_the_target(tmp_path):
    """Scene descriptions, a quarter of the rows of a public script, were the target speaker."""
    rows = [("Scene Description", f"A farm, {n}.") for n in range(len(ROWS))] + ROWS
    text = "speaker;line\n" + "".join(f"{who};{said}\n" for who, said in rows)
    found = look(tmp_path, text + "speaker;line\n")
    assert found.keys["target_speaker"] in {"ANNA", "BERT", "CARLA"}
    assert found.keys["speakers"]["drop"] == ["Scene Description", "speaker"]
    assert {*found.corpus.speakers} == {"ANNA", "BERT", "CARLA"}
    everyone = [("All", said) for _, said in ROWS] + ROWS
    assert look(tmp_path, everyone, "all.csv").keys["target_speaker"] != "All"


def test_a_speaker_who_is_called_as_his_column_speaks(tmp_path):
    """The Speaker of a parliament would have been taken for a header between the rows."""
    found = look(
        tmp_path, [("Speaker" if n % 2 else who, said) for n, (who, said) in enumerate(ROWS)]
    )
    assert "speakers" not in found.keys and "Speaker" in found.corpus.speakers


def test_a_line_separator_within_a_json_text_ends_no_object(tmp_path):
    objects = [{"speaker": who, "line": f"{said}\u2028{n}"} for n, (who, said) in enumerate(ROWS)]
    text = "\n".join(json.dumps(each, ensure_ascii=False) for each in objects)
    assert len(look(tmp_path, text, "show.jsonl").corpus.lines) == len(ROWS)


def test_a_header_without_a_name_that_is_known_is_none_of_the_rows(tmp_path):
    """`character_label, n, text_proc` was read as a line of a speaker `character_label`."""
    for header in ("character_label,n,text_proc", "wer,nr,was"):
        text = f"{header}\n" + "".join(f"{who},{len(said)},{said}\n" for who, said in ROWS)
        found = look(tmp_path, text)
        assert "header" not in found.keys and len(found.corpus.lines) == len(ROWS)
    assert found.keys["columns"] == {"speaker": "wer", "line": "was"}


def test_a_file_without_a_header_is_said_to_have_none(tmp_path):
    found = look(tmp_path, "".join(f"{who};{said}\n" for who, said in ROWS))
    assert found.keys["header"] == ["column_1", "column_2"]
    assert "No row seems to hold the names" in found.notes[0]


def test_one_blank_line_makes_no_scenes_but_many_do(tmp_path):
    """A blank line at the end of a public script made `scenes: blank_rows`, with one scene."""
    text = "speaker,line\n" + "".join(f"{who},{said}\n" for who, said in ROWS)
    assert "scenes" not in look(tmp_path, text + "\n").keys
    rows = [f"{who},{said}\n" + "\n" * (n % 10 == 9) for n, (who, said) in enumerate(ROWS)]
    found = look(tmp_path, "speaker,line\n" + "".join(rows))
    assert found.keys["scenes"] == "blank_rows"
    assert found.corpus.lines["scene"].nunique() == len(ROWS) / 10


def test_a_column_that_tells_the_speaker_is_no_extra_and_every_other_one_is_named(tmp_path):
    """Actors and users' numbers were offered as features: they give the answer away."""
    text = "speaker,line,actor,place,length\n" + "".join(
        f"{who},{said},{who.title()} Smith,{'farm' if n % 2 else 'shop'},{len(said)}\n"
        for n, (who, said) in enumerate(ROWS)
    )
    found = look(tmp_path, text)
    assert found.keys["columns"]["extra"] == {"place": "place"}
    assert "almost tell the speaker: 'actor'" in found.notes[0]
    assert "not used: 'length'" in found.notes[1]


def test_extras_are_judged_by_all_of_the_file(tmp_path):
    """A film's name that only changes after 600 rows vanished from the config."""
    text = "speaker,line,studio\n" + "".join(
        f"{who},{said} {n},{'one' if n < 600 else 'two'}\n"
        for n, (who, said) in enumerate(ROWS * 8)
    )
    assert look(tmp_path, text).keys["columns"]["extra"] == {"studio": "studio"}


def test_identifiers_are_no_names(tmp_path):
    """Speakers were hashes of 24 digits, beside a column with their names."""
    identifiers = {"ANNA": "5e0c" * 6, "BERT": "77ab" * 6, "CARLA": "0d19" * 6}
    text = "person,speech,title\n" + "".join(
        f"{identifiers[who]},{said},{who.title()}\n" for who, said in ROWS
    )
    assert look(tmp_path, text).keys["columns"]["speaker"] == "title"


def test_russian_is_not_taken_for_french_because_of_the_signs_between(tmp_path):
    """A chat in cp1251 was read as cp1252, and would have been trained on in that spelling."""
    words = RUSSIAN.split()
    rows = [
        f"L{n}|u{n % 3}|{who}|{' '.join(words[: 1 + n % 6])}" for n, (who, _) in enumerate(ROWS)
    ]
    text = "id|user|speaker|line\n" + "\n".join(rows)
    assert look(tmp_path, text, encoding="cp1251").keys["encoding"] == "cp1251"


def test_an_encoding_of_which_nothing_is_known_is_not_taken_for_the_usual_one(monkeypatch):
    monkeypatch.setattr(detect_form_module, "guess_encoding", lambda sample: None)
    assert find_encoding("Café au lait".encode("cp1252"), Path("show.csv")) == "cp1252"
    with pytest.raises(InputError, match=r"ENCODING=cp1251$"):
        find_encoding(RUSSIAN.encode("cp1251"), Path("show.csv"))


@pytest.mark.parametrize(
    ("written", "keys"),
    [
        ('"{who}" "He said \\"{said}\\", twice"', {"separator": " ", "quotes": "escaped"}),
        ('{who}\tHe said "{said}', {"separator": "\t"}),
        ('{who}\t"He said "{said}" twice', {"separator": "\t", "quotes": "none"}),
        ('"{who}","He said ""{said}"", twice"', {}),
    ],
    ids=["R", "quotes within", "no quotes", "doubled"],
)
def test_quotes_are_read_as_they_are_written(written, keys, tmp_path):
    """Public scripts were refused at the first quote, and no key could say how they are written."""
    separator = keys.get("separator", ",")
    rows = [written.format(who=who, said=said) for who, said in ROWS]
    found = look(tmp_path, f"speaker{separator}line\n" + "\n".join(rows) + "\n")
    assert {k: found.keys[k] for k in ("separator", "quotes") if k in found.keys} == keys
    assert found.corpus.lines["line"].str.contains('He said "').all()


def test_names_of_rows_without_a_name_of_their_column_are_left_out(tmp_path):
    """R writes tables so; a public script had to be edited before it could be read."""
    rows = [f'"{n}" "{who}" "{said}"' for n, (who, said) in enumerate(ROWS, start=1)]
    found = look(tmp_path, '"character" "dialogue"\n' + "\n".join(rows) + "\n")
    assert found.keys["row_names"] is True
    assert found.corpus.lines["line"].tolist() == [said for _, said in ROWS]


def test_a_pattern_of_files_is_one_corpus_and_a_folder_is_none(tmp_path):
    for season in (1, 2):
        rows = [(who if season == 1 else "DORA", said) for who, said in ROWS]
        look(tmp_path, rows + ROWS[:40], f"show/season_{season}.csv")
    found = first_look(str(tmp_path / "show" / "*.csv"), {})
    assert found.keys["target_speaker"] == "DORA"
    assert len(found.corpus.lines) == 2 * len(ROWS) + 80
    with pytest.raises(InputError, match=r"a folder; give a pattern of files, as '.*show/\*.csv'"):
        first_look(str(tmp_path / "show"), {})


def test_a_file_that_stands_twice_is_noticed(tmp_path):
    assert "does the file stand twice" in look(tmp_path, ROWS + ROWS).notes[-1]
    assert look(tmp_path, [(who, f"{said} {n}") for n, (who, said) in enumerate(ROWS)]).notes == []


def test_too_few_lines_of_a_second_speaker_name_the_column_that_was_taken(tmp_path):
    with pytest.raises(
        InputError, match="read from the column 'speaker': name another, as SPEAKER"
    ):
        look(tmp_path, [("ANNA", said) for _, said in ROWS] + [("BERT", "no")] * 3)
