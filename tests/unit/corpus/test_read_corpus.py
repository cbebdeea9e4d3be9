"""What the CSV may hold, kept as it is written, and what is refused, with its place named."""

import csv
import hashlib
import json

import pandas as pd
import pyarrow.parquet as pq
import pytest
import read_lines

from whosaid.config.corpus_section import Corpus
from whosaid.corpus.read_corpus import read_corpus
from whosaid.errors import InputError

HEADER = [
    *("", "season", "episode", "title", "scene", "speaker", "line"),
    *("directed_by", "written_by", "writer1", "writer2", "writer3"),
]
INTEGERS = {"row": "int64", "season": "int16", "episode": "int16", "scene": "int32"}


def a_row(index, **cells):
    """A CSV row of twelve cells; `cells` replace the usual ones."""
    usual = {
        "": index,
        "season": 1,
        "episode": 2,
        "title": "Pilot",
        "scene": 3,
        "speaker": "dwight" if index % 2 else "jim",
        "line": f"Line {index}.",
        "directed_by": "Ken",
        "written_by": "Greg",
        "writer1": "Greg",
        "writer2": "Mindy",
        "writer3": "",
    }
    return [str(value) for value in (usual | cells).values()]


def usual_rows(count=6):
    return [a_row(index) for index in range(count)]


def write_csv(path, rows, header=HEADER, **dialect):
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, **{"lineterminator": "\n", **dialect}).writerows([header, *rows])


@pytest.fixture
def stage(tmp_path):
    """Run the stage on `script.csv`; give back the table as stored and the facts."""

    def run(target_speaker="dwight", top_speakers=2):
        lines, corpus = tmp_path / "lines.parquet", tmp_path / "corpus.json"
        read_lines.main(
            str(tmp_path / "script.csv"), str(lines), str(corpus), target_speaker, top_speakers
        )
        return pq.read_table(lines), json.loads(corpus.read_text(encoding="utf-8"))

    return run


@pytest.fixture
def lines_of(tmp_path, stage):
    """The stored lines of a CSV that has `texts` as its first lines."""

    def run(*texts, **dialect):
        rows = [a_row(index, line=text) for index, text in enumerate(texts)]
        rows += [a_row(index) for index in range(len(texts), len(texts) + 4)]
        write_csv(tmp_path / "script.csv", rows, **dialect)
        return stage()[0]["line"].to_pylist()[: len(texts)]

    return run


@pytest.fixture
def complaint(tmp_path, stage):
    """The message that the CSV (rows, or bytes as they are) is refused with."""

    def run(content, header=HEADER, **settings):
        path = tmp_path / "script.csv"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            write_csv(path, content, header)
        with pytest.raises(InputError) as refusal:
            stage(**settings)
        message = str(refusal.value)
        assert str(path) in message
        assert "\n" not in message
        assert [file.name for file in tmp_path.iterdir()] == ["script.csv"]
        # The path holds the name of the test, which must not answer for the message.
        return message.replace(str(path), "script.csv")

    return run


# What is accepted


def test_columns_have_the_promised_types(tmp_path, stage):
    write_csv(tmp_path / "script.csv", usual_rows())
    table, _ = stage()
    types = {field.name: str(field.type).removeprefix("large_") for field in table.schema}
    texts = {name: "string" for name in HEADER[1:] if name not in INTEGERS}
    assert types == INTEGERS | texts


def test_cells_are_stored_in_file_order(tmp_path, stage):
    write_csv(tmp_path / "script.csv", usual_rows())
    table, _ = stage()
    assert table["line"].to_pylist() == [f"Line {index}." for index in range(6)]
    assert table["scene"].to_pylist() == [3] * 6
    assert table["speaker"].to_pylist() == ["jim", "dwight"] * 3


