import json
import re

import pytest
from addresses import unaddressed
from experiment_files import FIGURES, PRIMARY, Experiment, trivial

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


def column(rows, name):
    """The cells below a header, by the first cell of their row."""
    header, *body = rows
    place = header.index(name)
    return {row[0]: row[place] for row in body}


def flat(page):
    """The page without its line breaks."""
    return " ".join(page.split())


def verdict_sentence(page):
    """What the page says first, in bold letters."""
    return flat(re.search(r"\*\*(.+?)\*\* \(", page, re.S).group(1))


DIFFERENCE = "difference on the same rows"


def test_the_rows_of_all_tables_are_in_config_order(experiment):
    page = experiment({"zebra": 200, "ape": 200, "monkey": 200}).summarize()
    assert len(tables(page)) == 3
    for table in tables(page):
        assert [row[0] for row in table[1:]] == ["Zebra", "Ape", "Monkey"]


def test_every_row_has_a_cell_for_every_column(experiment):
    page = experiment({"one": 300, "two": 200}, published=["one"], seeds=(1, 2)).summarize()
    for table in tables(page):
        assert len({len(row) for row in table}) == 1


def test_the_first_table_has_seven_columns(experiment):
    told, *_ = tables(experiment({"one": 300}).summarize())
    assert told[0] == [
        *("variant", "rows", "average precision", DIFFERENCE, "verdict", "seeds"),
        "also in train",
    ]


@pytest.mark.parametrize(
    ("verdicts", "sentence"),
    [
        ({}, "No variant is shown to be better or worse than One."),
        ({"two": "cannot tell"}, "No variant is shown to be better or worse than One."),
        ({"two": "too few"}, "No variant is shown to be better or worse than One."),
        ({"two": "better"}, "Two is better than One."),
        ({"two": "worse"}, "Two is worse than One."),
        ({"two": "better", "three": "better"}, "Two and Three are better than One."),
        (
            {"two": "worse", "three": "better", "four": "worse"},
            "Three is better than One; Two and Four are worse than One.",
        ),
        (
            {"two": "cannot tell", "three": "better"},
            "Three is better than One; of the others nothing can be told.",
        ),
        (
            {"two": "too few", "three": "worse"},
            "Three is worse than One; of the others nothing can be told.",
        ),
    ],
)
def test_the_page_begins_with_what_the_verdicts_say(verdicts, sentence, experiment):
    made = experiment(dict.fromkeys(["one", *verdicts], 300))
    for name, verdict in verdicts.items():
        made.compared(name)["metrics"][PRIMARY]["verdict"] = verdict
    page = made.summarize()
    assert verdict_sentence(page) == sentence
    assert page.splitlines()[2].startswith("**")
    assert unaddressed(made.root) == []


def test_the_verdict_is_conditional_on_the_corpus_and_the_division_into_splits(experiment):
    made = experiment({"one": 300})
    made.settings["split_seed"] = 1234
    page = flat(made.summarize())
    assert "The corpus is script_data.csv, 54,321 rows." in page
    assert "from one division into splits (seed 1234 for One)." in page


def test_a_split_that_is_used_for_more_by_another_variant_is_said_to_be(experiment):
    made = experiment({"one": 300, "two": 300, "three": 300})
    for name in ("two", "three"):
        made.metric_file(name, "valid")["role"] = "Chooses the epoch."
    page = flat(made.summarize())
    assert page.count("*valid*: ") == 1
    assert "*valid* of Two, Three: Chooses the epoch." in page
    assert unaddressed(made.root) == []


def test_a_value_stands_with_its_interval(experiment):
    made = experiment({"one": 300})
    of_test = made.metric_file("one")
    of_test["metrics"][PRIMARY], of_test["intervals"][PRIMARY] = 0.33049, [0.3, 0.3617]
    of_test["metrics"]["f1"], of_test["intervals"]["f1"] = 0.25, [0.2, 0.3]
    told, decisions, _ = tables(made.summarize())
    assert column(told, "average precision")["One"] == "0.330 [0.300, 0.362]"
    assert column(decisions, "F1")["One"] == "0.250 [0.200, 0.300]"


