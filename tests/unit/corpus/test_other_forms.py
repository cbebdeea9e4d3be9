"""Scripts of any form: other headers, separators, encodings, several files, JSON and Parquet."""

import gzip
import json
from pathlib import Path

import pandas as pd
import pytest

from whosaid.config.corpus_section import Corpus
from whosaid.corpus.read_corpus import read_corpus
from whosaid.errors import InputError

COLUMNS = {"speaker": "Character", "line": "Dialogue"}
TALK = [("Anna", "Hello."), ("Bert", "Good evening, Anna."), ("Anna", "No."), ("Bert", "Yes.")]


def section(**keys):
    usual = {"csv": "script.csv", "columns": COLUMNS, "target_speaker": "Anna", "top_speakers": 2}
    return Corpus(**usual | keys).model_dump(mode="json")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(**keys):
    return read_corpus(section(**keys))


def write(text, name="script.csv", encoding="utf-8"):
    data = text.encode(encoding) if isinstance(text, str) else text
    Path(name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)


def table(rows=TALK, header="Character,Dialogue"):
    lines = [header, *(",".join(f'"{cell}"' for cell in row) for row in rows)]
    return "\n".join(lines) + "\n"


def talk(corpus):
    return list(zip(corpus.lines["speaker"], corpus.lines["line"], strict=True))


def refusal(**keys):
    with pytest.raises(InputError) as refused:
        read(**keys)
    message = str(refused.value)
    assert "\n" not in message
    return message


# What is read


def test_only_speaker_and_line_are_needed_and_rows_are_numbered():
    write(table())
    corpus = read()
    assert talk(corpus) == TALK
    assert corpus.lines.columns.tolist() == corpus.schema.names == ["row", "speaker", "line"]
    assert corpus.lines["row"].tolist() == [0, 1, 2, 3]
    assert corpus.speakers == {"Anna": 2, "Bert": 2}


def test_other_columns_are_texts_of_any_form_and_the_rest_is_ignored():
    rows = [("Season 1", "1a", "", who, text, "sad", "x") for who, text in TALK]
    write(table(rows, "S,E,Scene,Character,Dialogue,Mood,Unknown"))
    columns = COLUMNS | {"season": "S", "episode": "E", "scene": "Scene", "extra": {"mood": "Mood"}}
    corpus = read(columns=columns)
    names = ["row", "season", "episode", "scene", "speaker", "line", "mood"]
    assert corpus.lines.columns.tolist() == names
    assert corpus.lines.iloc[0].tolist() == [0, "Season 1", "1a", "", "Anna", "Hello.", "sad"]
    assert corpus.empty_columns == ["scene"]


def test_a_mapped_row_is_a_number_of_its_own():
    write(table([(7 - place, *row) for place, row in enumerate(TALK)], "id,Character,Dialogue"))
    assert read(columns=COLUMNS | {"row": "id"}).lines["row"].tolist() == [7, 6, 5, 4]


@pytest.mark.parametrize(
    ("name", "separator", "keys"),
    [
        ("script.csv", ";", {"separator": ";"}),
        ("script.tsv", "\t", {"format": "tsv"}),
        ("script.csv", "\t", {"separator": "\t"}),
        ("script.txt", "|", {"separator": "|"}),
        ("script.txt", " +++$+++ ", {"separator": " +++$+++ "}),
        ("script.csv.gz", ",", {}),
        ("script.tsv.gz", "\t", {"format": "tsv"}),
    ],
)
def test_separators_and_gzip(name, separator, keys):
    rows = [(who, text.replace(",", "")) for who, text in [("Character", "Dialogue"), *TALK]]
    write("".join(f"{who}{separator}{text}\n" for who, text in rows), name)
    assert talk(read(csv=name, **keys)) == rows[1:]


def test_a_long_separator_needs_no_quotes_and_allows_empty_ends():
    write('Anna +++$+++ "Hello +++$+++ \nBert +++$+++ Yes, "no". +++$+++ x\n')
    header = ["Character", "Dialogue", "more"]
    columns = COLUMNS | {"extra": {"more": "more"}}
    corpus = read(separator=" +++$+++ ", header=header, columns=columns)
    assert talk(corpus) == [("Anna", '"Hello'), ("Bert", 'Yes, "no".')]
    assert corpus.lines["more"].tolist() == ["", "x"]


def test_a_file_without_a_row_of_names():
    write(table(TALK[1:], header='"Anna","Hello."'))
    assert talk(read(header=["Character", "Dialogue"])) == TALK