def test_row_is_the_index_of_the_csv_even_if_unsorted(tmp_path, stage):
    indices = [77, 12, 5_000_000_000, 13, 4]
    write_csv(tmp_path / "script.csv", [a_row(index) for index in indices])
    table, _ = stage()
    assert table["row"].to_pylist() == indices
    assert table["line"].to_pylist() == [f"Line {index}." for index in indices]


def test_columns_may_stand_in_another_order(tmp_path, stage):
    write_csv(tmp_path / "script.csv", usual_rows())
    expected = stage()[0].to_pylist()
    backwards = [row[::-1] for row in usual_rows()]
    write_csv(tmp_path / "script.csv", backwards, HEADER[::-1])
    assert stage()[0].to_pylist() == expected


def test_integers_may_be_as_large_as_their_type(tmp_path, stage):
    write_csv(
        tmp_path / "script.csv", [*usual_rows(), a_row(2**63 - 1, season=32767, scene=2**31 - 1)]
    )
    last = stage()[0].to_pylist()[-1]
    assert (last["row"], last["season"], last["scene"]) == (2**63 - 1, 32767, 2**31 - 1)
    write_csv(tmp_path / "script.csv", [*usual_rows(), a_row(-(2**63), episode=-32768)])
    last = stage()[0].to_pylist()[-1]
    assert (last["row"], last["episode"]) == (-(2**63), -32768)


def test_empty_writers_stay_empty_texts(tmp_path, stage):
    rows = [a_row(index, writer2="", writer3="") for index in range(4)]
    write_csv(tmp_path / "script.csv", rows)
    table, _ = stage()
    assert table["writer2"].to_pylist() == [""] * 4
    assert table["writer3"].to_pylist() == [""] * 4


def test_a_byte_order_mark_is_no_part_of_the_index_name(tmp_path, stage):
    write_csv(tmp_path / "script.csv", usual_rows())
    plain = (tmp_path / "script.csv").read_bytes()
    expected = stage()[0].to_pylist()
    (tmp_path / "script.csv").write_bytes(b"\xef\xbb\xbf" + plain)
    assert stage()[0].to_pylist() == expected


def test_a_byte_order_mark_may_stand_before_a_quoted_header(tmp_path, stage):
    write_csv(tmp_path / "script.csv", usual_rows(), quoting=csv.QUOTE_ALL)
    plain = (tmp_path / "script.csv").read_bytes()
    (tmp_path / "script.csv").write_bytes(b"\xef\xbb\xbf" + plain)
    assert stage()[0].num_rows == 6


@pytest.mark.parametrize("lineterminator", ["\n", "\r\n"])
def test_row_ends_are_no_part_of_the_last_cell(tmp_path, stage, lineterminator):
    rows = [a_row(index, writer3="B.J.") for index in range(4)]
    write_csv(tmp_path / "script.csv", rows, lineterminator=lineterminator)
    assert stage()[0]["writer3"].to_pylist() == ["B.J."] * 4


