"""Files of new lines, read in pieces: what a person writes is there, and a fault has its place."""

import gzip

import pandas as pd
import pytest

from whosaid.corpus import stream_lines as module
from whosaid.corpus.stream_lines import stream_lines
from whosaid.errors import InputError

LINES = ["Beets, beets.", 'He said "no".', "Two\nlines.", "NA"]
WANTED = {"line": "line", "writer1": "Writer"}


def frame():
    return pd.DataFrame({"line": LINES, "Writer": ["", "Mindy", "B.J.", ""], "more": range(4)})


def write(folder, ending):
    path = folder / f"new{ending}"
    match ending:
        case ".csv":
            frame().to_csv(path, index=False)
        case ".tsv":
            frame().to_csv(path, index=False, sep="\t")
        case ".jsonl" | ".jsonl.gz":
            frame().to_json(path, orient="records", lines=True)
        case ".csv.gz":
            path.write_bytes(gzip.compress(frame().to_csv(index=False).encode()))
        case ".parquet":
            frame().to_parquet(path)
    return path


ENDINGS = [".csv", ".tsv", ".jsonl", ".jsonl.gz", ".csv.gz", ".parquet"]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("chunk", [1, 3, 4, 100])
def test_pieces_of_any_form_and_size_are_the_whole_file(ending, chunk, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "CHUNK", chunk)
    parts = list(stream_lines(write(tmp_path, ending), WANTED))
    assert max(map(len, parts)) <= chunk
    read = pd.concat(parts)
    assert read["line"].tolist() == LINES
    assert read["writer1"].tolist() == frame()["Writer"].tolist()
    # The number of the row's last line, where an editor finds it: the third row has two lines.
    places = {".parquet": [1, 2, 3, 4], ".jsonl": [1, 2, 3, 4]}
    assert read.index.tolist() == places.get(ending.removesuffix(".gz"), [2, 3, 5, 6])


def read_text(tmp_path, text, name="new.csv", **form):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(stream_lines(path, {"line": "line"}, **form))


def test_blank_lines_and_a_byte_order_mark_are_passed_over(tmp_path):
    [part] = read_text(tmp_path, "\ufeffline\r\n\r\na\r\n\r\nb\r\n")
    assert part["line"].to_dict() == {3: "a", 5: "b"}


@pytest.mark.parametrize(
    ("text", "name", "fault"),
    [
        ("line,x\na,1\nb\n", "new.csv", r"new\.csv, line 3: 1 cells where the header has 2"),
        ("line,x\na,1\n,2\n", "new.csv", r"line 3: line is empty; remove the row"),
        ('line\na\n"b\nc\n', "new.csv", r"line 4: unexpected end of data.*not closed"),
        ("text\na\n", "new.csv", r"corpus\.columns\.line: no column 'line'"),
        ("line\n", "new.csv", "no rows"),
        ("\n", "new.jsonl", "no rows"),
        ("", "new.csv", "no column 'line'"),
        (b"line\n\xff\xfe\n", "new.csv", "no utf-8 .*save it as utf-8"),
        ("line\na\n", "new.txt", r"the end of its name says no form; use \.csv"),
        ('{"line": "a"}\n{"line": ["b"]}\n', "new.jsonl", r"line 2: line is no text but .*'b'"),
        ('{"line": "a"}\n{"text": "b"}\n', "new.jsonl", "line 2: line is empty"),
        ('{"line": "a"}\n{"line": \n', "new.jsonl", "line 2: no JSON"),
        (b"PAR1", "new.parquet", "the Parquet file cannot be read"),
        (gzip.compress(b"line\na\n")[:-9], "new.csv.gz", "cut off or damaged"),
    ],
)
def test_a_fault_is_one_line_with_its_place(text, name, fault, tmp_path):
    with pytest.raises(InputError, match=fault) as error:
        read_text(tmp_path, text, name)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([["a"], ["b"]], "list<element: string>"),
        ([{"a": "x"}], "struct<a: string>"),
        ([b"a", b"\xff\xfe"], "binary"),
    ],
)
def test_a_column_of_a_parquet_file_that_holds_no_texts_is_named(values, kind, tmp_path):
    """It was said that the file cannot be read, and not which column to look at."""
    path = tmp_path / "new.parquet"
    pd.DataFrame({"Text": values}).to_parquet(path)
    with pytest.raises(InputError) as error:
        list(stream_lines(path, {"line": "Text"}))
    expected = f"{path}: the column 'Text' holds {kind}; map a column of texts or numbers"
    assert str(error.value) == expected


def test_a_file_without_a_header_is_told_that_it_needs_one(tmp_path):
    """It was told to use `corpus.header`, which is for the files of the corpus alone."""
    end = "a file of new lines names its columns in its first row, whatever corpus.header says"
    with pytest.raises(InputError, match=f"no column 'line'; the columns are 'a'; {end}$"):
        read_text(tmp_path, "a\nb\n")
    with pytest.raises(InputError, match=r"the columns are 'text'$"):
        read_text(tmp_path, '{"text": "a"}\n', "new.jsonl")


def test_a_fault_further_down_is_found_too(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 2)
    with pytest.raises(InputError, match="line 7: line is empty"):
        read_text(tmp_path, "line\na\nb\nc\nd\ne\n \n")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        list(stream_lines(tmp_path / "none.csv", {"line": "line"}))


def test_cells_are_read_as_those_of_the_corpus(tmp_path):
    """Truth values were once written otherwise, and what stands for an empty cell was a text."""
    path = tmp_path / "new.jsonl"
    path.write_text('{"a": {"line": "x"}, "is": true}\n{"a": {"line": "y"}, "is": "NA"}\n')
    [part] = stream_lines(path, {"line": "a.line", "is": "is"}, missing=["NA"])
    assert part["line"].tolist() == ["x", "y"] and part["is"].tolist() == ["true", ""]
    text = tmp_path / "new.csv"
    text.write_text("line;x\na, b;NA\n")
    [part] = stream_lines(
        text, {"line": "line", "x": "x"}, separators={".csv": ";"}, missing=["NA"]
    )
    assert part.to_dict("records") == [{"line": "a, b", "x": ""}]


def test_a_damaged_archive_is_one_line(tmp_path):
    path = tmp_path / "new.csv.gz"
    content = bytearray(gzip.compress(b"line\n" + b"some line of text\n" * 500))
    content[40] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(InputError):
        list(stream_lines(path, {"line": "line"}))


def test_deeply_nested_json_is_refused_by_its_line(tmp_path):
    """It ended in a RecursionError, and its traceback."""
    deep = '{"a": ' * 5000 + "1" + "}" * 5000
    with pytest.raises(InputError, match="line 2: values within values"):
        read_text(tmp_path, f'{{"line": "Hi."}}\n{{"line": {deep}}}\n', "new.jsonl")


def test_a_column_that_a_piece_lacks_is_empty_there(tmp_path, monkeypatch):
    """Whether such a file was refused depended on where a piece of it ended."""
    monkeypatch.setattr(module, "CHUNK", 2)
    path = tmp_path / "new.jsonl"
    path.write_text('{"line": "a", "Writer": "Mindy"}\n{"line": "b"}\n{"line": "c"}\n')
    read = pd.concat(stream_lines(path, WANTED))
    assert read["writer1"].tolist() == ["Mindy", "", ""]


def test_a_column_that_no_piece_has_is_missing(tmp_path):
    path = tmp_path / "new.jsonl"
    path.write_text('{"line": "a"}\n{"line": "b"}\n')
    with pytest.raises(InputError, match="no column 'Writer'"):
        list(stream_lines(path, WANTED))