QUOTED = [("Anna", 'She said "no".'), ("Bert", '"Yes", Anna.'), ("Anna", "No, Bert.")]


@pytest.mark.parametrize(
    ("quotes", "cells"),
    [
        ("doubled", lambda text: '"' + text.replace('"', '""') + '"'),
        ("escaped", lambda text: '"' + text.replace('"', '\\"') + '"'),
        ("none", lambda text: text.replace(",", ";")),
    ],
)
def test_quotes_are_read_as_the_key_says(quotes, cells):
    """Public scripts with quotes in any other form than doubled could not be read at all."""
    rows = [("Character", "Dialogue"), *QUOTED]
    write("".join(f"{cells(who)},{cells(text)}\n" for who, text in rows))
    expected = [(who, text.replace(",", ";") if quotes == "none" else text) for who, text in QUOTED]
    assert talk(read(quotes=quotes)) == expected
    if quotes != "doubled":
        write("".join(f'{cells(who)},{cells(text)} "b\n' for who, text in rows))
    if quotes == "escaped":
        assert "set corpus.quotes to how" in refusal(quotes="doubled")


def test_names_of_rows_are_left_out():
    """R writes one cell more than the header has names; the file had to be edited by hand."""
    rows = [f'"{n}" "{who}" "{text}"\n' for n, (who, text) in enumerate(TALK, start=1)]
    write('"Character" "Dialogue"\n' + "".join(rows))
    assert talk(read(separator=" ", row_names=True)) == TALK
    assert "set corpus.row_names to true" in refusal(separator=" ")
    write(table())
    message = refusal(row_names=True)
    assert "row 2: 2 cells, as many as the header has; corpus.row_names" in message


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_cells_that_stand_for_nothing_are_empty(form):
    rows = [*TALK, ("NA", "A door."), ("Anna", " NA "), ("Bert", "NA?")]
    frame = pd.DataFrame(rows, columns=["Character", "Dialogue"])
    match form:
        case "csv":
            frame.to_csv("script", index=False)
        case "jsonl":
            frame.to_json("script", orient="records", lines=True)
        case "parquet":
            frame.to_parquet("script")
    keys = {"csv": "script", "format": form, "missing": ["NA"]}
    corpus = read(**keys, rows_without_speaker_or_line="drop")
    assert talk(corpus) == [*TALK, ("Bert", "NA?")]
    assert corpus.dropped["without_speaker_or_line"] == 2
    assert "speaker is empty in 1 row" in refusal(**keys)


def test_headers_may_differ_in_case_where_it_is_clear_which_one_is_meant():
    """The third of three files of a public set had its names in capitals."""
    write(table(), "1.csv")
    write(table(header=" CHARACTER,DIALOGUE"), "2.csv")
    assert talk(read(csv=["1.csv", "2.csv"])) == [*TALK, *TALK]
    write(table([(*row, "x") for row in TALK], "CHARACTER,Dialogue,character"))
    assert "no column 'Character'" in refusal()


def test_how_many_rows_have_the_wrong_number_of_cells_is_said():
    write(table() + "Anna\nBert\nAnna\n")
    message = refusal()
    assert "row 6: 1 cell where the header has 2, the first of 3 such rows; correct or" in message


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "utf-16", "utf-8-sig"])
def test_an_encoding_by_name(encoding):
    rows = [("Zoë", "Café."), ("Bert", "Ja.")]
    write(table(rows), encoding=encoding)
    named = "utf-8" if encoding == "utf-8-sig" else encoding
    assert talk(read(encoding=named, target_speaker="Zoë")) == rows


def test_json_lines_with_inner_objects_numbers_and_nulls():
    objects = [
        {"who": {"name": who}, "text": text, "season": 1.50, "scene": None, "live": True}
        for who, text in TALK
    ]
    write("\n".join(map(json.dumps, objects)).replace("1.5", "1.50") + "\n", "script.jsonl")
    columns = {"speaker": "who.name", "line": "text", "season": "season", "scene": "scene"}
    corpus = read(csv="script.jsonl", format="jsonl", columns=columns | {"extra": {"live": "live"}})
    assert talk(corpus) == TALK
    assert corpus.lines.iloc[0].tolist() == [0, "1.50", "", "Anna", "Hello.", "true"]