@pytest.mark.parametrize("row_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("blank", ["\n", "\r\n", "\r"])
def test_a_blank_row_moves_no_cell_of_the_row_below(tmp_path, stage, blank, row_end):
    header = ["writer3", *HEADER[:-1]]
    rows = [["", *row[:-1]] for row in usual_rows()]
    text = "".join(",".join(row) + row_end + blank for row in [header, *rows])
    (tmp_path / "script.csv").write_bytes(text.encode())
    expected = [dict(zip(HEADER[1:], row[1:], strict=True)) for row in usual_rows()]
    found = stage()[0].to_pylist()
    assert [row.pop("row") for row in found] == list(range(6))
    assert [{name: str(cell) for name, cell in row.items()} for row in found] == expected


def test_the_last_row_needs_no_row_end(tmp_path, stage):
    write_csv(tmp_path / "script.csv", usual_rows())
    content = (tmp_path / "script.csv").read_bytes()
    (tmp_path / "script.csv").write_bytes(content.removesuffix(b"\n"))
    assert stage()[0].num_rows == 6


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("First.\r\nSecond.", id="CRLF inside"),
        pytest.param("First.\nSecond.", id="LF inside"),
        pytest.param("First.\n\nThird.", id="blank line inside"),
        pytest.param('She said "no", twice.', id="quotes and commas"),
        pytest.param("NUL \0 byte", id="NUL byte"),
        pytest.param("Sure \N{GRINNING FACE} \N{FAMILY}\N{ZERO WIDTH JOINER} ok", id="emoji"),
        pytest.param("Cafe\N{COMBINING ACUTE ACCENT}", id="combining accent"),
        pytest.param("x" * 200_000, id="200,000 characters"),
        pytest.param("   leading blanks", id="leading blanks"),
        pytest.param("trailing blanks \t ", id="trailing blanks"),
        pytest.param("\N{ZERO WIDTH NO-BREAK SPACE}mark inside", id="mark inside"),
        *("NA", "N/A", "None", "null", "NULL", "nan", "NaN", "#N/A", "True", "0", "1e5", "-"),
    ],
)
def test_a_line_is_kept_as_it_is_written(lines_of, text):
    assert lines_of(text) == [text]


def test_a_line_with_crlf_is_kept_in_a_file_with_crlf_row_ends(lines_of):
    assert lines_of("One.\r\nTwo.", "Three.", lineterminator="\r\n") == ["One.\r\nTwo.", "Three."]


def test_words_for_nothing_are_kept_in_every_text_column(tmp_path, stage):
    rows = [a_row(0, title="null", directed_by="None", writer1="NA", writer2="nan")]
    write_csv(tmp_path / "script.csv", [*rows, *usual_rows()[1:]])
    first = stage()[0].to_pylist()[0]
    found = [first[name] for name in ("title", "directed_by", "writer1", "writer2")]
    assert found == ["null", "None", "NA", "nan"]


def test_corpus_facts_describe_the_csv(tmp_path, stage):
    rows = [a_row(index, speaker="jim" if index < 2 else "dwight") for index in range(5)]
    write_csv(tmp_path / "script.csv", rows)
    _, facts = stage()
    assert facts["csv"] == "script.csv"
    assert facts["sha256"] == hashlib.sha256((tmp_path / "script.csv").read_bytes()).hexdigest()
    assert facts["rows"] == 5
    assert list(facts["speakers"].items()) == [("dwight", 3), ("jim", 2)]
    # The question that the speakers were checked for.
    assert (facts["target_speaker"], facts["top_speakers"]) == ("dwight", 2)


def test_corpus_facts_count_every_speaker_not_only_the_top(tmp_path, stage):
    write_csv(tmp_path / "script.csv", [*usual_rows(), a_row(99, speaker="creed")])
    _, facts = stage(top_speakers=2)
    assert facts["speakers"] == {"jim": 3, "dwight": 3, "creed": 1}


def test_pandas_reads_back_what_was_stored(tmp_path, stage):
    write_csv(tmp_path / "script.csv", usual_rows())
    stage()
    frame = pd.read_parquet(tmp_path / "lines.parquet")
    assert frame["row"].tolist() == list(range(6))
    assert not frame.isna().any(axis=None)


def test_a_file_of_many_rows_is_stored_whole(tmp_path, stage):
    write_csv(tmp_path / "script.csv", usual_rows(20_000))
    table, facts = stage()
    assert table["row"].to_pylist() == list(range(20_000))
    assert facts["rows"] == 20_000
    assert facts["speakers"] == {"jim": 10_000, "dwight": 10_000}


def test_speakers_are_counted_from_the_most_frequent_and_then_the_first_seen(tmp_path, stage):
    names = [*("pam", "jim", "dwight", "kevin"), *("dwight", "jim", "dwight")]
    write_csv(tmp_path / "script.csv", [a_row(i, speaker=name) for i, name in enumerate(names)])
    assert list(stage()[1]["speakers"]) == ["dwight", "jim", "pam", "kevin"]


