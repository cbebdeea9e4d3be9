"""From a stranger's file to a config that works, and nothing overwritten."""

import random
import subprocess
from pathlib import Path

import pytest
import yaml

from whosaid.caching import bundle
from whosaid.config.parse import merge, parse_config, read_config_file
from whosaid.corpus.read_corpus import read_corpus
from whosaid.errors import InputError
from whosaid.reporting import new_experiment, predict_lines

BASE = Path(__file__).parents[3] / "config" / "config.yaml"
RANDOM = random.Random(2)
NAMES = ["ANNA", "Anna", "ANNA (on phone)", "BERT", "CARLA", "Dora"]
ROWS = [
    (RANDOM.choice(NAMES), f"line {number} about beets and paper", str(number // 30))
    for number in range(240)
]


@pytest.fixture
def make(tmp_path, monkeypatch):
    """A function that writes a file, runs `make new` on it, and returns the page and the config."""
    monkeypatch.chdir(tmp_path)

    def run(text, name=None, encoding=None, **named):
        (tmp_path / "my show.csv").write_text(text, encoding="utf-8")
        page, path = new_experiment.new_experiment("my show.csv", name, named, BASE, encoding)
        overlay = yaml.safe_load(path.read_text(encoding="utf-8"))
        return page, overlay, parse_config(merge(read_config_file(str(BASE)), overlay))

    return run


def as_csv(rows, header="Character;Dialogue;Episode"):
    return "\n".join([header, *(";".join(row) for row in rows)]) + "\n"


def test_the_config_is_ready_to_run_with_what_the_corpus_supports(make):
    page, overlay, config = make(as_csv(ROWS))
    assert config.experiment == "my_show"
    corpus = read_corpus(config.corpus.model_dump(mode="json"))
    assert set(corpus.speakers) == {"anna", "bert", "carla", "dora"}
    assert config.corpus.target_speaker == "anna" and config.corpus.top_speakers == 4
    # Nobody knows who directed or wrote it.
    assert overlay["variants"] == {"augmented_vocab_distilbert": None, "metadata_only": None}
    assert "240 lines of 4 speakers" in page
    assert "Merged into anna" in page


def test_rows_without_speaker_are_dropped_and_begin_scenes_and_the_config_says_so(make):
    rows = [("", "Enter all.", row[2]) if n % 20 == 0 else row for n, row in enumerate(ROWS)]
    _, overlay, config = make(as_csv(rows))
    assert overlay["corpus"]["scenes"] == "stage_directions"
    assert overlay["corpus"]["rows_without_speaker_or_line"] == "drop"
    corpus = read_corpus(config.corpus.model_dump(mode="json"))
    assert len(corpus.lines) == len(ROWS) - 12
    assert corpus.lines["scene"].nunique() == 12
    with open("config/my_show.yaml", encoding="utf-8") as file:
        assert "# There are such rows: 12 of 240." in file.read()


def test_a_config_is_never_overwritten(make):
    make(as_csv(ROWS))
    with pytest.raises(InputError, match=r"config/my_show.yaml exists already"):
        make(as_csv(ROWS))
    assert make(as_csv(ROWS), name="other")[2].experiment == "other"


def test_a_script_without_blanks_between_words_gets_the_variants_that_need_none(make):
    rows = [
        (name, "我们今天去学校学习中文" + "好" * (n % 7), "1") for n, (name, *_) in enumerate(ROWS)
    ]
    _, overlay, config = make(as_csv(rows))
    assert overlay["variants"]["length_only"] is None
    assert config.variants["tfidf"].linear.features == ("character_ngrams",)


def test_too_few_lines_of_a_second_speaker_are_refused_and_nothing_is_written(make, tmp_path):
    rows = [("ANNA", said, episode) for _, said, episode in ROWS[:-3]] + [
        ("BERT", said, episode) for _, said, episode in ROWS[-3:]
    ]
    with pytest.raises(InputError, match="a question needs two"):
        make(as_csv(rows))
    assert not (tmp_path / "config").exists()


def test_the_command_line_prints_the_next_command_last(make, monkeypatch, capsys, tmp_path):
    make(as_csv(ROWS), name="first")
    monkeypatch.setattr("sys.argv", ["new", "my show.csv", "--name", "second", "--base", str(BASE)])
    new_experiment.main()
    last = capsys.readouterr().out.rstrip().splitlines()[-1]
    assert last.endswith("results/summary.md --configfile config/second.yaml")
    monkeypatch.setattr("sys.argv", ["new", "none.csv", "--base", str(BASE)])
    with pytest.raises(SystemExit, match=r"^none.csv: no such file$"):
        new_experiment.main()


def test_one_column_under_two_names_is_refused(make):
    """It ended in the traceback of the config's model, which finds one header mapped twice."""
    with pytest.raises(InputError, match=r"^SPEAKER=Dialogue LINE=Dialogue: one column cannot"):
        make(as_csv(ROWS), speaker="Dialogue", line="Dialogue")


@pytest.mark.parametrize(
    ("encoding", "message"),
    [
        ("nope", "^ENCODING=nope: no text encoding that Python knows"),
        ("rot13", "^ENCODING=rot13: no text encoding that Python knows"),
        ("idna", "ENCODING"),
        ("utf-16", r"this is not utf-16: no byte order mark .* set ENCODING .*fits utf-8"),
        ("utf-16-le", "one column, whatever separator is tried and read as utf-16-le"),
        ("ascii", "byte 0xc3 at position 0 is not ascii; set ENCODING"),
    ],
)
def test_an_encoding_that_will_not_do_is_refused_in_a_line(encoding, message, make):
    """Three of them ended in tracebacks; of UTF-16 it was said that the file has one column."""
    rows = ROWS if encoding != "ascii" else [("Ärzte", *row[1:]) for row in ROWS]
    text = as_csv(rows)
    if len(text) % 2 and encoding != "ascii":
        text += "\n"
    with pytest.raises(InputError, match=message):
        make(text, encoding=encoding)


def test_deeply_nested_json_is_refused_at_the_first_look(make, tmp_path):
    """It ended in a RecursionError, and its traceback."""
    deep = '{"speaker": ' * 5000 + "1" + "}" * 5000
    (tmp_path / "deep.jsonl").write_text(f"{deep}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"^deep.jsonl, line 1: values within values"):
        new_experiment.new_experiment("deep.jsonl", None, {}, BASE)


@pytest.mark.parametrize(("target", "name"), [("new", "CSV"), ("predict", "LINES")])
def test_make_hands_values_on_without_a_shell_that_reads_their_quotes(target, name):
    """A quote in the name of a file ended in a syntax error of the shell."""
    command = ["make", "-n", "--no-print-directory", "-o", ".venv/ready", target]
    command.append(f'{name}=o"k.csv')
    made = subprocess.run(command, cwd=BASE.parents[1], capture_output=True, text=True, check=True)
    assert made.stdout.rstrip().endswith(f'-- "${{{name}}}"') and 'o"k' not in made.stdout


@pytest.mark.parametrize(
    ("main", "said"),
    [
        (new_experiment.main, "no file; give one as CSV=my_show.csv"),
        (predict_lines.main, "no file; give one as LINES=my_lines.csv"),
        (bundle.main, "no bundle; give one as BUNDLE=bundle.tar"),
    ],
)
def test_a_command_of_make_without_its_file_says_what_is_missing(main, said, monkeypatch):
    """The line once began with a colon, before which nothing stood."""
    monkeypatch.setattr("sys.argv", ["command", ""])
    with pytest.raises(SystemExit, match=f"^{said}$"):
        main()
