import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import split_lines

from whosaid.errors import InputError

SPLITS = ("train", "test", "valid")
METHODS = ("datasets_stratified", "pandas_per_class")
FRACTIONS = {"train": 0.7, "test": 0.15, "valid": 0.15}


def read(folder):
    return {name: pd.read_parquet(folder / f"{name}.parquet") for name in SPLITS}


def rows_of(folder):
    return {name: part["row"].tolist() for name, part in read(folder).items()}


def all_rows_of(folder):
    return [row for rows in rows_of(folder).values() for row in rows]


def recipe(method, fractions=FRACTIONS, seed=27):
    return {"method": method, "fractions": fractions, "seed": seed}


@pytest.fixture(scope="module")
def top_ten(lines):
    return split_lines.select_speakers(pd.read_parquet(lines), "dwight", 10)


@pytest.mark.parametrize("method", METHODS)
def test_every_row_is_in_exactly_one_split(method, deal, top_ten):
    assert sorted(all_rows_of(deal(split=recipe(method)))) == sorted(top_ten["row"])


@pytest.mark.parametrize("method", METHODS)
def test_each_split_has_its_share_of_each_class(method, deal, top_ten):
    for name, part in read(deal(split=recipe(method))).items():
        for label in (0, 1):
            share = FRACTIONS[name] * (top_ten["label"] == label).sum()
            assert abs((part["label"] == label).sum() - share) <= 1


@pytest.mark.parametrize("method", METHODS)
def test_one_seed_gives_the_same_rows_in_the_same_order(method, deal):
    assert rows_of(deal(split=recipe(method))) == rows_of(deal(split=recipe(method)))


@pytest.mark.parametrize("method", METHODS)
def test_another_seed_gives_other_rows_to_each_split(method, deal):
    one, other = (rows_of(deal(split=recipe(method, seed=seed))) for seed in (27, 28))
    assert all(set(one[name]) != set(other[name]) for name in SPLITS)