def test_the_order_of_many_equal_speakers_is_that_of_the_file(tmp_path, stage):
    names = [f"speaker {number * 37 % 101}" for number in range(101)]
    write_csv(tmp_path / "script.csv", [a_row(i, speaker=n) for i, n in enumerate(names * 2)])
    assert list(stage(target_speaker=names[9], top_speakers=10)[1]["speakers"]) == names


def test_the_corpus_is_read_with_its_speakers_and_its_digest(tmp_path):
    write_csv(tmp_path / "script.csv", [*usual_rows(), a_row(99, speaker="jim")])
    path = tmp_path / "script.csv"
    section = Corpus(csv=str(path), target_speaker="dwight", top_speakers=2)
    read = read_corpus(section.model_dump(mode="json"))
    lines = read.lines
    assert read.files == {str(path): hashlib.sha256(path.read_bytes()).hexdigest()}
    assert list(read.speakers.items()) == [("jim", 4), ("dwight", 3)]
    assert lines.columns.tolist() == read.schema.names
    assert {name: str(lines[name].dtype) for name in INTEGERS} == INTEGERS
    assert lines["row"].tolist() == [*range(6), 99]


# What is refused: the whole file


def test_an_empty_file_is_refused(complaint):
    assert "empty" in complaint(b"")


def test_a_file_with_a_blank_first_line_is_refused(complaint):
    message = complaint(b"\n" + ",".join(HEADER).encode() + b"\n")
    assert "header" in message


def test_a_header_without_rows_is_refused(complaint):
    assert "no rows" in complaint([])


@pytest.mark.parametrize("name", ["", "speaker", "writer3"])
def test_a_missing_column_is_named(complaint, name):
    place = HEADER.index(name)
    rows = [row[:place] + row[place + 1 :] for row in usual_rows()]
    message = complaint(rows, [column for column in HEADER if column != name])
    assert "header" in message
    assert f"missing {name!r}" in message
    assert all(repr(column) in message for column in HEADER)


def test_a_doubled_column_is_named(complaint):
    message = complaint([[*row, "x"] for row in usual_rows()], [*HEADER, "speaker"])
    assert "doubled 'speaker'" in message


def test_an_additional_column_is_named(complaint):
    message = complaint([[*row, "x"] for row in usual_rows()], [*HEADER, "mood"])
    assert "unknown 'mood'" in message
    assert "'writer3'" in message


def test_a_misnamed_column_is_named_with_the_one_it_should_be(complaint):
    header = ["Speaker" if name == "speaker" else name for name in HEADER]
    message = complaint(usual_rows(), header)
    assert "missing 'speaker'" in message
    assert "unknown 'Speaker'" in message


def test_all_faults_of_a_header_are_named_at_once(complaint):
    header = ["mood" if name == "title" else name for name in HEADER[:-1]] + ["line"]
    message = complaint(usual_rows(), header)
    assert "missing 'title', 'writer3'" in message
    assert "unknown 'mood'" in message
    assert "doubled 'line'" in message


# What is refused: bytes and cells


def encoded_rows(rows):
    return [",".join(row).encode() + b"\n" for row in [HEADER, *rows]]


def test_a_header_that_is_not_utf8_is_refused_by_line(complaint):
    header, *rows = encoded_rows(usual_rows())
    message = complaint(b"".join([header.replace(b"title", b"titr\xe9"), *rows]))
    assert "line 1" in message
    assert "0xe9" in message
    assert "UTF-8" in message


@pytest.mark.parametrize("number", [2, 5])
def test_a_row_that_is_not_utf8_is_refused_by_line(complaint, number):
    rows = encoded_rows(usual_rows())
    rows[number - 1] = rows[number - 1].replace(b"Pilot", b"Caf\xe9")
    message = complaint(b"".join(rows))
    assert f"line {number}" in message
    assert "0xe9" in message
    assert "UTF-8" in message


