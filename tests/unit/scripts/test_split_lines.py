import json

import datasets
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from whosaid.corpus.count_words import count_words
from whosaid.corpus.normalise_text import normalise
from whosaid.corpus.recipe import annotate_texts, drop_duplicates, select_speakers
from whosaid.corpus.split_rows import (
    resample_positions,
    split_datasets_stratified,
    split_pandas_per_class,
    split_rows,
)
from whosaid.errors import InputError

SPLITS = ("train", "test", "valid")
STRATIFIED = ("datasets_stratified", "pandas_per_class")
METHODS = (*STRATIFIED, "group_shuffle")
GROUPS = {"episode": ["season", "episode"], "scene": ["scene"]}
NO_BALANCE = {"undersample_to": None, "oversample_to": None}
RESAMPLE = {"oversample_positives": 2, "undersample_negatives": 0.5, **NO_BALANCE}
NAMES = ["not_dwight", "dwight"]
FRACTIONS = {"train": 0.7, "test": 0.15, "valid": 0.15}


def read(folder):
    return {name: pd.read_parquet(folder / f"{name}.parquet") for name in SPLITS}


def rows_of(folder):
    return {name: part["row"].tolist() for name, part in read(folder).items()}


def all_rows_of(folder):
    return [row for rows in rows_of(folder).values() for row in rows]


def recipe(method, fractions=FRACTIONS, seed=27):
    group_by = "scene" if method == "group_shuffle" else None
    return {"method": method, "group_by": group_by, "fractions": fractions, "seed": seed}


