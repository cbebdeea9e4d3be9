import json
import re

import pytest
from addresses import unaddressed
from experiment_files import FIGURES, Experiment, trivial

SPLITS = ("train", "test", "valid")


@pytest.fixture
def experiment(tmp_path, monkeypatch):
    """A function that makes an experiment whose files are still to be written."""
    monkeypatch.chdir(tmp_path)
    return lambda rows, **changes: Experiment(tmp_path, rows, **changes)


def tables(page):
    """The tables of a page as lists of rows of cells, without the rule below the header."""
    found = re.findall(r"(?:^\|.*\n)+", page, re.M)
    rows = [[re.split(r"(?<!\\)\|", line)[1:-1] for line in each.splitlines()] for each in found]
    return [[[cell.strip() for cell in row] for row in [each[0], *each[2:]]] for each in rows]


def column(rows, name, nth=0):
    """The cells below the `nth` header of this name, by the first cell of their row."""
    header, *body = rows
    place = [number for number, cell in enumerate(header) if cell == name][nth]
    return {row[0]: row[place] for row in body}


def test_the_rows_of_both_tables_are_in_config_order(experiment):
    page = experiment({"zebra": 200, "ape": 200, "monkey": 200}).summarize()
    for table in tables(page):
        assert [row[0] for row in table[1:4]] == ["Zebra", "Ape", "Monkey"]


def test_every_row_has_a_cell_for_every_column(experiment):
    page = experiment({"one": 300, "two": 200}, published=["one"], seeds=(1, 2)).summarize()
    for table in tables(page):
        assert len({len(row) for row in table}) == 1


def test_a_value_stands_with_its_interval(experiment):
    made = experiment({"one": 300})
    of_test = made.metric_file("one")
    of_test["metrics"]["f1"], of_test["intervals"]["f1"] = 0.33049, [0.3, 0.3617]
    told, _ = tables(made.summarize())
    assert column(told, "F1")["One"] == "0.330 [0.300, 0.362]"


def test_the_verdict_stands_with_the_difference_and_the_reference_has_none(experiment):
    made = experiment({"one": 300, "two": 300})
    of_two = made.compared("two")["metrics"]
    of_two["f1"] |= {"difference": 0.0512, "verdict": "better"}
    of_two["f1"]["smallest_detectable_difference"] = 0.0371
    of_two["f1_at_threshold"] |= {"difference": -0.0101, "verdict": "cannot tell"}
    told, _ = tables(made.summarize())
    assert column(told, "vs reference") | {"One": "", "Two": ""} == dict.fromkeys(
        ["One", "Two", "*never*", "*always*", "*random*"], ""
    )
    assert [column(told, "vs reference", nth)["One"] for nth in (0, 1)] == ["reference"] * 2
    assert column(told, "vs reference")["Two"] == "+0.051 better"
    assert column(told, "vs reference", 1)["Two"] == "-0.010 cannot tell"
    assert column(told, "detectable") | {"*never*": ""} == {
        **dict.fromkeys(["One", "*never*", "*always*", "*random*"], ""),
        "Two": "0.037",
    }


def test_the_reference_need_not_be_the_first(experiment):
    made = experiment({"one": 300, "two": 300})
    made.settings["reference"] = "two"
    made.files[made.comparison]["variants"] = {"one": made.compared("two")}
    page = made.summarize()
    told, _ = tables(page)
    assert column(told, "vs reference")["Two"] == "reference"
    assert "*vs reference* is the difference from Two " in " ".join(page.split())
    assert "All variants are compared with Two." in " ".join(page.split())


def test_what_is_undefined_is_a_dash(experiment):
    made = experiment({"one": 300, "two": 300})
    of_test = made.metric_file("two")
    of_test["metrics"]["average_precision"] = of_test["intervals"]["average_precision"] = None
    of_test["metrics"]["recall"] = None
    nothing = {"difference": None, "verdict": "cannot tell", "smallest_detectable_difference": None}
    made.compared("two")["metrics"]["f1"] |= nothing
    told, splits = tables(made.summarize())
    assert column(told, "average precision")["Two"] == "—"
    assert column(told, "vs reference")["Two"] == "— cannot tell"
    assert column(told, "detectable")["Two"] == "—"
    assert re.fullmatch(r"0\.\d{3} / — / 0\.\d{3}", column(splits, "recall")["Two"])
    assert unaddressed(made.root) == []