def test_an_f1_at_a_threshold_for_another_goal_says_so_beside_it(experiment):
    made = experiment({"one": 300, "two": 300, "three": 300})
    assert "F-beta" not in made.summarize()
    made.metric_file("two")["threshold_beta"] = 0.5
    page = made.summarize()
    _, decisions, _ = tables(page)
    ends = {name: cell[-21:] for name, cell in column(decisions, "F1 at threshold").items()}
    assert ends["Two"] == "] by F-beta, beta 0.5"
    assert "F-beta" not in ends["One"] + ends["Three"]
    differences = column(decisions, "difference in F1 at threshold")
    assert differences["Two"].endswith("], thresholds for different goals")
    assert differences["Three"].endswith("]") and differences["One"] == ""
    assert "counts precision more with a beta below one" in flat(page)
    assert unaddressed(made.root) == []


def test_the_page_stays_in_the_folder_of_its_experiment(experiment):
    """Another experiment's run writes over results/summary.md."""
    made = experiment({"one": 300})
    page = made.summarize()
    kept = (made.root / "results/toy/summary.md").read_text(encoding="utf-8")
    assert page.replace("](toy/figures/", "](figures/") == kept != page
    for link in re.findall(r"!\[[^]]*\]\(([^)]*)\)", kept):
        assert (made.root / "results/toy" / link).is_file()


def test_figures_of_train_have_no_interval(experiment):
    made = experiment({"one": 300, "two": 300})
    assert made.metric_file("one", "train")["intervals"] is None
    *_, splits = tables(made.summarize())
    assert not any("[" in cell for row in splits for cell in row)


def test_difference_and_verdict_stand_beside_each_other_and_the_reference_has_no_difference(
    experiment,
):
    made = experiment({"one": 300, "two": 300}, seeds=(1, 2))
    of_two = made.compared("two")["metrics"]
    of_two[PRIMARY] |= {"difference": 0.0512, "interval": [0.0102, 0.0922], "verdict": "better"}
    of_two[PRIMARY]["smallest_detectable_difference"] = 0.0371
    of_two["f1_at_threshold"] |= {"difference": -0.0101, "interval": [-0.02, 0.0]}
    told, decisions, _ = tables(made.summarize())
    assert column(told, DIFFERENCE) == {"One": "", "Two": "+0.051 [+0.010, +0.092]"}
    assert column(told, "verdict") == {"One": "reference", "Two": "better"}
    assert column(decisions, "difference in F1 at threshold") == {
        "One": "",
        "Two": "-0.010 [-0.020, +0.000]",
    }
    assert column(decisions, "detectable") == {"One": "", "Two": "0.037"}


def test_a_verdict_is_about_one_model_where_a_side_has_one_seed(experiment):
    made = experiment({"one": 300, "two": 300, "three": 300}, seeds=(1, 2))
    for name, about in (("two", "one model"), ("three", "recipe")):
        made.compared(name)["about"] = about
        made.compared(name)["metrics"][PRIMARY]["verdict"] = "worse"
    told, *_ = tables(made.summarize())
    assert column(told, "verdict") == {
        "One": "reference",
        "Two": "worse, one model",
        "Three": "worse",
    }


def test_the_reference_need_not_be_the_first(experiment):
    made = experiment({"one": 300, "two": 300})
    made.settings["reference"] = "two"
    made.files[made.comparison]["variants"] = {"one": made.compared("two")}
    made.compared("one")["metrics"][PRIMARY]["verdict"] = "better"
    page = made.summarize()
    told, *_ = tables(page)
    assert column(told, "verdict")["Two"] == "reference"
    assert verdict_sentence(page) == "One is better than Two."
    assert "The standard error of Two by rows" in flat(page)
    assert unaddressed(made.root) == []