def counts_of(folder):
    return json.loads((folder / "split_counts.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def grouped_lines(lines, tmp_path_factory):
    """The corpus in episodes of four scenes, and in seasons whose episodes count from 1."""
    frame = pd.read_parquet(lines)
    number = (frame["scene"] - 1) // 4
    frame = frame.assign(season=1 + number // 5, episode=1 + number % 5)
    path = tmp_path_factory.mktemp("grouped") / "lines.parquet"
    frame.to_parquet(path, index=False)
    return path


@pytest.fixture(scope="module")
def top_ten(lines):
    return select_speakers(pd.read_parquet(lines), "dwight", 10)[0]


@pytest.mark.parametrize("method", METHODS)
def test_every_row_is_in_exactly_one_split(method, deal, top_ten):
    assert sorted(all_rows_of(deal(split=recipe(method)))) == sorted(top_ten["row"])


@pytest.mark.parametrize("method", STRATIFIED)
def test_each_split_has_its_share_of_each_class(method, deal, top_ten):
    for name, part in read(deal(split=recipe(method))).items():
        for label in (0, 1):
            share = FRACTIONS[name] * (top_ten["label"] == label).sum()
            assert abs((part["label"] == label).sum() - share) <= 1


@pytest.mark.parametrize("method", METHODS)
def test_one_seed_gives_the_same_rows_in_the_same_order(method, deal):
    assert rows_of(deal(split=recipe(method))) == rows_of(deal(split=recipe(method)))


@pytest.mark.parametrize("fractions", [(0.5, 0.25, 0.25), (0.7, 0.15, 0.15), (0.34, 0.33, 0.33)])
@pytest.mark.parametrize("rows", [17, 200, 1001])
def test_the_stratified_split_is_the_librarys(fractions, rows):
    fractions = dict(zip(SPLITS, fractions, strict=True))
    labels = (np.random.default_rng(rows).random(rows) < 0.3).astype("int8")
    names = datasets.ClassLabel(names=["rest", "target"])
    every = datasets.Dataset.from_dict({"position": np.arange(rows), "label": labels})
    every = every.cast_column("label", names)
    how = {"shuffle": True, "seed": 27, "stratify_by_column": "label"}
    first = every.train_test_split(1 - fractions["train"], **how)
    share = fractions["valid"] / (fractions["test"] + fractions["valid"])
    second = first["test"].train_test_split(share, **how)
    expected = {"train": first["train"], "test": second["train"], "valid": second["test"]}
    ours = split_datasets_stratified(labels, fractions, 27)
    assert {name: ours[name].tolist() for name in SPLITS} == {
        name: part["position"][:] for name, part in expected.items()
    }
    assert all(positions.dtype == "int64" for positions in ours.values())


def test_the_rows_of_the_stratified_split_are_those_the_library_draws(deal, top_ten):
    rows = datasets.Dataset.from_pandas(top_ten[["row", "text", "label"]], preserve_index=False)
    rows = rows.cast_column("label", datasets.ClassLabel(names=["not_dwight", "dwight"]))
    how = {"seed": 27, "stratify_by_column": "label"}
    first = rows.train_test_split(1 - FRACTIONS["train"], **how)
    second = first["test"].train_test_split(0.5, **how)
    expected = {"train": first["train"], "test": second["train"], "valid": second["test"]}
    folder = deal(split=recipe("datasets_stratified"))
    for name, part in read(folder).items():
        written = part[["row", "text", "label"]].to_dict("list")
        assert written == expected[name].to_dict()


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
            resample=RESAMPLE,
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
            resample=RESAMPLE,
        )
    )["train"]
    before, after = plain["label"].value_counts(), train["label"].value_counts()
    assert after[1] == 2 * before[1]
    assert after[0] == round(0.5 * before[0])
    times = train.groupby("label")["row"].value_counts()
    assert set(times[1]) == {2}
    assert set(times[0]) == {1}
    assert not train["label"].is_monotonic_decreasing


@pytest.mark.parametrize("method", METHODS)
def test_a_share_of_train_is_drawn_from_each_class_and_the_rest_stays(method, deal):
    plain = read(deal(split=recipe(method)))
    cut = read(deal(split=recipe(method) | {"train_share": 0.5}))
    for name in ("test", "valid"):
        assert cut[name].equals(plain[name])
    before, after = (each["train"]["label"].value_counts() for each in (plain, cut))
    assert all(after[label] == round(0.5 * before[label]) for label in (0, 1))
    assert set(cut["train"]["row"]) < set(plain["train"]["row"])
    assert not cut["train"]["label"].is_monotonic_decreasing
    half = read(deal(split=recipe(method) | {"train_share": 0.5}, resample=RESAMPLE))["train"]
    assert set(half["row"]) <= set(cut["train"]["row"])


def test_a_share_without_a_line_of_the_target_is_refused():
    labels = np.array([1] * 8 + [0] * 40)
    with pytest.raises(InputError, match=r"8 of 48 lines are dwight's: .* a larger train_share$"):
        split_rows(labels, NAMES, recipe("pandas_per_class") | {"train_share": 0.05}, None)


@pytest.mark.parametrize(("negatives", "kept"), [(5, 2), (7, 4), (9, 4), (10, 5), (11, 6)])
def test_half_of_an_odd_number_is_rounded_to_even(negatives, kept):
    labels = np.array([1, 1, 1] + [0] * negatives)
    positions = resample_positions(np.arange(len(labels)), labels, 2, 0.5, seed=27)
    assert labels[positions].sum() == 6
    assert len(positions) - 6 == kept


@pytest.mark.parametrize(("members", "drawn"), [(5, 2), (7, 4), (9, 4)])
def test_the_sizes_of_the_splits_follow_pythons_round(members, drawn):
    labels = np.array([1] * members + [0] * members)
    fractions = {"train": 0.5, "test": 0.25, "valid": 0.25}
    parts = split_pandas_per_class(labels, fractions, seed=27)
    rest = members - drawn
    assert len(parts["train"]) == 2 * drawn
    assert len(parts["test"]) == 2 * round(rest / 2)
    assert len(parts["valid"]) == 2 * (rest - round(rest / 2))


def test_min_words_drops_lines_of_five_or_fewer_tokens(deal, top_ten):
    folder = deal(min_words=6, word_tokenizer="preserve_line")
    counts = count_words(top_ten["text"], "preserve_line", None)
    kept = set(all_rows_of(folder))
    assert kept == set(top_ten["row"][counts > 5])
    assert kept < set(top_ten["row"])


def test_punctuation_counts_as_words():
    texts = pd.Series(["Okay then, fine.", "Thank you so much.", "Yes."])
    assert count_words(texts, "preserve_line", None).tolist() == [5, 5, 2]


@pytest.mark.parametrize("word_tokenizer", ["spacy", "", None])
def test_a_word_tokenizer_that_is_none_of_the_two_counts_nothing(word_tokenizer):
    with pytest.raises(AssertionError, match="unreachable"):
        count_words(pd.Series(["Yes."]), word_tokenizer, None)


def test_annotation_appends_director_and_writer_in_brackets(annotated_splits, lines):
    source = pd.read_parquet(lines).set_index("row")
    for part in read(annotated_splits).values():
        for row, text in zip(part["row"], part["text"], strict=True):
            line = source.loc[row]
            assert text == f"{line['line']} [{line['directed_by']}] [{line['writer1']}]"


def test_an_empty_cell_adds_neither_text_nor_token():
    frame = pd.DataFrame({"text": ["one", "two"], "writer2": ["", "Ann"], "writer3": ["", ""]})
    texts, tokens = annotate_texts(frame, ["writer2", "writer3"])
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
    _, tokens = annotate_texts(frame, ["directed_by", "writer1"])
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
    promised = {
        "row": pa.int64(),
        "text": pa.string(),
        "label": pa.int64(),
        "abstained": pa.bool_(),
    }
    for folder in (splits, annotated_splits):
        for name in SPLITS:
            schema = pq.read_schema(folder / f"{name}.parquet")
            assert dict(zip(schema.names, schema.types, strict=True)) == promised


def test_the_label_carries_the_names_of_the_classes(splits, deal):
    jim = deal(target_speaker="jim")
    for folder, names in ((splits, ["not_dwight", "dwight"]), (jim, ["not_jim", "jim"])):
        for name in SPLITS:
            schema = pq.read_schema(folder / f"{name}.parquet")
            label = datasets.Features.from_arrow_schema(schema)["label"]
            assert label == datasets.ClassLabel(names=names)


@pytest.mark.parametrize("method", STRATIFIED)
@pytest.mark.parametrize("positives", [0, 1, 2])
def test_too_few_lines_of_the_target_are_refused(method, positives):
    labels = np.array([1] * positives + [0] * 40)
    with pytest.raises(InputError, match=f"^{positives} of {40 + positives} lines are dwight's"):
        split_rows(labels, NAMES, recipe(method), None)


@pytest.mark.parametrize("method", STRATIFIED)
@pytest.mark.parametrize("positives", [3, 4, 5, 6])
def test_few_lines_of_the_target_reach_every_split_or_are_refused(method, positives):
    labels = np.array([1] * positives + [0] * 40)
    try:
        parts = split_rows(labels, NAMES, recipe(method), None)
    except InputError as error:
        assert "needs at least one line of every class" in str(error)
    else:
        assert all(0 < labels[part].sum() < len(part) for part in parts.values())


def test_a_method_that_is_none_of_the_three_splits_nothing():
    labels = np.array([0, 1] * 20)
    for method in ("random", "group", None):
        split = recipe("datasets_stratified") | {"method": method}
        with pytest.raises(AssertionError, match="unreachable"):
            split_rows(labels, NAMES, split, None, np.arange(40))


@pytest.mark.parametrize("group_by", GROUPS)
def test_no_group_is_in_two_splits(group_by, deal, grouped_lines):
    columns = pd.read_parquet(grouped_lines).set_index("row")[GROUPS[group_by]]
    split = recipe("group_shuffle") | {"group_by": group_by}
    groups = {
        name: set(columns.loc[rows].itertuples(index=False, name=None))
        for name, rows in rows_of(deal(grouped_lines, split=split)).items()
    }
    every = set(columns.itertuples(index=False, name=None))
    assert sum(map(len, groups.values())) == len(set.union(*groups.values())) == len(every)
    for name, fraction in FRACTIONS.items():
        assert abs(len(groups[name]) - fraction * len(every)) <= 1


def test_episodes_of_two_seasons_are_two_groups(deal, grouped_lines):
    episodes = pd.read_parquet(grouped_lines).set_index("row")["episode"]
    split = recipe("group_shuffle") | {"group_by": "episode"}
    numbers = [set(episodes[rows]) for rows in rows_of(deal(grouped_lines, split=split)).values()]
    assert sum(map(len, numbers)) > len(set.union(*numbers))


def test_two_groups_do_not_make_three_splits():
    labels = np.array([0, 1] * 20)
    split = recipe("group_shuffle") | {"group_by": "episode"}
    with pytest.raises(
        InputError, match=r"by 2 whole episodes, .* at least one line of every class"
    ):
        split_rows(labels, NAMES, split, None, np.repeat([0, 1], 20))


def test_groups_that_leave_a_split_without_the_target_are_refused():
    groups = np.repeat(np.arange(20), 5)
    labels = (groups == 7).astype(int)
    with pytest.raises(InputError, match=r"^5 of 100 lines are dwight's"):
        split_rows(labels, NAMES, recipe("group_shuffle"), None, groups)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("deduplicate", "form"), [("exact", lambda text: text), ("normalised", normalise)]
)
def test_no_text_is_in_two_splits_after_deduplication(
    deduplicate, form, method, deal, lines, top_ten
):
    folder = deal(split=recipe(method), deduplicate=deduplicate)
    texts = [form(text) for part in read(folder).values() for text in part["text"]]
    assert len(texts) == len(set(texts)) == counts_of(folder)["of_deduplicate"]
    forms = top_ten["text"].map(form)
    # It is the first line that stays, and only kept speakers count.
    assert sorted(all_rows_of(folder)) == sorted(top_ten["row"][~forms.duplicated()])
    assert set(texts) == set(forms)


