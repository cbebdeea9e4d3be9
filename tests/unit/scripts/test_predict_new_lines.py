"""New lines are predicted as the rows of a split are, and a kill costs one piece at most."""

import json

import numpy as np
import pandas as pd
import predict_new_lines
import pytest
from scipy.special import softmax
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from whosaid.corpus import stream_lines
from whosaid.errors import InputError

WANTED = {"line": "line", "directed_by": "directed_by", "writer1": "writer1"}
SEEDS = [1, 2]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with forty new lines; they are read in five pieces."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(stream_lines, "CHUNK", 8)
    lines = [f"Line {n} of beets, bears and number {n * n}." for n in range(40)]
    frame = pd.DataFrame({"line": lines, "directed_by": "", "writer1": ["Ann", ""] * 20})
    frame.to_csv("new.csv", index=False)
    return tmp_path


@pytest.fixture
def run(model, place):
    """A function that runs the stage; two seeds with one model. It returns the table."""

    def run(**changes):
        given = {
            "lines": "new.csv",
            "models": [str(model)] * 2,
            "predictions": "found.parquet",
            "table": "found.csv",
            "question": "target",
            "wanted": WANTED,
            "encoding": "utf-8",
            "quotes": "doubled",
            "separator": {},
            "missing": [],
            "code": "{}",
            "annotate": ["writer1"],
            "features": [],
            "reading": None,
            "seeds": SEEDS,
            "min_words": None,
            "word_tokenizer": "preserve_line",
            "per_device_eval_batch_size": 16,
        }
        predict_new_lines.main(**(given | changes))
        return pd.read_parquet("found.parquet")

    return run


def test_each_line_is_predicted_as_if_it_stood_alone(run, model, place):
    found = run()
    lines = pd.read_csv("new.csv", keep_default_na=False)
    assert found["row"].tolist() == list(range(2, 42))
    assert found["line"].tolist() == lines["line"].tolist()
    tokenizer = AutoTokenizer.from_pretrained(model)
    classifier = AutoModelForSequenceClassification.from_pretrained(model).eval()
    names = classifier.config.id2label
    for text, writer, row in zip(lines["line"], lines["writer1"], found.itertuples(), strict=True):
        asked = f"{text} [{writer}]" if writer else text
        logits = classifier(**tokenizer(asked, return_tensors="pt")).logits[0].tolist()
        assert row.probability == pytest.approx(softmax(logits)[1], abs=1e-4)
        assert row.predicted == row.predicted_seed_2 == names[int(np.argmax(logits))]
    assert b"\r" not in (place / "found.csv").read_bytes()
    table = pd.read_csv("found.csv", keep_default_na=False)
    assert list(table) == list(found) and table["line"].tolist() == found["line"].tolist()
    assert np.allclose(table["probability"], found["probability"], atol=1e-6)


def test_a_calibrated_variant_gives_calibrated_probabilities(run, place):
    plain = run()
    chosen = {"threshold": 0.5, "temperature": 3.0}
    (place / "thresholds.json").write_text(json.dumps({"seeds": dict.fromkeys("12", chosen)}))
    found = run(thresholds="thresholds.json")
    odds = np.log(plain["probability"]) - np.log1p(-plain["probability"])
    assert np.allclose(found["probability"], 1 / (1 + np.exp(-odds / 3)), atol=1e-6)
    assert found["predicted"].tolist() == plain["predicted"].tolist()


def test_thresholds_and_short_lines_have_columns(run, place):
    (place / "thresholds.json").write_text(
        json.dumps({"seeds": {"1": {"threshold": 0.0}, "2": {"threshold": 0.0}}})
    )
    found = run(thresholds="thresholds.json", min_words=9)
    assert found["at_threshold"].nunique() == 1 and not found["at_threshold"].iloc[0].startswith(
        "not_"
    )
    assert not found["too_short"].any()
    assert run(min_words=99)["too_short"].all()


def test_after_a_kill_the_next_run_goes_on(run, place, monkeypatch):
    """Of the pieces that were done nothing is computed again."""
    whole = run()
    load, computed = predict_new_lines.load_lines_model, []

    def that_is_killed_after(pieces):
        def load_model(*given):
            loaded = load(*given)

            def logits(lines):
                if len(computed) == pieces:
                    raise KeyboardInterrupt
                computed.append(len(lines["text"]))
                return loaded.logits(lines)

            return loaded._replace(logits=logits)

        monkeypatch.setattr(predict_new_lines, "load_lines_model", load_model)

    for file in ("found.parquet", "found.csv"):
        (place / file).unlink()
    that_is_killed_after(7)
    with pytest.raises(KeyboardInterrupt):
        run()
    assert not list(place.glob("found.*")) and len(computed) == 7
    that_is_killed_after(None)
    pd.testing.assert_frame_equal(run(), whole)
    assert len(computed) == 10
    assert not list((place / ".snakemake/new_lines").iterdir())


def test_other_lines_do_not_find_the_pieces_of_these(run, place, monkeypatch):
    monkeypatch.setattr(predict_new_lines, "write_tables", lambda *given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run()
    monkeypatch.undo()
    monkeypatch.chdir(place)
    (place / "new.csv").write_text("line,directed_by,writer1\nAnother one.,,\n")
    assert run()["line"].tolist() == ["Another one."]
    assert not list((place / ".snakemake/new_lines").iterdir())


def test_pieces_of_other_code_are_not_used(run, place, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(predict_new_lines, "write_tables", lambda *given: 1 / 0)
        for code in ("{}", '{"a": 1}'):
            with pytest.raises(ZeroDivisionError):
                run(code=code)
            [kept] = (place / ".snakemake/new_lines").iterdir()
    run(code='{"a": 1}')
    assert not kept.exists()


def test_a_bad_row_far_down_is_refused_before_any_model_is_loaded(run, place, monkeypatch):
    monkeypatch.setattr(predict_new_lines, "load_lines_model", lambda *given: 1 / 0)
    with open("new.csv", "a") as file:
        file.write("a line,too,many,cells\n")
    with pytest.raises(InputError, match=r"new\.csv, line 42: 4 cells where the header has 3"):
        run()
    assert not list(place.glob("found.*"))


def test_a_variant_that_reads_context_predicts_no_file(run):
    with pytest.raises(InputError, match="the lines around a line"):
        run(reading="window")
