import json
import re

import describe_corpus
import pandas as pd
import pytest
import split_lines

SPLITS = ("train", "test", "valid")
RECIPES = {
    "plain": {},
    "twin": {},
    "long": {"min_words": 4, "word_tokenizer": "preserve_line"},
    "long_train": {
        "min_words": 4,
        "min_words_scope": "train",
        "word_tokenizer": "preserve_line",
    },
}


@pytest.fixture(scope="module")
def folder(lines, split_settings, tmp_path_factory):
    """Splits of all recipes, and `corpus.md` about them."""
    made = tmp_path_factory.mktemp("described")
    for name, changes in RECIPES.items():
        (made / name).mkdir()
        split_lines.main(
            lines=str(lines),
            splits=[str(made / name / f"{split}.parquet") for split in SPLITS],
            added_tokens=str(made / name / "added_tokens.json"),
            split_counts=str(made / name / "split_counts.json"),
            **split_settings | changes,
        )
    describe_corpus.main(
        lines=str(lines),
        corpus=str(lines.with_name("corpus.json")),
        split_counts=[str(made / name / "split_counts.json") for name in RECIPES],
        train=str(made / "plain" / "train.parquet"),
        page=str(made / "corpus.md"),
        experiment="toy",
        reference="plain",
        variants=[{"name": name, "title": f"The *{name}* one"} for name in RECIPES],
    )
    return made


@pytest.fixture(scope="module")
def page(folder):
    return (folder / "corpus.md").read_text(encoding="utf-8")


def counts_of(folder, name):
    return json.loads((folder / name / "split_counts.json").read_text(encoding="utf-8"))


def cells(page, first):
    """The cells of the rows whose first cell is `first`."""
    rows = [line.split("|")[1:-1] for line in page.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row[1:]] for row in rows if row[0].strip() == first]


def test_the_page_says_what_each_step_of_a_recipe_leaves(folder, page):
    for name in RECIPES:
        counts = counts_of(folder, name)
        [row] = cells(page, rf"The \*{name}\* one")
        steps = ("lines", "of_top_speakers", "of_deduplicate", "of_min_words")
        expected = [*(counts[step] for step in steps), *(counts[s]["rows"] for s in SPLITS)]
        assert [*row[:4], *row[5:]] == [f"{number:,}" for number in expected]


def test_the_cutoff_is_a_percentage_of_the_lines_that_it_was_given(folder, page):
    of_all, of_train = counts_of(folder, "long"), counts_of(folder, "long_train")
    cut = {name: cells(page, rf"The \*{name}\* one")[0][4] for name in RECIPES}
    assert cut["plain"] == ""
    share = 1 - of_all["of_min_words"] / of_all["of_deduplicate"]
    assert share > 0 and cut["long"] == f"{100 * share:.4g} %"
    lost = of_train["abstained_in_train"]["rows"]
    assert lost > 0 and cut["long_train"].endswith(" % of train")
    share = lost / (lost + of_train["train"]["rows"])
    assert float(cut["long_train"].split()[0]) == pytest.approx(100 * share, rel=1e-3)


def test_recipes_with_equal_counts_share_a_table_of_the_classes(folder, page):
    assert r"The \*plain\* one, The \*twin\* one:" in page
    rows = cells(page, "dwight")
    # Among the speakers, and in each of the three different tables.
    assert len(rows) == 1 + len(RECIPES) - 1
    for row, name in zip(rows[1:], ("plain", "long", "long_train"), strict=True):
        counts = counts_of(folder, name)
        numbers = [counts[part]["positives"] for part in ("before_split", *SPLITS)]
        assert [cell.partition(" ")[0] for cell in row] == [f"{each:,}" for each in numbers]


def test_the_sampled_lines_are_of_their_class_and_of_train(folder, page):
    train = pd.read_parquet(folder / "plain" / "train.parquet")
    for number, name in enumerate(("not_dwight", "dwight")):
        _, _, listed = page.rpartition(f"\n{name}:\n\n")
        shown = re.match(r"(?:- .*\n)+", listed).group().splitlines()
        texts = {" ".join(each.split()) for each in train.loc[train["label"] == number, "text"]}
        assert len(shown) == 3 and {re.sub(r"\\(.)", r"\1", line[2:]) for line in shown} <= texts
