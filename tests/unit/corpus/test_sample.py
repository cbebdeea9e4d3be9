import csv
import runpy
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parents[3] / "data" / "sample"
SHIPPED = SAMPLE / "script_data_processed.csv"
COLUMNS = ["", "season", "episode", "title", "scene", "speaker", "line", "directed_by"]
COLUMNS += ["written_by", "writer1", "writer2", "writer3"]


@pytest.fixture(scope="module")
def rows():
    with open(SHIPPED, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def said(rows):
    return [row["line"] for row in rows]


def test_the_generator_gives_the_shipped_bytes(tmp_path):
    script = [sys.executable, str(SAMPLE / "make_sample.py"), str(tmp_path / "again.csv")]
    subprocess.run(script, check=True)
    assert (tmp_path / "again.csv").read_bytes() == SHIPPED.read_bytes()


def test_another_seed_gives_another_script(rows):
    make_rows = runpy.run_path(str(SAMPLE / "make_sample.py"))["make_rows"]
    assert [row[6] for row in make_rows(seed=121)] != [row["line"] for row in rows]


def test_the_columns_are_those_of_the_published_csv():
    with open(SHIPPED, encoding="utf-8", newline="") as file:
        assert next(csv.reader(file)) == COLUMNS


def test_the_index_counts_from_zero_and_the_numbers_are_positive_integers(rows):
    assert [int(row[""]) for row in rows] == list(range(len(rows)))
    assert all(int(row[name]) >= 1 for row in rows for name in ("season", "episode", "scene"))


def test_nothing_is_empty_but_the_second_and_third_writer(rows):
    always = [name for name in COLUMNS if name not in ("writer2", "writer3")]
    assert all(row[name].strip() for row in rows for name in always)
    assert any(row["writer2"] for row in rows)
    assert any(not row["writer2"] for row in rows)
    assert any(row["writer3"] for row in rows)


def test_the_writers_are_the_parts_of_written_by(rows):
    for row in rows:
        writers = [row[name] for name in ("writer1", "writer2", "writer3") if row[name]]
        assert " & ".join(writers) == row["written_by"]


def test_an_episode_has_one_title_and_one_director(rows):
    facts = {(r["season"], r["episode"], r["title"], r["directed_by"]) for r in rows}
    assert len(facts) == len({(row["season"], row["episode"]) for row in rows})


def test_the_target_is_one_of_the_ten_most_frequent_speakers(rows):
    counts = Counter(row["speaker"] for row in rows)
    top = dict(counts.most_common(10))
    assert len(counts) > 10
    assert 0.14 < top["dwight"] / sum(top.values()) < 0.20


def test_lines_hold_the_words_that_parsers_take_for_missing(said):
    assert {"None", "NA", "null"} <= set(said)


def test_lines_hold_what_hand_typed_scripts_have(said):
    assert any(line.startswith(" ") for line in said)
    assert any("\n" in line for line in said)
    assert any('"' in line for line in said)
    assert any("," in line for line in said)
    assert any("\N{RIGHT SINGLE QUOTATION MARK}" in line for line in said)
    assert any("\N{HORIZONTAL ELLIPSIS}" in line for line in said)
    assert any("\N{EM DASH}" in line for line in said)
    assert any("\N{PARTY POPPER}" in line for line in said)
    assert any("é" in line for line in said)


def test_some_people_direct_as_well_as_write(rows):
    directors = {row["directed_by"] for row in rows}
    writers = {row["writer1"] for row in rows}
    assert directors & writers
    assert directors - writers
    assert any(not name.isascii() for name in directors | writers)


def test_short_lines_are_shared_by_the_target_and_the_rest(rows):
    of_target = {row["line"] for row in rows if row["speaker"] == "dwight"}
    of_others = {row["line"] for row in rows if row["speaker"] != "dwight"}
    shared_and_short = [line for line in of_target & of_others if len(line.split()) <= 5]
    assert len(shared_and_short) >= 10


def test_about_a_third_of_the_lines_are_cut_by_the_published_cutoff(said):
    from nltk.tokenize import word_tokenize

    short = sum(len(word_tokenize(line, preserve_line=True)) <= 5 for line in said)
    assert 0.25 < short / len(said) < 0.35