def test_a_byte_that_is_not_utf8_far_into_the_file_is_refused_by_line(complaint):
    rows = encoded_rows(usual_rows(5000))
    rows[4000] = rows[4000].replace(b"Pilot", b"Caf\xe9")
    assert "line 4001" in complaint(b"".join(rows))


def test_utf16_is_refused_as_not_utf8(complaint):
    text = b"".join(encoded_rows(usual_rows())).decode()
    assert "UTF-8" in complaint(text.encode("utf-16"))


@pytest.mark.parametrize(
    ("change", "width"), [(lambda row: row[:-1], 11), (lambda row: [*row, "x"], 13)]
)
def test_a_row_of_another_width_is_refused_by_row(complaint, change, width):
    rows = usual_rows()
    rows[3] = change(rows[3])
    message = complaint(rows)
    assert str(width) in message
    assert "12" in message
    assert "#5" in message or "row 5" in message


def test_a_long_row_of_another_width_is_refused_in_a_short_message(complaint):
    rows = usual_rows()
    rows[3] = [*a_row(3, line="x" * 100_000), "x"]
    assert len(complaint(rows)) < 2000


@pytest.mark.parametrize(
    ("number", "cell"),
    [
        pytest.param(4, b"Line 2.", id="in the middle"),
        pytest.param(4, b"Greg,Mindy", id="in a cell that takes in commas"),
        pytest.param(7, b"Line 5.", id="in the last row"),
    ],
)
def test_a_quote_that_is_never_closed_is_refused_by_row(complaint, number, cell):
    rows = encoded_rows(usual_rows())
    rows[number - 1] = rows[number - 1].replace(cell, b'"' + cell)
    message = complaint(b"".join(rows))
    assert "quote" in message
    assert f"row {number}" in message.lower().replace("#", "")


@pytest.mark.parametrize("number", [4, 7])
def test_a_quote_never_closed_in_the_last_cell_does_not_swallow_the_rows_below(complaint, number):
    rows = encoded_rows(usual_rows())
    rows[number - 1] = rows[number - 1].removesuffix(b"\n") + b'"B.J.\n'
    message = complaint(b"".join(rows))
    assert "quote" in message
    assert f"row {number}" in message.lower().replace("#", "")


@pytest.mark.parametrize("count", [6, 5000])
def test_a_quote_never_closed_in_the_header_is_refused_in_a_short_message(complaint, count):
    rows = encoded_rows(usual_rows(count))
    rows[0] = rows[0].replace(b"title", b'"title')
    message = complaint(b"".join(rows))
    assert "header" in message
    assert "quote" in message
    assert len(message) < 1000


@pytest.mark.parametrize("column", ["season", "episode", "scene", ""])
@pytest.mark.parametrize("value", ["two", "", "1.5", "NA"])
def test_a_cell_that_is_no_integer_is_refused_by_row(complaint, column, value):
    rows = usual_rows()
    rows[2][HEADER.index(column)] = value
    message = complaint(rows)
    assert (column or "index") in message
    assert repr(value) in message
    assert "int" in message
    assert "row 4" in message


@pytest.mark.parametrize(
    "value", ["1_0", "\N{FULLWIDTH DIGIT ONE}", "+1", "01", "-0", " 1", "1\n", "9" * 5000]
)
def test_what_only_python_takes_for_an_integer_is_refused(complaint, value):
    rows = usual_rows()
    rows[2][HEADER.index("season")] = value
    assert f"season {value!r}" in complaint(rows)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(("season", 32768), ("episode", -40_000), ("scene", 2**31)),
        *(("", 2**63), ("", -(2**63) - 1), ("season", 10**30)),
    ],
)
def test_an_integer_out_of_range_is_refused_by_row(complaint, column, value):
    message = complaint([*usual_rows(), a_row(6, **{column: value})])
    assert (column or "index") in message
    assert str(value) in message
    assert "int" in message
    assert "row 8" in message