def test_a_variant_that_holds_out_other_rows_has_both_values_on_the_shared_ones(experiment):
    made = experiment({"one": 300, "two": 200, "three": 300})
    made.compared("two")["rows"] = 123
    values = {"variant": 0.3, "reference": 0.35, "difference": -0.05, "interval": [-0.1, 0.0]}
    made.compared("two")["metrics"][PRIMARY] |= values
    told, *_ = tables(made.summarize())
    assert (
        column(told, DIFFERENCE)["Two"]
        == "-0.050 [-0.100, +0.000]: 0.300 against 0.350 on 123 rows"
    )
    assert "against" not in column(told, DIFFERENCE)["Three"]
    assert unaddressed(made.root) == []


def test_a_variant_that_shares_no_row_with_the_reference_says_so(experiment):
    made = experiment({"one": 300, "two": 200})
    nothing = dict.fromkeys(
        ("variant", "reference", "difference", "smallest_detectable_difference")
    )
    for name, each in made.compared("two")["metrics"].items():
        verdict = {"p": None, "p_corrected": None, "verdict": "too few"}
        each |= {**nothing, "interval": None, **(verdict if name == PRIMARY else {})}
    made.compared("two").update(rows=0, units=0, unit=None, about=None)
    told, decisions, _ = tables(made.summarize())
    assert column(told, DIFFERENCE)["Two"] == "no row is held out by both"
    assert column(told, "verdict")["Two"] == "too few"
    assert column(decisions, "detectable")["Two"] == "—"
    assert unaddressed(made.root) == []


def test_what_is_undefined_is_a_dash(experiment):
    made = experiment({"one": 300, "two": 300})
    of_test = made.metric_file("two")
    of_test["metrics"][PRIMARY] = of_test["intervals"][PRIMARY] = None
    of_test["metrics"]["recall"] = None
    made.compared("two")["metrics"][PRIMARY] |= {
        **{"difference": None, "interval": [None, None], "verdict": "cannot tell"},
        "smallest_detectable_difference": None,
    }
    told, decisions, splits = tables(made.summarize())
    assert column(told, "average precision")["Two"] == "—"
    assert column(told, DIFFERENCE)["Two"] == "—"
    assert column(told, "verdict")["Two"] == "cannot tell, one model"
    assert column(decisions, "detectable")["Two"] == "—"
    assert re.fullmatch(r"0\.\d{3} / — / 0\.\d{3}", column(splits, "recall")["Two"])
    assert unaddressed(made.root) == []


def test_seeds_are_counted_and_several_have_a_spread(experiment):
    one, *_ = tables(experiment({"one": 300}).summarize())
    assert column(one, "seeds")["One"] == "1"
    made = experiment({"one": 300}, seeds=(42, 43, 44))
    made.metric_file("one")["spread"][PRIMARY] = 0.0123
    three, *_ = tables(made.summarize())
    assert column(three, "seeds")["One"] == "3 (sd 0.012)"


def test_the_share_of_lines_that_train_knows_stands_beside_each_variant(experiment):
    made = experiment({"one": 300, "two": 300})
    made.metric_file("two")["in_train"] = {"rows": 37, "share": 37 / 300}
    told, *_ = tables(made.summarize())
    assert column(told, "also in train")["Two"] == "12.33 %"


def test_the_unit_is_named_and_standard_errors_by_all_units_are_shown(experiment):
    made = experiment({"one": 300, "two": 300})
    of_test = made.metric_file("one")
    of_test["unit"] = "scene"
    of_test["standard_error_by_unit"] = {"row": 0.011, "scene": 0.0123, "episode": 0.0456}
    page = flat(made.summarize())
    assert "A resample draws each scene of the reference's split as a whole." in page
    assert "standard error of One by rows 0.011, by scenes 0.012, by episodes 0.046." in page


def test_level_resamples_and_correction_of_the_comparison_are_said(experiment):
    made = experiment({"one": 300, "two": 300})
    made.files[made.comparison] |= {"confidence": 0.9, "resamples": 4321, "correction": "Thorough"}
    page = flat(made.summarize())
    assert "average precision on the test split, at 90 %." in page
    assert "Brackets are 90 % intervals from 4,321 resamples" in page
    assert "hold together (Thorough)" in page