def test_seeds_are_counted_and_several_have_a_spread(experiment):
    [one, _] = tables(experiment({"one": 300}).summarize())
    assert column(one, "seeds")["One"] == "1"
    made = experiment({"one": 300}, seeds=(42, 43, 44))
    made.metric_file("one")["spread"]["f1"] = 0.0123
    [three, _] = tables(made.summarize())
    assert column(three, "seeds")["One"] == "3 ± 0.012"


def test_variants_with_the_same_trivial_rows_share_them_and_others_have_their_own(experiment):
    made = experiment({"one": 970, "two": 970, "three": 970})
    made.metric_file("two")["trivial"]["prior_random"] = trivial(970, 161, 0.5)["prior_random"]
    told, _ = tables(made.summarize())
    trivial_rows = {row[0]: row[2:4] for row in told[4:]}
    assert list(trivial_rows) == ["*never*", "*always*", "*random*", "*random*, Two"]
    # 161 of 970 are positive: accuracy, F1.
    assert trivial_rows["*never*"] == ["0.834", "0.000"]
    assert trivial_rows["*always*"] == ["0.166", "0.285"]
    assert trivial_rows["*random*, Two"][0] == "0.500"
    assert {column(told, "average precision")[kind] for kind in trivial_rows} == {"0.166"}


def test_cells_of_every_split_read_train_test_valid(experiment):
    made = experiment({"one": 970})
    for split, value in zip(SPLITS, (0.9612, 0.8096, 0.80649), strict=True):
        made.metric_file("one", split)["metrics"]["accuracy"] = value
    _, splits = tables(made.summarize())
    assert column(splits, "accuracy")["One"] == "0.961 / 0.810 / 0.806"
    assert column(splits, "rows")["One"] == "1,940 / 970 / 970"


def test_published_figures_and_our_difference_stand_below_their_variant(experiment):
    made = experiment({"one": 300, "two": 300}, published=["one"])
    for split in SPLITS:
        of_split = made.metric_file("one", split)
        of_split["published"]["f1"], of_split["difference"]["f1"] = 0.33, -0.0001
    _, splits = tables(made.summarize())
    assert [row[0] for row in splits[1:]] == ["One", "— published", "— difference", "Two"]
    assert column(splits, "F1")["— published"] == "0.330 / 0.330 / 0.330"
    assert column(splits, "F1")["— difference"] == "+0.000 / +0.000 / +0.000"
    assert column(splits, "training")["— published"] == "9 m 48 s"


def test_training_takes_from_the_shortest_to_the_longest_and_every_device_is_named(experiment):
    made = experiment({"one": 300}, seeds=(1, 2, 3))
    for path, seconds in zip(made.records, (100, 140, 61.2), strict=True):
        made.files[path] |= {"seconds": seconds, "device": f"Toy GPU {seconds > 61.5}"}
    page = made.summarize()
    _, splits = tables(page)
    assert column(splits, "training")["One"] == "1 m 1 s to 2 m 20 s"
    assert "Toy GPU True, Toy GPU False" in page


def test_seeds_that_take_the_same_time_have_one(experiment):
    made = experiment({"one": 300}, seeds=(1, 2))
    for path, seconds in zip(made.records, (100.1, 99.9), strict=True):
        made.files[path]["seconds"] = seconds
    _, splits = tables(made.summarize())
    assert column(splits, "training")["One"] == "1 m 40 s"


def test_abstentions_and_lines_that_are_not_shared_are_said(experiment):
    made = experiment({"one": 300, "two": 300, "three": 300})
    of_test = made.metric_file("two")
    of_test["abstained"], of_test["answered"] = {"rows": 77, "positives": 9}, {"f1": 0.4321}
    made.compared("three")["rows"] = 123
    page = " ".join(made.summarize().split())
    assert "- Two abstains on 77 test lines that are too short" in page
    assert "F1 on the others: 0.432." in page
    assert "- Test rows shared with the reference: 123 (Three)." in page


def test_a_note_stands_once_with_the_variants_it_is_about(experiment):
    made = experiment({"one": 300, "two": 300, "three": 300})
    note = "Seed 42 predicts one class throughout: precision has no value."
    for split in SPLITS:
        made.metric_file("two", split)["notes"] = [note]
    made.compared("three")["notes"] = ["Few rows are shared.", note]
    page = made.summarize()
    assert f"- Two, Three: {note}\n" in page
    assert "- Three: Few rows are shared.\n" in page
    assert page.count(note) == 1


def test_a_note_on_all_variants_names_none(experiment):
    made = experiment({"one": 300, "two": 300})
    for name in made.names:
        made.metric_file(name)["notes"] = ["There is one seed."]
    assert "- All variants: There is one seed.\n" in made.summarize()