def test_json_lines_in_which_an_object_lacks_a_key():
    write('{"Character": "Anna", "Dialogue": "Hello."}\n\n{"Dialogue": "A door."}\n'
          '{"Character": "Bert", "Dialogue": "Yes."}\n', "script.jsonl")  # fmt: skip
    corpus = read(csv="script.jsonl", format="jsonl", rows_without_speaker_or_line="drop")
    assert talk(corpus) == [("Anna", "Hello."), ("Bert", "Yes.")]
    message = refusal(csv="script.jsonl", format="jsonl")
    assert "speaker is empty in 1 row, first in row 3" in message


def test_parquet_with_numbers_and_nulls():
    frame = pd.DataFrame(TALK, columns=["Character", "Dialogue"])
    frame["season"] = pd.array([1, None, 2, 2], "Int64")
    frame.to_parquet("script.parquet")
    corpus = read(csv="script.parquet", format="parquet", columns=COLUMNS | {"season": "season"})
    assert talk(corpus) == TALK
    assert corpus.lines["season"].tolist() == ["1", "", "2", "2"]


def test_several_files_in_the_order_of_the_list_and_sorted_in_a_pattern():
    for number, row in enumerate(TALK):
        write(table([row]), f"part_{number}.csv")
    corpus = read(csv=["part_3.csv", "part_[0-2].csv"])
    assert talk(corpus) == [TALK[3], *TALK[:3]]
    assert corpus.lines["row"].tolist() == [0, 1, 2, 3]
    assert list(corpus.files) == ["part_3.csv", "part_0.csv", "part_1.csv", "part_2.csv"]


# Scenes by order


def test_scenes_after_blank_rows():
    write("Character,Dialogue\nAnna,One.\nBert,Two.\n,\n\nAnna,Three.\n\nBert,Four.\n")
    corpus = read(scenes="blank_rows")
    assert corpus.lines["scene"].tolist() == ["1", "1", "2", "3"]
    assert corpus.dropped["scene_marks"] == 3


def test_scenes_after_stage_directions():
    write("Character,Dialogue\n,A room.\nAnna,One.\nBert,Two.\n,Night.\nAnna,Three.\n")
    corpus = read(scenes="stage_directions")
    assert corpus.lines["scene"].tolist() == ["1", "1", "2"]
    assert corpus.lines["row"].tolist() == [1, 2, 4]


def test_scenes_where_the_value_changes():
    rows = [(scene, *row) for scene, row in zip(("a", "a", "b", "a"), TALK, strict=True)]
    write(table(rows, "Place,Character,Dialogue"))
    corpus = read(scenes="changes", columns=COLUMNS | {"scene": "Place"})
    assert corpus.lines["scene"].tolist() == ["1", "1", "2", "3"]


def test_every_file_begins_a_scene():
    write(table(), "a.csv")
    write(table(), "b.csv")
    corpus = read(csv="[ab].csv", scenes="blank_rows")
    assert corpus.lines["scene"].tolist() == ["1"] * 4 + ["2"] * 4


# Speakers


def names(*speakers):
    write(table([(name, f"Line {place}.") for place, name in enumerate(speakers)]))


def test_a_name_in_three_spellings_is_refused_with_the_remedy_and_then_one_person():
    """136 of 753 negatives were the target's own lines, under names with a blank or a capital."""
    names("anna", "anna ", "Anna", "bert", "bert")
    message = refusal(target_speaker="anna", top_speakers=3)
    assert "'anna' (1 lines), 'anna ' (1 lines), 'Anna' (1 lines)" in message
    assert "corpus.speakers.normalise: casefold" in message
    corpus = read(target_speaker="ANNA ", speakers={"normalise": "casefold"})
    assert corpus.speakers == {"anna": 3, "bert": 2}
    assert corpus.target_speaker == "anna"
    assert corpus.merged == {"anna": {"anna": 1, "anna ": 1, "Anna": 1}}


def test_punctuation_at_the_ends_needs_an_alias_and_an_alias_to_itself_says_that_it_is_meant():
    names("Anna", "Anna:", "Bert")
    assert 'corpus.speakers.aliases: {"Anna:": "Anna"}' in refusal()
    corpus = read(speakers={"aliases": {"Anna:": "Anna"}})
    assert corpus.speakers == {"Anna": 2, "Bert": 1}
    assert corpus.merged == {"Anna": {"Anna": 1, "Anna:": 1}}
    assert len(read(top_speakers=3, speakers={"aliases": {"Anna": "Anna"}}).speakers) == 3


def test_aliases_may_make_a_new_name_and_names_are_dropped_after_them():
    names("ANNA", "ANNIE", "BERT", "ALL", "EVERYONE")
    aliases = {"anna": "Anna", "Annie": "Anna", "everyone": "all"}
    speakers = {"normalise": "casefold", "aliases": aliases, "drop": ["All"]}
    corpus = read(speakers=speakers)
    assert corpus.speakers == {"anna": 2, "bert": 1}
    assert corpus.dropped_speakers == {"all": 2}