def test_each_track_has_its_own_table_and_baselines(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = dict.fromkeys(["base", "words", "around", "wider", "names"], 300)
    tracks = {"around": "D", "wider": "D", "names": "D"}
    page = Experiment(tmp_path, rows, tracks=tracks, baselines=["words", "names"]).summarize()
    of_a, of_d = page.split("### Track ")[1:]
    of_d = of_d.split("\n## ")[0]
    assert of_a.startswith("A: the line alone")
    assert of_d.startswith("D: the line, the lines around it, and who speaks them")
    assert "Base " in of_a and "Words 0" in of_a and "Around" not in of_a
    assert "Around " in of_d and "Wider" in of_d and "Names 0" in of_d and "Words 0" not in of_d
    assert of_a.count("| reference") == of_d.count("| reference") == 1


def test_a_lonely_variant_of_a_track_is_told_from_its_baselines(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = dict.fromkeys(["base", "other", "around", "names", "words"], 300)
    tracks = {"around": "D", "names": "D", "words": "D"}
    made = Experiment(tmp_path, rows, tracks=tracks, baselines=["names", "words"])
    for name, verdict in (("names", "worse"), ("words", "better")):
        made.compared(name)["metrics"]["average_precision"]["verdict"] = verdict
    page = " ".join(made.summarize().split())
    assert "Track D: Around is better than Names, worse than Words." in page


def baselines_line(page):
    """The paragraph on what is reached without an encoder."""
    [found] = [part for part in page.split("\n\n") if part.startswith("Baselines: ")]
    return flat(found)


def test_baselines_stand_in_one_line_and_not_in_the_first_table(experiment):
    made = experiment({"one": 970, "two": 970, "words": 970}, baselines=["words"])
    of_test = made.metric_file("words")
    of_test["metrics"][PRIMARY], of_test["intervals"][PRIMARY] = 0.3, [0.2, 0.4]
    compared = {"difference": -0.1, "interval": [-0.2, 0.0], "verdict": "worse"}
    made.compared("words")["metrics"][PRIMARY] |= compared
    page = made.summarize()
    told, decisions, splits = tables(page)
    assert [row[0] for row in told[1:]] == ["One", "Two"]
    assert [row[0] for row in decisions[1:]] == ["One", "Two", "Words"]
    assert [row[0] for row in splits[1:]] == ["One", "Two", "Words"]
    assert baselines_line(page).startswith(
        "Baselines: Words 0.300 [0.200, 0.400] (-0.100 [-0.200, +0.000], worse, one model); "
        "guessing 0.166."
    )
    assert unaddressed(made.root) == []


def test_no_verdict_on_a_baseline_is_in_the_first_sentence(experiment):
    made = experiment({"one": 300, "words": 300}, baselines=["words"])
    made.compared("words")["metrics"][PRIMARY]["verdict"] = "worse"
    assert verdict_sentence(made.summarize()).startswith("No variant")


def test_a_baseline_may_be_the_reference(experiment):
    made = experiment({"words": 300, "two": 300}, baselines=["words"])
    made.compared("two")["metrics"][PRIMARY]["verdict"] = "better"
    page = made.summarize()
    told, *_ = tables(page)
    assert [row[0] for row in told[1:]] == ["Two"]
    assert verdict_sentence(page) == "Two is better than Words."
    assert re.match(r"Baselines: Words [^(]+; guessing 0\.167\.", baselines_line(page))
    assert unaddressed(made.root) == []


def test_the_trivial_classifiers_are_those_of_the_references_rows(experiment):
    made = experiment({"one": 970, "two": 500})
    made.metric_file("one")["trivial"] = trivial(970, 161, 0.5)
    # 161 of 970 are positive.
    assert baselines_line(made.summarize()) == (
        "Baselines: guessing 0.166. On the reference's rows *always* the target has F1 0.285, "
        "*random*, as often as in train, 0.249; *never* has accuracy 0.834."
    )


def test_cells_of_every_split_read_train_test_valid(experiment):
    made = experiment({"one": 970})
    for split, value in zip(SPLITS, (0.9612, 0.8096, 0.80649), strict=True):
        made.metric_file("one", split)["metrics"]["accuracy"] = value
    *_, splits = tables(made.summarize())
    assert column(splits, "accuracy")["One"] == "0.961 / 0.810 / 0.806"
    assert column(splits, "rows")["One"] == "1,940 / 970 / 970"


def test_published_figures_and_our_difference_stand_below_their_variant(experiment):
    made = experiment({"one": 300, "two": 300}, published=["one"])
    for split in SPLITS:
        of_split = made.metric_file("one", split)
        of_split["published"]["f1"], of_split["difference"]["f1"] = 0.33, -0.0001
    *_, splits = tables(made.summarize())
    assert [row[0] for row in splits[1:]] == ["One", "— published", "— difference", "Two"]
    assert column(splits, "F1")["— published"] == "0.330 / 0.330 / 0.330"
    assert column(splits, "F1")["— difference"] == "+0.000 / +0.000 / +0.000"
    assert column(splits, "training")["— published"] == "9 m 48 s"


def test_training_takes_from_the_shortest_to_the_longest_and_every_device_is_named(experiment):
    made = experiment({"one": 300}, seeds=(1, 2, 3))
    for path, seconds in zip(made.records, (100, 140, 61.2), strict=True):
        made.files[path] |= {"seconds": seconds, "device": f"Toy GPU {seconds > 61.5}"}
    page = made.summarize()
    *_, splits = tables(page)
    assert column(splits, "training")["One"] == "1 m 1 s to 2 m 20 s"
    assert "Toy GPU True, Toy GPU False" in page


def test_seeds_that_take_the_same_time_have_one(experiment):
    made = experiment({"one": 300}, seeds=(1, 2))
    for path, seconds in zip(made.records, (100.1, 99.9), strict=True):
        made.files[path]["seconds"] = seconds
    *_, splits = tables(made.summarize())
    assert column(splits, "training")["One"] == "1 m 40 s"


def test_abstentions_are_said(experiment):
    made = experiment({"one": 300, "two": 300})
    of_test = made.metric_file("two")
    of_test["abstained"], of_test["answered"] = {"rows": 77, "positives": 9}, {"f1": 0.4321}
    page = flat(made.summarize())
    assert "- Two abstains on 77 test lines that are too short" in page
    assert "F1 on the others: 0.432." in page


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


def test_a_warning_whose_code_is_ignored_is_left_out(experiment):
    made = experiment({"one": 300, "two": 300})
    made.metric_file("one")["notes"] = ["W101: There is one seed.", "W104: Rows stand in train."]
    made.compared("two")["notes"] = ["W203: Too few."]
    made.settings["ignore_warnings"] = ["W104", "W203"]
    page = made.summarize()
    assert "- One: W101: There is one seed.\n" in page
    assert "W104" not in page and "W203" not in page


def test_titles_are_shown_whatever_they_hold(experiment):
    titles = {"one": "one | two", "two": "<b>3 & 4</b>, *all* of `them`"}
    made = experiment({"one": 300, "two": 300}, titles=titles)
    told, *_ = tables(made.summarize())
    assert len({len(row) for row in told}) == 1
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
def test_the_answer_fits_a_screen_and_every_number_of_the_page_has_its_address(
    titles, seeds, published, experiment
):
    rows = dict.fromkeys(titles, 9855)
    baselines = set(titles) - set(OFFICE)
    made = experiment(rows, titles=titles, seeds=seeds, published=published, baselines=baselines)
    abstaining = made.metric_file("low_cutoff_distilbert")
    abstaining["abstained"], abstaining["answered"] = {"rows": 2900, "positives": 300}, {"f1": 0.37}
    made.compared("rebalanced_distilbert")["rows"] = 2_500
    made.compared("basic_roberta")["notes"] = ["In 3 of 10,000 resamples F1 has no value."]
    page = made.summarize()
    assert unaddressed(made.root) == []
    assert max(map(len, page.splitlines())) <= 200
    answer, *_ = page.split("\n## ")
    assert len(answer.splitlines()) <= 24
    assert len(page.splitlines()) <= 66


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
    content["metrics"][PRIMARY] = value
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
    of_test["metrics"][PRIMARY], of_test["spread"][PRIMARY] = 0.33, 0.012
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