def test_titles_are_shown_whatever_they_hold(experiment):
    titles = {"one": "one | two", "two": "<b>3 & 4</b>, *all* of `them`"}
    made = experiment({"one": 300, "two": 300}, titles=titles)
    told, splits = tables(made.summarize())
    assert len({len(row) for row in [*told, *splits][:3]}) == 1
    assert told[1][0] == "one \\| two"
    assert told[2][0] == r"\<b>3 & 4\</b>, \*all\* of \`them\`"
    assert unaddressed(made.root) == []


def test_every_figure_is_linked_from_where_the_page_lies(experiment):
    made = experiment({"one": 300})
    links = re.findall(r"^!\[.+\]\((.+)\)$", made.summarize(), re.M)
    assert [(made.root / "results" / link).is_file() for link in links] == [True] * len(FIGURES)


OFFICE = {
    "basic_distilbert": "DistilBERT baseline",
    "basic_roberta": "RoBERTa",
    "rebalanced_distilbert": "Re-balanced",
    "low_cutoff_distilbert": "Short lines removed",
    "augmented_vocab_distilbert": "Director and writer tokens",
}
FAIR = OFFICE | {
    "tfidf": "TF-IDF of words and characters",
    "length_only": "Length alone",
    "metadata_only": "Director and writer, without text",
}


@pytest.mark.parametrize(
    ("titles", "seeds", "published"), [(OFFICE, (42,), OFFICE), (FAIR, (42, 43, 44), ())]
)
def test_the_page_fits_a_screen_and_every_number_has_its_address(
    titles, seeds, published, experiment
):
    rows = dict.fromkeys(titles, 9855)
    made = experiment(rows, titles=titles, seeds=seeds, published=published)
    abstaining = made.metric_file("low_cutoff_distilbert")
    abstaining["abstained"], abstaining["answered"] = {"rows": 2900, "positives": 300}, {"f1": 0.37}
    abstaining["trivial"]["prior_random"] = trivial(9855, 1642, 0.3)["prior_random"]
    made.compared("basic_roberta")["notes"] = ["In 3 of 10,000 resamples F1 has no value."]
    page = made.summarize()
    assert unaddressed(made.root) == []
    assert max(map(len, page.splitlines())) <= 200
    assert len(page.splitlines()) <= 56


def write_page(root, change):
    path = root / "results" / "summary.md"
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


def forget(root, text):
    """Drop the first address of a text: the text is then a number written by hand."""
    path = root / "results" / "summary.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["numbers"].remove(next(each for each in content["numbers"] if each["text"] == text))
    path.write_text(json.dumps(content), encoding="utf-8")


def change_metric(root, value):
    path = root / "results/toy/metrics/one/test.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["metrics"]["f1"] = value
    path.write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda root: forget(root, "0.330"),
        lambda root: forget(root, "0.012"),
        lambda root: forget(root, "95 %"),
        lambda root: forget(root, "1 m 40 s"),
        lambda root: write_page(root, lambda page: page.replace("0.330", "0.331", 1)),
        lambda root: write_page(root, lambda page: page.replace("0.330", "-0.330", 1)),
        lambda root: write_page(root, lambda page: page.replace("0.330", "0.3301", 1)),
        lambda root: write_page(root, lambda page: page.replace("0.330", "10.330", 1)),
        lambda root: write_page(root, lambda page: page.replace("0.330", "—", 1)),
        lambda root: write_page(root, lambda page: page.replace("Brackets", "0.330 Brackets")),
        lambda root: write_page(root, lambda page: page.replace("Brackets", "F1 of 2 Brackets")),
        lambda root: write_page(root, lambda page: f"{page}\n7 figures\n"),
        lambda root: change_metric(root, 0.4),
        lambda root: change_metric(root, None),
    ],
)
def test_a_number_without_an_address_or_not_of_its_address_is_found(spoil, experiment):
    made = experiment({"one": 300, "two": 300}, seeds=(1, 2), published=["one"])
    of_test = made.metric_file("one")
    of_test["metrics"]["f1"], of_test["spread"]["f1"] = 0.33, 0.012
    for path in made.records:
        made.files[path]["seconds"] = 100
    made.summarize()
    assert unaddressed(made.root) == []
    spoil(made.root)
    assert unaddressed(made.root) != []


def test_the_settings_among_the_addresses_are_those_of_the_config(experiment):
    made = experiment({"one": 300}, published=["one"])
    made.summarize()
    kept = json.loads((made.root / "results" / "summary.json").read_text(encoding="utf-8"))
    assert kept["settings"] == made.settings
