import json
import pickletools
import random
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import train_linear
from safetensors.numpy import load_file
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from whosaid.config.column_names import PUBLISHED_COLUMNS, TEXT_FEATURES
from whosaid.config.recipe_section import Linear
from whosaid.errors import InputError
from whosaid.evaluation.abstention import abstention_logits
from whosaid.evaluation.published_metrics import PUBLISHED_METRICS
from whosaid.training import linear_model
from whosaid.training.linear_model import load_model

SPLITS = ("train", "test", "valid")
NAMES = ["not_dwight", "dwight"]
ABSTAINED_IN_TRAIN = {"of_labels": [17, 3]}


@pytest.fixture(scope="module")
def dealt(lines):
    """The splits of the made-up corpus: the variant abstains on lines of one or two words."""
    table = pq.read_table(lines, columns=["row", "line", "speaker"])
    everything = [
        {
            "row": row["row"],
            "text": row["line"],
            "label": int(row["speaker"] == "dwight"),
            "abstained": len(row["line"].split()) < 3,
        }
        # Not the order of `lines.parquet`, in which columns are found by row.
        for row in random.Random(3).sample(table.to_pylist(), table.num_rows)
    ]
    half, rest = everything[:200], everything[200:]
    return {
        "train": [row for row in half if not row["abstained"]],
        "test": rest[::2],
        "valid": rest[1::2],
    }


@pytest.fixture(scope="module")
def run(lines, tmp_path_factory):
    """A function that runs the stage and returns its folder, the model being `model` in it."""
    schema = pa.schema(
        {"row": pa.int64(), "text": pa.string(), "label": pa.int8(), "abstained": pa.bool_()}
    )

    def run(rows_of, features=("word_ngrams",), **changes):
        folder = tmp_path_factory.mktemp("linear")
        for name, rows in rows_of.items():
            pq.write_table(pa.Table.from_pylist(rows, schema), folder / f"split_{name}.parquet")
        (folder / "split_counts.json").write_text(
            json.dumps({"labels": NAMES, "abstained_in_train": ABSTAINED_IN_TRAIN})
        )
        train_linear.main(
            splits=[str(folder / f"split_{name}.parquet") for name in SPLITS],
            split_counts=str(folder / "split_counts.json"),
            lines=str(lines),
            model=str(folder / "model"),
            predictions=[str(folder / f"{name}.parquet") for name in SPLITS],
            scores=str(folder / "scores.json"),
            runtime=str(folder / "runtime.json"),
            question="target",
            linear={**Linear().model_dump(), "features": list(features), **changes},
            seed=42,
        )
        return folder

    return run


@pytest.fixture(scope="module")
def trained(run, dealt):
    """The folder of a run that sees words and characters."""
    return run(dealt, ("word_ngrams", "character_ngrams"))


def predictions(folder, split="test"):
    return pq.read_table(folder / f"{split}.parquet")


def log_odds(folder, split="test"):
    return predictions(folder, split)["logit_target"].to_numpy()


def with_texts(rows_of, change):
    return {
        name: [{**row, "text": change(row["text"])} for row in rows]
        for name, rows in rows_of.items()
    }


def contents(folder):
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


@pytest.mark.parametrize("features", [("word_ngrams",), ("character_ngrams",)])
def test_a_held_out_line_of_the_targets_words_is_known(features, run, dealt):
    decisions = log_odds(run(dealt, features)) > 0
    told = {word: [] for word in ("farm", "office")}
    for row, decision in zip(dealt["test"], decisions, strict=True):
        for word, found in told.items():
            found += [decision] if word in row["text"] else []
    assert len(told["farm"]) > 3 and all(told["farm"])
    assert len(told["office"]) > 3 and not any(told["office"])


def test_the_probabilities_are_those_of_scikit_learn(run, dealt):
    folder = run(dealt, ("word_ngrams",), C=2.0)
    pipeline = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
        LogisticRegression(C=2.0, class_weight="balanced", tol=1e-8, max_iter=1000),
    )
    pipeline.fit([row["text"] for row in dealt["train"]], [row["label"] for row in dealt["train"]])
    kept = [number for number, row in enumerate(dealt["test"]) if not row["abstained"]]
    expected = pipeline.predict_proba([dealt["test"][number]["text"] for number in kept])[:, 1]
    table = predictions(folder)
    logits = np.stack([table["logit_not"], table["logit_target"]], axis=1)[kept]
    softmax = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert np.allclose(softmax[:, 1], expected, atol=1e-3)
    assert np.ptp(expected) > 0.5


def test_length_alone_does_not_see_which_words_there_are(run, dealt):
    other = with_texts(dealt, lambda text: " ".join("x" * (1 + len(w) % 3) for w in text.split()))
    one = run(dealt, ("word_count",))
    assert log_odds(one).tolist() == log_odds(run(other, ("word_count",))).tolist()
    assert len(set(log_odds(one))) > 3