@pytest.mark.parametrize(
    ("speakers", "marks"),
    [
        ({"aliases": {"Anne": "Bert"}}, ["aliases", "'Anne'", "'Anna'"]),
        ({"aliases": {"Anna": "Berta"}}, ["aliases.Anna", "'Berta'", "'Bert'"]),
        ({"drop": ["Berd"]}, ["drop", "'Berd'", "'Bert'"]),
    ],
)
def test_a_name_that_no_row_has_is_refused_with_the_nearest(speakers, marks):
    write(table())
    message = refusal(speakers=speakers)
    assert all(mark in message for mark in ["script.csv", *marks])


# What is refused


CSV = table()


@pytest.mark.parametrize(
    ("content", "keys", "marks"),
    [
        pytest.param(
            CSV.replace("Dialogue", "Dialog"),
            {},
            ["corpus.columns.line", "'Dialogue'", "did you mean 'Dialog'"],
            id="a mapped column that is not there",
        ),
        pytest.param(
            CSV.replace('","', '";"').replace("Character,", "Character;"),
            {},
            ["1 column", "';'", "corpus.separator"],
            id="one column: semicolons",
        ),
        pytest.param(
            CSV.replace('","', '"\t"').replace("Character,", "Character\t"),
            {},
            ["1 column", "'\\t'", "corpus.separator"],
            id="one column: tabs",
        ),
        pytest.param(CSV, {"format": "tsv"}, ["1 column", "','", "corpus.separator"], id="no tabs"),
        pytest.param(
            table([("Zoë", "Café.")]).encode("cp1252"),
            {},
            ["line 2", "0xeb", "cp1252", "corpus.encoding"],
            id="cp1252",
        ),
        pytest.param(CSV.encode("utf-16"), {}, ["UTF-8", "utf-16"], id="utf-16"),
        pytest.param(CSV.encode("utf-16-le"), {}, ["utf-16-le", "corpus.encoding"], id="no mark"),
        pytest.param(
            CSV.replace('"', ""), {}, ["row 3", "3 cells", "must be in quotes"], id="no quotes"
        ),
        pytest.param("<!DOCTYPE html>\n<html>", {}, ["web page"], id="a web page"),
        pytest.param("\n  <HTML><body>", {}, ["web page"], id="a web page in capitals"),
        pytest.param(
            "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 2\n",
            {},
            ["git-LFS", "git lfs pull"],
            id="git-LFS",
        ),
        pytest.param("/annex/objects/MD5-s1--x\n", {}, ["git-annex"], id="git-annex"),
        pytest.param('{"Character": "Anna"}\n', {}, ["JSON", "jsonl"], id="JSON lines"),
        pytest.param('[\n {"Character": "Anna"}]', {}, ["JSON list", "jsonl"], id="a JSON list"),
        pytest.param(b"PK\x03\x04xx", {}, ["spreadsheet"], id="a spreadsheet"),
        pytest.param(b"PAR1xx", {}, ["corpus.format", "parquet"], id="Parquet"),
        pytest.param(gzip.compress(CSV.encode()), {}, ["gzip", ".gz"], id="gzip without its name"),
        pytest.param(CSV, {"format": "jsonl"}, ["line 1", "JSON"], id="CSV for JSON"),
        pytest.param(CSV, {"format": "parquet"}, ["no Parquet"], id="CSV for Parquet"),
        pytest.param("", {}, ["empty"], id="an empty file"),
        pytest.param("\n" + CSV, {}, ["line 1 is blank", "row 2"], id="a leading blank line"),
        pytest.param("sep=,\n" + CSV, {}, ["row 1", "'sep=,'", "row 2"], id="an odd first line"),
        pytest.param("Character,Dialogue\n", {}, ["no rows"], id="a header alone"),
        pytest.param(
            CSV.replace("Character", "Dialogue"), {}, ["corpus.columns.speaker"], id="doubled"
        ),
        pytest.param(CSV + '"Anna","a","b"\n', {}, ["row 6", "3 cells"], id="a longer row"),
        pytest.param(CSV + '"","a"\n', {}, ["speaker is empty", "row 6", "drop"], id="no speaker"),
    ],
)  # fmt: skip
def test_a_file_that_will_not_do_is_named_in_one_line(content, keys, marks):
    write(content)
    message = refusal(**keys)
    assert message.startswith("script.csv")
    assert not [mark for mark in marks if mark not in message], message