@pytest.mark.parametrize("column", ["speaker", "line"])
@pytest.mark.parametrize("value", ["", " ", "\t", "\n", "\N{NO-BREAK SPACE}"])
def test_an_empty_speaker_or_line_is_refused_with_count_and_first_row(complaint, column, value):
    rows = usual_rows()
    for row in (rows[2], rows[4]):
        row[HEADER.index(column)] = value
    message = complaint(rows)
    assert f"{column} is empty in 2 rows" in message
    assert "row 4" in message


def test_an_index_that_stands_twice_is_refused(complaint):
    message = complaint([*usual_rows(), a_row(3), a_row(3)])
    assert "index" in message
    assert "3 stands twice" in message
    assert "row 5" in message


def test_an_index_that_is_no_integer_is_named_once_even_if_it_stands_twice(complaint):
    message = complaint([*usual_rows(), a_row(6, **{"": "3\n"}), a_row(7, **{"": "3\n"})])
    assert "the index '3\\n' is not an int64 in 2 rows, first in row 8 (" in message
    assert "stands twice" not in message


def test_faults_are_counted_over_the_whole_file(complaint):
    rows = [*usual_rows(15_000), a_row(3)]
    for row in rows[8_000::1_000]:
        row[HEADER.index("season")] = "two"
    message = complaint(rows)
    assert "3 stands twice or more in 2 rows, first in row 5" in message
    assert "season 'two' is not an int16 in 8 rows, first in row 8002" in message


def test_rows_are_counted_even_if_the_header_is_the_only_thing_before(complaint):
    rows = usual_rows()
    rows[0][HEADER.index("season")] = "one"
    assert "row 2" in complaint(rows)


def test_several_faults_are_named_at_once(complaint):
    rows = [*usual_rows(), a_row(0)]
    rows[1][HEADER.index("season")] = "two"
    rows[2][HEADER.index("scene")] = "99999999999"
    rows[3][HEADER.index("line")] = " "
    rows[4][HEADER.index("speaker")] = ""
    message = complaint(rows)
    for expected in (
        *("season 'two'", "row 3", "scene '99999999999'", "row 4"),
        *("line is empty", "row 5", "speaker is empty", "row 6", "0 stands twice"),
    ):
        assert expected in message


def test_each_fault_is_named_once(complaint):
    rows = usual_rows()
    rows[1][HEADER.index("season")] = "two"
    message = complaint(rows)
    assert message.count("season") == 1


# What is refused: the question to the corpus


def test_fewer_speakers_than_the_top_are_refused(complaint):
    message = complaint(usual_rows(), top_speakers=10)
    assert "2 speakers" in message
    assert "corpus.top_speakers" in message
    assert "10" in message


def test_a_target_who_is_not_among_the_top_is_refused_with_those_who_are(complaint):
    message = complaint([*usual_rows(), a_row(99, speaker="creed")], target_speaker="creed")
    assert "corpus.target_speaker 'creed'" in message
    assert "jim" in message
    assert "dwight" in message


def test_a_target_who_never_speaks_is_refused(complaint):
    assert "'michael'" in complaint(usual_rows(), target_speaker="michael")


def test_speakers_are_told_apart_by_case(complaint):
    assert "'Dwight'" in complaint(usual_rows(), target_speaker="Dwight")


def test_a_refused_csv_leaves_an_earlier_result_as_it_was(tmp_path, stage):
    write_csv(tmp_path / "script.csv", usual_rows())
    stage()
    before = {file.name: file.read_bytes() for file in tmp_path.glob("*[!v]")}
    write_csv(tmp_path / "script.csv", [*usual_rows(), a_row(0)])
    with pytest.raises(InputError):
        stage()
    assert {file.name: file.read_bytes() for file in tmp_path.glob("*[!v]")} == before