def test_length_alone_can_tell_lines_of_middle_length(run):
    rows = [
        {"row": 100, "text": "word " * count, "label": int(count in (4, 5)), "abstained": False}
        for count in (1, 2, 4, 5, 20, 40)
    ]
    folder = run(dict.fromkeys(SPLITS, rows), ("word_count",), C=1000.0)
    assert (log_odds(folder) > 0).tolist() == [row["label"] == 1 for row in rows]


def test_metadata_alone_does_not_see_the_text(run, dealt, lines):
    features = ("directed_by", "written_by")
    folder = run(dealt, features)
    other = run(with_texts(dealt, lambda text: text[::-1]), features)
    assert log_odds(folder).tolist() == log_odds(other).tolist()
    found = {}
    columns = pq.read_table(lines, columns=["row", *features]).to_pylist()
    cells = {row["row"]: (row["directed_by"], row["written_by"]) for row in columns}
    for row, value in zip(dealt["test"], log_odds(folder), strict=True):
        if not row["abstained"]:
            found.setdefault(cells[row["row"]], set()).add(float(value))
    assert len(found) > 3
    assert all(len(values) == 1 for values in found.values())
    assert len(set.union(*found.values())) == len(found)


def test_a_value_that_train_never_held_adds_nothing(run, dealt, lines):
    columns = pq.read_table(lines, columns=["row", "directed_by"]).to_pylist()
    unknown = {row["row"] for row in columns if row["directed_by"] == "Greg Daniels"}
    train = [row for row in dealt["train"] if row["row"] not in unknown]
    folder = run({**dealt, "train": train}, ("directed_by",))
    intercept = load_file(folder / "model" / "model.safetensors")["intercept"]
    for row, value in zip(dealt["test"], log_odds(folder), strict=True):
        if not row["abstained"]:
            assert (value == np.float32(intercept)) == (row["row"] in unknown)


@pytest.mark.parametrize("split", SPLITS)
def test_rows_labels_and_abstentions_are_in_the_order_of_the_split(split, trained, dealt):
    table = predictions(trained, split)
    for name in ("row", "label", "abstained"):
        assert table[name].to_pylist() == [row[name] for row in dealt[split]]


def test_each_row_keeps_its_answer_when_the_rows_change_places(run, dealt):
    forth = run(dealt, ("word_ngrams", "writer1"))
    back = run({name: rows[::-1] for name, rows in dealt.items()}, ("word_ngrams", "writer1"))
    assert np.allclose(log_odds(forth), log_odds(back)[::-1], atol=1e-3)
    assert not np.allclose(log_odds(forth), log_odds(back), atol=0.1)


def test_a_line_that_stands_twice_in_train_weighs_twice(run, dealt):
    twice = [row for row in dealt["train"] for _ in range(1 + row["label"])]
    changes = {"class_weight": None}
    once = run(dealt, ("word_count",), **changes)
    oversampled = run({**dealt, "train": twice}, ("word_count",), **changes)
    assert predictions(oversampled, "train").num_rows == len(twice)
    assert log_odds(oversampled).mean() == pytest.approx(log_odds(once).mean() + np.log(2), abs=0.2)


def test_the_columns_have_the_promised_types(trained):
    for split in SPLITS:
        schema = predictions(trained, split).schema
        assert dict(zip(schema.names, schema.types, strict=True)) == {
            "row": pa.int64(),
            "label": pa.int8(),
            "logit_not": pa.float32(),
            "logit_target": pa.float32(),
            "abstained": pa.bool_(),
        }


def test_abstained_rows_all_have_the_same_logits_and_are_not_the_targets(trained, dealt):
    for split in ("test", "valid"):
        table = predictions(trained, split)
        abstained = np.array([row["abstained"] for row in dealt[split]])
        logits = np.stack([table["logit_not"], table["logit_target"]], axis=1)
        expected = abstention_logits(ABSTAINED_IN_TRAIN, has_target=True).astype(np.float32)
        assert 3 < abstained.sum() < len(abstained)
        assert (logits[abstained] == expected).all()
        assert (logits[:, 1] == expected[1]).sum() == abstained.sum()


def test_scores_are_the_published_metrics_of_the_stored_decisions(trained):
    scores = json.loads((trained / "scores.json").read_text())
    assert list(scores) == list(SPLITS)
    for split in SPLITS:
        table = predictions(trained, split)
        decisions = table["logit_target"].to_numpy() > table["logit_not"].to_numpy()
        decisions &= ~table["abstained"].to_numpy()
        assert scores[split] == {
            metric.name: pytest.approx(metric.score(table["label"].to_numpy(), decisions))
            for metric in PUBLISHED_METRICS
        }
    assert list(scores["test"]) == ["accuracy", "f1", "precision", "recall"]
    assert scores["train"]["f1"] > 0.8


def test_runtime_has_the_seconds_and_rows_per_second_of_each_split(trained):
    runtime = json.loads((trained / "runtime.json").read_text())
    assert list(runtime) == list(SPLITS)
    for split in SPLITS:
        assert set(runtime[split]) == {"seconds", "rows_per_second"}
        rows = runtime[split]["seconds"] * runtime[split]["rows_per_second"]
        assert rows == pytest.approx(predictions(trained, split).num_rows)