def test_what_normalised_duplicates_ignore():
    frame = pd.DataFrame({"text": ["No.", "no!", " N o", "No one.", "?!", "? !", "!", "No."]})
    for deduplicate, kept in (("exact", [0, 1, 2, 3, 4, 5, 6]), ("normalised", [0, 3, 4, 6])):
        assert drop_duplicates(frame, deduplicate).index.tolist() == kept


def test_without_deduplication_every_line_stays():
    frame = pd.DataFrame({"text": ["No.", "No.", "no"]})
    assert drop_duplicates(frame, None).index.tolist() == [0, 1, 2]


@pytest.mark.parametrize("deduplicate", ["all", "", "Exact"])
def test_a_way_to_deduplicate_that_is_none_of_the_three_drops_nothing(deduplicate):
    with pytest.raises(AssertionError, match="unreachable"):
        drop_duplicates(pd.DataFrame({"text": ["No.", "No."]}), deduplicate)


def test_equal_lines_with_other_tags_are_duplicates(deal, lines):
    source = pd.read_parquet(lines).set_index("row")["line"]
    folder = deal(deduplicate="exact", annotate=["directed_by", "writer1"])
    assert source[all_rows_of(folder)].is_unique


@pytest.fixture(scope="module")
def is_short(lines):
    """Whether each line, by its row, has fewer than six words."""
    frame = pd.read_parquet(lines).set_index("row")
    return count_words(frame["line"], "preserve_line", None) < 6