@pytest.mark.parametrize("method", METHODS)
def test_the_classes_are_mixed_and_the_file_order_is_gone(method, deal):
    for part in read(deal(split=recipe(method))).values():
        assert not part["label"].is_monotonic_decreasing
        assert not part["label"].is_monotonic_increasing
        assert not part["row"].is_monotonic_increasing
        # Were the positives still in front, the first half would hold them all.
        half = part["label"].to_numpy()[: len(part) // 2]
        assert 0 < half.sum() < part["label"].sum()


@pytest.mark.parametrize("method", METHODS)
def test_resampling_leaves_test_and_valid_alone(method, deal):
    plain = rows_of(deal(split=recipe(method)))
    resampled = rows_of(
        deal(
            split=recipe(method),
            resample={"oversample_positives": 2, "undersample_negatives": 0.5},
        )
    )
    assert plain["test"] == resampled["test"]
    assert plain["valid"] == resampled["valid"]
    assert set(resampled["train"]) < set(plain["train"])


@pytest.mark.parametrize("method", METHODS)
def test_resampling_doubles_the_positives_and_halves_the_negatives(method, deal):
    plain = read(deal(split=recipe(method)))["train"]
    train = read(
        deal(
            split=recipe(method),
            resample={"oversample_positives": 2, "undersample_negatives": 0.5},
        )
    )["train"]
    before, after = plain["label"].value_counts(), train["label"].value_counts()
    assert after[1] == 2 * before[1]
    assert after[0] == round(0.5 * before[0])
    times = train.groupby("label")["row"].value_counts()
    assert set(times[1]) == {2}
    assert set(times[0]) == {1}
    assert not train["label"].is_monotonic_decreasing


@pytest.mark.parametrize(("negatives", "kept"), [(5, 2), (7, 4), (9, 4), (10, 5), (11, 6)])
def test_half_of_an_odd_number_is_rounded_to_even(negatives, kept):
    labels = np.array([1, 1, 1] + [0] * negatives)
    positions = split_lines.resample_positions(np.arange(len(labels)), labels, 2, 0.5, seed=27)
    assert labels[positions].sum() == 6
    assert len(positions) - 6 == kept


@pytest.mark.parametrize(("members", "drawn"), [(5, 2), (7, 4), (9, 4)])
def test_the_sizes_of_the_splits_follow_pythons_round(members, drawn):
    labels = np.array([1] * members + [0] * members)
    fractions = {"train": 0.5, "test": 0.25, "valid": 0.25}
    parts = split_lines.split_pandas_per_class(labels, fractions, seed=27)
    rest = members - drawn
    assert len(parts["train"]) == 2 * drawn
    assert len(parts["test"]) == 2 * round(rest / 2)
    assert len(parts["valid"]) == 2 * (rest - round(rest / 2))


def test_min_words_drops_lines_of_five_or_fewer_tokens(deal, top_ten):
    folder = deal(min_words=6, word_tokenizer="preserve_line")
    counts = split_lines.count_words(top_ten["text"], "preserve_line", None)
    kept = set(all_rows_of(folder))
    assert kept == set(top_ten["row"][counts > 5])
    assert kept < set(top_ten["row"])


def test_punctuation_counts_as_words():
    texts = pd.Series(["Okay then, fine.", "Thank you so much.", "Yes."])
    assert split_lines.count_words(texts, "preserve_line", None).tolist() == [5, 5, 2]


def test_annotation_appends_director_and_writer_in_brackets(annotated_splits, lines):
    source = pd.read_parquet(lines).set_index("row")
    for part in read(annotated_splits).values():
        for row, text in zip(part["row"], part["text"], strict=True):
            line = source.loc[row]
            assert text == f"{line['line']} [{line['directed_by']}] [{line['writer1']}]"


def test_an_empty_cell_adds_neither_text_nor_token():
    frame = pd.DataFrame({"text": ["one", "two"], "writer2": ["", "Ann"], "writer3": ["", ""]})
    texts, tokens = split_lines.annotate_texts(frame, ["writer2", "writer3"])
    assert texts.tolist() == ["one", "two [Ann]"]
    assert tokens == ["[Ann]"]


def test_tokens_stand_in_order_of_appearance_and_once():
    frame = pd.DataFrame(
        {
            "text": ["", "", ""],
            "directed_by": ["Cid", "Ann", "Cid"],
            "writer1": ["Bob", "Cid", "Ann"],
        }
    )
    _, tokens = split_lines.annotate_texts(frame, ["directed_by", "writer1"])
    assert tokens == ["[Cid]", "[Ann]", "[Bob]"]


def test_added_tokens_are_those_of_the_kept_lines(annotated_splits, top_ten):
    tokens = json.loads((annotated_splits / "added_tokens.json").read_text(encoding="utf-8"))
    names = [*top_ten["directed_by"].unique(), *top_ten["writer1"].unique()]
    assert tokens == list(dict.fromkeys(f"[{name}]" for name in names))
    # A director who writes as well counts once.
    assert tokens.count("[Greg Daniels]") == 1


def test_without_annotation_there_are_no_added_tokens(splits):
    assert json.loads((splits / "added_tokens.json").read_text(encoding="utf-8")) == []


def test_texts_are_the_lines_untouched(splits, lines):
    source = pd.read_parquet(lines).set_index("row")["line"]
    for part in read(splits).values():
        assert part["text"].tolist() == source[part["row"]].tolist()


def test_label_one_is_the_target(splits, lines):
    speakers = pd.read_parquet(lines).set_index("row")["speaker"]
    for part in read(splits).values():
        assert (part["label"] == 1).tolist() == (speakers[part["row"]] == "dwight").tolist()


def test_only_the_most_frequent_speakers_are_kept(splits, lines):
    speakers = pd.read_parquet(lines).set_index("row")["speaker"]
    kept = {speaker for part in read(splits).values() for speaker in speakers[part["row"]]}
    assert len(kept) == 10
    assert kept.isdisjoint({"creed", "stanley"})


def test_speakers_are_ranked_before_short_lines_are_dropped(deal, tmp_path):
    # Counted by long lines alone, talker would take the place of mumbler.
    said = [("dwight", "one two three four five six")] * 12
    said += [("mumbler", "Hm.")] * 9 + [("mumbler", "one two three four five six seven")]
    said += [("jim", "one two three four five six")] * 11
    said += [("talker", "one two three four five six")] * 8
    frame = pd.DataFrame(said, columns=["speaker", "line"])
    frame.insert(0, "row", range(len(frame)))
    frame.to_parquet(tmp_path / "lines.parquet")
    folder = deal(
        tmp_path / "lines.parquet", top_speakers=3, min_words=6, word_tokenizer="preserve_line"
    )
    rows = sorted(all_rows_of(folder))
    assert set(frame["speaker"][rows]) == {"dwight", "mumbler", "jim"}
    assert len(rows) == 12 + 1 + 11


def test_the_files_have_the_promised_types(splits, annotated_splits):
    promised = {"row": pa.int64(), "text": pa.string(), "label": pa.int8()}
    for folder in (splits, annotated_splits):
        for name in SPLITS:
            schema = pq.read_schema(folder / f"{name}.parquet")
            assert dict(zip(schema.names, schema.types, strict=True)) == promised


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("positives", [0, 1, 2])
def test_too_few_lines_of_the_target_are_refused(method, positives):
    labels = np.array([1] * positives + [0] * 40)
    with pytest.raises(InputError, match=f"^{positives} lines of the target"):
        split_lines.split_rows(labels, recipe(method), None)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("positives", [3, 4, 5, 6])
def test_few_lines_of_the_target_reach_every_split_or_are_refused(method, positives):
    labels = np.array([1] * positives + [0] * 40)
    try:
        parts = split_lines.split_rows(labels, recipe(method), None)
    except InputError as error:
        assert "needs at least one of either" in str(error)
    else:
        assert all(0 < labels[part].sum() < len(part) for part in parts.values())


@pytest.mark.parametrize(
    "resample", [None, {"oversample_positives": 2, "undersample_negatives": 0.5}]
)
def test_the_audit_agrees_with_the_files(resample, deal, lines, top_ten):
    folder = deal(min_words=6, word_tokenizer="preserve_line", resample=resample)
    audit = json.loads((folder / "split_audit.json").read_text(encoding="utf-8"))
    for name, part in read(folder).items():
        assert audit[name]["rows"] == len(part)
        assert audit[name]["positives"] == part["label"].sum()
        assert audit[name]["distinct_rows"] == part["row"].nunique()
    counts = split_lines.count_words(top_ten["text"], "preserve_line", None)
    assert audit["lines"] == len(pd.read_parquet(lines))
    assert audit["of_top_speakers"] == len(top_ten)
    assert audit["of_min_words"] == (counts >= 6).sum()