def test_a_stored_model_answers_as_the_fitted_one(dealt, trained):
    texts = {name: {"text": [row["text"] for row in rows]} for name, rows in dealt.items()}
    labels = np.array([row["label"] for row in dealt["train"]])
    fitted = linear_model.fit(texts["train"], labels, Linear().model_dump())
    stored = load_model(trained / "model")
    for lines in texts.values():
        assert stored.logits(lines).tolist() == fitted.logits(lines).tolist()


def test_the_folder_says_how_to_compute_an_answer(run, dealt, lines):
    folder = run(dealt, ("directed_by", "season"))
    description = json.loads((folder / "model" / "features.json").read_text())
    tensors = load_file(folder / "model" / "model.safetensors")
    columns = pq.read_table(lines, columns=["row", "directed_by", "season"]).to_pylist()
    cells = {row["row"]: row for row in columns}
    for row, value in zip(dealt["test"], log_odds(folder), strict=True):
        if row["abstained"]:
            continue
        expected = float(tensors["intercept"])
        for feature, spec in description["features"].items():
            assert spec["numbers"] == "one_hot"
            number = spec["vocabulary"].index(str(cells[row["row"]][spec["column"]]))
            expected += tensors[f"{feature}.coefficients"][number]
        assert value == pytest.approx(expected, abs=1e-6)
    assert description["id2label"] == {"0": "not_dwight", "1": "dwight"}
    assert description["label2id"] == {"not_dwight": 0, "dwight": 1}


def test_the_folder_holds_no_pickle(trained):
    found = contents(trained / "model")
    assert set(found) == {"features.json", "model.safetensors", "training.json", "manifest.json"}
    for content in found.values():
        # The zip of `joblib`, `torch` and `numpy` files would hide one.
        assert not content.startswith((b"PK", b"\x80", b"\x93NUMPY"))
        with pytest.raises(ValueError):
            list(pickletools.genops(content))


def test_a_changed_file_is_not_loaded(run, dealt):
    folder = run(dealt, ("word_count",)) / "model"
    with open(folder / "features.json", "a") as file:
        file.write(" ")
    with pytest.raises(InputError, match=r"features\.json was changed"):
        load_model(folder)


def test_the_record_says_what_was_done(trained, dealt):
    record = json.loads((trained / "model" / "training.json").read_text())
    assert record["rows"] == {name: len(rows) for name, rows in dealt.items()}
    assert record["arguments"]["features"] == ["word_ngrams", "character_ngrams"]
    assert record["history"] == []
    assert record["seed"] == 42
    assert 0 < record["seconds"] < 60


def test_the_same_run_again_leaves_the_same_bytes(trained, run, dealt):
    again = run(dealt, ("word_ngrams", "character_ngrams"))
    found = [contents(folder) for folder in (trained, again)]
    # These hold the seconds that it took.
    for each in found:
        del each["model/training.json"], each["model/manifest.json"], each["runtime.json"]
    assert found[0] == found[1]
    assert {"test.parquet", "model/features.json", "model/model.safetensors"} <= set(found[0])


def test_the_features_of_the_config_go_together(run, dealt):
    features = [feature for feature in [*TEXT_FEATURES, *PUBLISHED_COLUMNS] if feature != "writer3"]
    folder = run(dealt, features)
    assert [*load_model(folder / "model").vectorizers] == features


@pytest.mark.parametrize(
    ("feature", "text"), [("word_ngrams", "I"), ("character_ngrams", ""), ("word_ngrams", "...")]
)
def test_texts_with_nothing_to_count_are_refused_by_the_features_name(feature, text, run, dealt):
    with pytest.raises(InputError, match=f"no term of {feature} stands in two"):
        run(with_texts(dealt, lambda _: text), ("word_count", feature))


def test_a_column_that_is_empty_throughout_is_refused_by_its_name(run, dealt):
    with pytest.raises(InputError, match="the column writer3 is empty in all"):
        run(dealt, ("writer3",))


@pytest.mark.parametrize("value", ["Ken\nGreg", "Ken\u2028Greg"])
def test_a_cell_of_several_lines_is_one_category(value):
    """Since names of a context stand one below the other, such a cell was once two categories."""
    vectorizer = linear_model.make_vectorizer("one_hot", {})
    vectorizer.fit_transform([value, "Ken", ""])
    assert sorted(vectorizer.vocabulary_) == sorted([value, "Ken"])


def test_a_context_without_any_name_is_refused_by_the_features_name():
    rows = {"context_names": ["", "", ""]}
    linear = {**Linear().model_dump(), "features": ["context_names"]}
    with pytest.raises(InputError, match="context_names is empty in all of the 3 rows"):
        linear_model.fit(rows, np.array([0, 1, 0]), linear)


def test_a_fit_that_did_not_come_to_its_end_is_no_model(run, dealt, monkeypatch):
    hasty = partial(LogisticRegression, max_iter=1)
    monkeypatch.setattr(linear_model, "LogisticRegression", hasty)
    with pytest.raises(InputError, match=r"linear\.C: with 0\.3 .* choose a smaller one"):
        run(dealt)