SHORT_LINES_STAY = {
    "min_words": 6,
    "min_words_scope": "train",
    "word_tokenizer": "preserve_line",
}


@pytest.mark.parametrize("method", METHODS)
def test_short_lines_leave_train_and_are_abstained_on_elsewhere(method, deal, is_short):
    plain = read(deal(split=recipe(method)))
    folder = deal(split=recipe(method), **SHORT_LINES_STAY)
    parts = read(folder)
    for name in ("test", "valid"):
        pd.testing.assert_frame_equal(
            parts[name].drop(columns="abstained"), plain[name].iloc[:, :3]
        )
        assert parts[name]["abstained"].tolist() == is_short[parts[name]["row"]].tolist()
        assert 0 < parts[name]["abstained"].sum() < len(parts[name])
        assert counts_of(folder)[name]["abstained"] == parts[name]["abstained"].sum()
    train = plain["train"]
    assert not parts["train"]["abstained"].any()
    long = ~is_short[train["row"]].to_numpy()
    assert sorted(parts["train"]["row"]) == sorted(train["row"][long])
    assert counts_of(folder)["abstained_in_train"] == {
        "rows": (~long).sum(),
        "positives": train["label"][~long].sum(),
        "of_labels": [(1 - train["label"][~long]).sum(), train["label"][~long].sum()],
    }


@pytest.mark.parametrize("method", METHODS)
def test_only_long_lines_are_resampled(method, deal, is_short):
    settings = {"split": recipe(method), **SHORT_LINES_STAY}
    long = read(deal(**settings))["train"]
    folder = deal(**settings, resample=RESAMPLE)
    train = read(folder)["train"]
    assert not is_short[train["row"]].any()
    times = train.groupby("label")["row"].value_counts()
    assert set(times[1]) == {2}
    assert set(times[1].index) == set(long["row"][long["label"] == 1])
    assert len(times[0]) == round(0.5 * (long["label"] == 0).sum())
    # Short lines are counted before the re-sampling.
    counts = [counts_of(each)["abstained_in_train"] for each in (folder, deal(**settings))]
    assert counts[0] == counts[1]


def test_a_train_split_of_short_lines_alone_is_refused(deal):
    with pytest.raises(InputError, match="a smaller min_words"):
        deal(**SHORT_LINES_STAY | {"min_words": 1000})