@pytest.mark.parametrize(
    ("change", "mark"),
    [
        (lambda data: data[:-10], "cut short"),
        (lambda data: data[:20] + b"\xff\xff\xff" + data[23:], "broken"),
        (lambda data: b"Character,Dialogue\n", "no gzip file"),
    ],
)
def test_a_broken_gzip_file_is_refused(change, mark):
    Path("script.csv.gz").write_bytes(change(gzip.compress(CSV.encode() * 9)))
    assert mark in refusal(csv="script.csv.gz")


@pytest.mark.parametrize(
    ("csv", "marks"),
    [
        ("nothing_*.csv", ["nothing_*.csv", "no file fits", "a.csv"]),
        (["a.csv", "*.csv"], ["a.csv", "named twice"]),
        (["a.csv", "a.csv"], ["a.csv", "named twice"]),
        ("there/*.csv", ["no folder there"]),
        ("lost.csv", ["lost.csv", "no such file"]),
    ],
)
def test_a_pattern_or_list_that_will_not_do_is_refused(csv, marks):
    write(table(), "a.csv")
    message = refusal(csv=csv)
    assert all(mark in message for mark in ["corpus.csv", *marks]), message


def test_files_with_different_headers_are_refused():
    write(table(), "a.csv")
    write(table([(*row, "x") for row in TALK], "Character,Dialogue,Mood"), "b.csv")
    message = refusal(csv="[ab].csv")
    assert message.startswith("b.csv, header: not that of a.csv ('Mood' too)")


def test_a_number_of_a_row_in_two_files_is_refused():
    for name in ("a.csv", "b.csv"):
        write(table([(1, *TALK[0])], "id,Character,Dialogue"), name)
    message = refusal(csv="[ab].csv", columns=COLUMNS | {"row": "id"})
    assert "b.csv: row number 1 also stands in a.csv" in message


def test_one_speaker_is_no_choice_of_two_to_one():
    """The remedy was "set it to 2 to 1"."""
    write(table([("Anna", "Yes.")] * 3))
    assert "only 'Anna' speaks" in refusal()


def test_a_script_without_blanks_between_words_is_known():
    rows = [("安娜", "灯火椅桌河。"), ("贝特", "山园木灯金木云云木。")]
    write(table(rows))
    assert not read(target_speaker="安娜").has_word_blanks
    write(table([(who, " ".join(text)) for who, text in rows]))
    assert read(target_speaker="安娜").has_word_blanks


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_utf_16_without_a_mark_is_refused_with_an_encoding_that_fits(form):
    """It ended in an UnboundLocalError: `decode` takes what a reader of such a file refuses."""
    text = table() if form == "csv" else '{"Character": "Anna", "Dialogue": "Hello"}\n'
    write(text if len(text) % 2 == 0 else text + "\n")
    message = refusal(encoding="utf-16", format=form)
    assert "no byte order mark" in message and "corpus.encoding (every byte fits utf-8)" in message
    write(text.encode("utf-16-le"))
    assert "every byte fits utf-16-le" in refusal(encoding="utf-16", format=form)


@pytest.mark.parametrize("columns", [None, COLUMNS])
def test_a_header_of_thousands_of_letters_is_cut_off_in_the_message(columns):
    """A file read as UTF-16 by mistake is one header, and all of it stood in the message."""
    write(table(TALK * 300).ljust(20_000))
    assert len(refusal(encoding="utf-16-le", columns=columns)) < 600


def test_dropping_every_speaker_is_refused_by_its_key():
    """It ended in an IndexError, since nobody was left to be named."""
    write(table())
    message = refusal(speakers={"drop": ["Anna", "Bert"]})
    assert "corpus.speakers.drop leaves nobody" in message and "all 2 speakers" in message


@pytest.mark.parametrize(
    ("inner", "depth"), [('{"a": %s}', 5000), ("[%s]", 5000), ('{"a": %s}', 500)]
)
def test_deeply_nested_json_is_refused_by_its_line(inner, depth):
    """It ended in a RecursionError, and its traceback."""
    start, end = inner.split("%s")
    deep = start * depth + "1" + end * depth
    write(f'{{"Character": "Anna", "Dialogue": "Hi"}}\n{{"Character": {deep}, "Dialogue": "Hi"}}\n')
    message = refusal(format="jsonl")
    assert message.startswith("script.csv, line 2: values within values") and len(message) < 400