def test_there_is_no_abstaining_where_short_lines_are_dropped(deal):
    for settings in ({}, SHORT_LINES_STAY | {"min_words_scope": "corpus"}):
        folder = deal(**settings)
        assert not any(part["abstained"].any() for part in read(folder).values())
        assert counts_of(folder)["abstained_in_train"]["rows"] == 0
        assert all(counts_of(folder)[name]["abstained"] == 0 for name in SPLITS)


@pytest.mark.parametrize("scope", ["corpus", "train"])
def test_word_counts_are_those_of_all_lines_before_the_cut(scope, deal, top_ten):
    words = count_words(top_ten["text"], "preserve_line", None)
    counts = counts_of(deal(**SHORT_LINES_STAY | {"min_words_scope": scope}))["word_counts"]
    for name, label in (("not", 0), ("target", 1)):
        expected = words[top_ten["label"] == label].value_counts()
        assert {int(number): count for number, count in counts[name].items()} == dict(expected)
        assert list(counts[name]) == sorted(counts[name], key=int)


def test_lines_whose_words_nobody_asks_for_are_not_counted(splits):
    assert "word_counts" not in counts_of(splits)


@pytest.mark.parametrize("resample", [None, RESAMPLE])
def test_the_counts_agree_with_the_files(resample, deal, lines, top_ten):
    folder = deal(min_words=6, word_tokenizer="preserve_line", resample=resample)
    found = counts_of(folder)
    for name, part in read(folder).items():
        assert found[name]["rows"] == len(part)
        assert found[name]["positives"] == part["label"].sum()
        assert found[name]["distinct_rows"] == part["row"].nunique()
    words = count_words(top_ten["text"], "preserve_line", None)
    assert found["lines"] == len(pd.read_parquet(lines))
    assert found["of_top_speakers"] == len(top_ten)
    assert found["of_min_words"] == (words >= 6).sum()


def kfold(fold, folds=4, seed=27, group_by="scene"):
    return recipe("group_kfold", seed=seed) | {"group_by": group_by, "folds": folds, "fold": fold}


def test_in_folds_every_row_is_test_once_and_valid_once(deal, grouped_lines):
    columns = pd.read_parquet(grouped_lines).set_index("row")[["season", "episode"]]
    episode = columns["season"] * 100 + columns["episode"]
    folds = [
        read(deal(grouped_lines, split=kfold(fold, group_by="episode"))) for fold in range(1, 5)
    ]
    everything = sorted(row for part in folds[0].values() for row in part["row"])
    for name in ("test", "valid"):
        assert sorted(row for fold in folds for row in fold[name]["row"]) == everything
    for number, fold in enumerate(folds):
        assert {*fold["valid"]["row"]} == {*folds[(number + 1) % 4]["test"]["row"]}
        groups = [{*episode[part["row"]]} for part in fold.values()]
        assert sum(map(len, groups)) == len(set.union(*groups)) == episode.nunique()
        # Stratified: about the same share of the target's lines in each.
        whole = pd.concat(fold.values())["label"].mean()
        assert abs(fold["test"]["label"].mean() - whole) < 0.05


def test_without_a_fold_every_split_is_all_rows(deal, top_ten):
    for part in read(deal(split=kfold(None))).values():
        assert sorted(part["row"]) == sorted(top_ten["row"])


def test_the_seed_deals_groups_to_folds(deal):
    first, again, other = (
        sorted(rows_of(deal(split=kfold(1, seed=seed)))["test"]) for seed in (27, 27, 28)
    )
    assert first == again != other


def test_more_folds_than_groups_are_refused():
    labels = np.array([0, 1] * 20)
    said = r"split into 9 folds by 4 whole scenes, since .* or fewer split\.folds"
    with pytest.raises(InputError, match=said):
        split_rows(labels, NAMES, kfold(1, folds=9), None, np.repeat(np.arange(4), 10))


def test_re_sampling_that_leaves_no_negative_is_refused_by_its_key():
    """Other keys were blamed, and never the one that took the lines away."""
    labels = np.array([1] * 8 + [0] * 40)
    few = RESAMPLE | {"undersample_negatives": 1e-9}
    with pytest.raises(
        InputError, match=r"^resample.undersample_negatives 1e-09 leaves no line of not_dwight in"
    ):
        split_rows(labels, NAMES, recipe("pandas_per_class"), few)


def test_a_min_words_that_leaves_no_line_is_refused_by_its_key(deal):
    """It was said that 0 of 0 lines are not_dwight's."""
    with pytest.raises(InputError, match=r"^min_words 100000: no line has so many words, the long"):
        deal(min_words=100_000, word_tokenizer="preserve_line")
