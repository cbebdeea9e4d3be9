import itertools
import json
import random
from collections import Counter
from math import sqrt

import audit_splits
import numpy as np
import pandas as pd
import pytest
import summarize_audit

from whosaid.corpus.leak_audit import best_scores
from whosaid.corpus.near_duplicates import CHUNK, near_duplicates
from whosaid.corpus.normalise_text import normalise
from whosaid.errors import InputError

SPLITS = ("train", "test", "valid")
LIMITS = {
    **{f"{kind}_duplicates": None for kind in ("exact", "normalised", "near")},
    **{f"shared_{kind}": None for kind in ("episodes", "scenes")},
}
TAGS = ["directed_by", "writer1"]


@pytest.fixture
def audit(lines, tmp_path):
    """A function that audits a folder of splits."""

    def run(folder, lines=lines, annotate=(), similarity=0.9, context=None, folds=(), **limits):
        audit_splits.main(
            splits=[str(folder / f"{name}.parquet") for name in SPLITS],
            lines=str(lines),
            audit=str(tmp_path / "audit.json"),
            crossed=str(tmp_path / "crossed.json"),
            experiment="sample",
            variant="plain",
            question="target",
            annotate=list(annotate),
            near_duplicate_similarity=similarity,
            limits=LIMITS | limits,
            context=context,
            folds=folds,
        )
        return json.loads((tmp_path / "audit.json").read_text(encoding="utf-8"))

    return run


def frame(rows):
    """Rows of a split: row number, text, label."""
    table = pd.DataFrame(rows, columns=["row", "text", "label"])
    return table.astype({"row": "int64", "label": "int8"}).assign(abstained=False)


@pytest.fixture
def write(tmp_path):
    """A function that writes splits and, of them, the lines; each row is a scene of its own."""

    def run(**splits):
        for name in SPLITS:
            frame(splits[name]).to_parquet(tmp_path / f"{name}.parquet")
        rows = sorted({(row, text) for rows in splits.values() for row, text, _ in rows})
        lines = pd.DataFrame(rows, columns=["row", "line"])
        lines = lines.assign(season=1 + lines["row"] % 3, episode=lines["row"], scene=lines["row"])
        lines.to_parquet(tmp_path / "lines.parquet")
        return {"folder": tmp_path, "lines": tmp_path / "lines.parquet"}

    return run


# Texts


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Don't!", "dont"),
        ("DUNDER MIFFLIN, this is Pam.", "Dunder-Mifflin... this is pam"),
        (" Yes ", "yes"),
        ("Café", "CAFE\N{COMBINING ACUTE ACCENT}"),
        ("Straße", "STRASSE"),
        ("It\N{RIGHT SINGLE QUOTATION MARK}s $5", "its 5"),
        ("? !", "?!"),
    ],
)
def test_case_punctuation_and_spacing_do_not_count(one, other):
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("No one", "Not one"), ("cafe", "café"), ("?", "!"), ("5", "6"), ("हिंदी", "हद")],
)
def test_letters_digits_and_their_marks_count(one, other):
    assert normalise(one) != normalise(other)


def cosine(one, other):
    """The definition, with dictionaries."""
    counts = [Counter(text[i : i + 3] for i in range(len(text) - 2)) for text in (one, other)]
    norms = [sqrt(sum(number**2 for number in of.values())) for of in counts]
    shared = sum(number * counts[1][trigram] for trigram, number in counts[0].items())
    return shared / (norms[0] * norms[1]) if all(norms) else 0.0


def random_texts(rng, number, longest):
    return ["".join(rng.choices("ab é", k=rng.randrange(longest))) for _ in range(number)]


@pytest.mark.parametrize("similarity", [0.6, 0.9, 1.0])
def test_near_duplicates_are_those_of_all_pairs(similarity):
    rng = random.Random(3)
    others = random_texts(rng, 60, longest=8) + random_texts(rng, 60, longest=60)
    texts = random_texts(rng, CHUNK - 50, longest=8) + [text + "b" for text in others]
    texts += others[60:]
    expected = {}
    for position, text in enumerate(texts):
        best = max(cosine(text, other) for other in others)
        if best >= similarity - 1e-9:
            expected[position] = best
    found = near_duplicates(texts, others, similarity)
    assert len(expected) > 20
    assert set(found) == set(expected)
    for position, (other, value) in found.items():
        assert value == pytest.approx(expected[position])
        assert cosine(texts[position], others[other]) == pytest.approx(value)


@pytest.mark.parametrize(
    ("texts", "others"),
    [([], ["some text"]), (["some text"], []), (["ab"], ["ab"]), ([""], [""]), (["   "], ["ab"])],
)
def test_texts_without_trigrams_have_no_near_duplicates(texts, others):
    assert near_duplicates(texts, others, 0.6) == {}


# The best scores that texts allow


def scores_of_every_classifier(counts):
    for answers in itertools.product((0, 1), repeat=len(counts)):
        answered = np.array(answers) == 1
        true_positives = counts[answered, 1].sum()
        right = true_positives + counts[~answered, 0].sum()
        f1 = 2 * true_positives / (counts[:, 1].sum() + counts[answered].sum())
        yield right / counts.sum(), f1


def test_no_classifier_of_texts_scores_better_and_one_scores_as_well():
    rng = np.random.default_rng(5)
    for _ in range(200):
        counts = rng.integers(0, 5, size=(rng.integers(1, 8), 2))
        counts = counts[counts.sum(axis=1) > 0]
        if counts[:, 1].sum() == 0:
            continue
        accuracies, f1s = zip(*scores_of_every_classifier(counts), strict=True)
        best = best_scores(counts)
        assert best == pytest.approx({"accuracy": max(accuracies), "f1": max(f1s)})


def test_texts_with_one_label_each_allow_everything(audit, write):
    found = audit(
        **write(
            train=[(0, "Beets.", 1), (1, "Paper.", 0), (2, "Bears.", 1)],
            test=[(3, "Yes.", 1), (4, "yes", 0), (5, "YES", 0), (6, "No.", 0)],
            valid=[(7, "Farm.", 1), (8, "Sales.", 0)],
        )
    )["splits"]
    assert found["valid"]["best"]["normalised"] == {"accuracy": 1.0, "f1": 1.0}
    assert found["valid"]["both_labels"] == {"texts": 0, "rows": 0, "examples": []}
    assert found["test"]["both_labels"]["examples"] == [{"text": "Yes.", "rows": 3, "positives": 1}]
    # One of three is the target's: accuracy answers "no" to all, F1 "yes" to the three.
    assert found["test"]["best"]["normalised"] == {"accuracy": 0.75, "f1": 0.5}
    assert found["test"]["best"]["as_written"] == {"accuracy": 1.0, "f1": 1.0}


def test_a_row_that_stands_twice_is_one_row_and_scored_twice(audit, write):
    found = audit(
        **write(
            train=[(0, "Yes.", 1), (0, "Yes.", 1), (1, "Yes!", 0), (2, "Paper.", 0)],
            test=[(3, "Farm.", 1), (4, "Sales.", 0)],
            valid=[(5, "Bears.", 1), (6, "Coffee.", 0)],
        )
    )["splits"]["train"]
    assert (found["rows"], found["distinct_rows"], found["texts"]) == (4, 3, 2)
    assert found["both_labels"]["rows"] == 2
    assert sum(found["seasons"].values()) == 3
    assert found["best"]["normalised"]["accuracy"] == 0.75


# Rows that train knows


def test_each_kind_of_duplicate_is_counted_and_named(audit, write):
    found = audit(
        **write(
            train=[(0, "I own a beet farm.", 1), (1, "Hello there!", 0), (2, "Bears. Beets.", 1)],
            test=[
                *((10, "Hello there!", 0), (11, "I OWN a beet-farm", 1)),
                *((12, "Well, I own a beet farm.", 1), (13, "Oh, hello there", 0)),
            ],
            valid=[(20, "Hello... there", 0), (21, "Nobody said this before.", 1)],
        ),
        similarity=0.85,
    )
    test = found["held_out"]["test"]
    assert [test[f"{kind}_duplicates"]["rows"] for kind in ("exact", "normalised", "near")] == [
        *(1, 2, 1)
    ]
    assert test["normalised_duplicates"]["share"] == 0.5
    assert test["normalised_duplicates"]["examples"][1] == {
        **{"row": 11, "text": "I OWN a beet-farm"},
        **{"other_row": 0, "other_text": "I own a beet farm."},
    }
    near = test["near_duplicates"]["examples"][0]
    assert (near["row"], near["other_row"]) == (12, 0)
    assert near["similarity"] == pytest.approx(cosine("welliownabeetfarm", "iownabeetfarm"))
    # Of three words or fewer only equal texts count.
    assert cosine("ohhellothere", "hellothere") > 0.85
    assert found["held_out"]["valid"]["normalised_duplicates"]["rows"] == 1
    assert found["valid_in_test"]["normalised_duplicates"]["rows"] == 1
    assert found["valid_in_test"]["exact_duplicates"]["rows"] == 0


def test_the_corpus_of_the_tests_counted_by_pandas(audit, splits, lines):
    found = audit(splits)
    source = pd.read_parquet(lines).set_index("row")
    parts = {name: pd.read_parquet(splits / f"{name}.parquet") for name in SPLITS}
    train = parts["train"]
    for name in ("test", "valid"):
        part, of = parts[name], found["held_out"][name]
        exact = part["text"].isin(train["text"])
        normalised = part["text"].map(normalise).isin(train["text"].map(normalise))
        assert of["exact_duplicates"]["rows"] == exact.sum() > 0
        assert of["normalised_duplicates"]["rows"] == normalised.sum()
        for kind, columns in (("episodes", ["season", "episode"]), ("scenes", ["scene"])):
            of_train = pd.MultiIndex.from_frame(source.loc[train["row"], columns])
            of_part = pd.MultiIndex.from_frame(source.loc[part["row"], columns])
            shared = of_part.isin(of_train)
            assert of[f"shared_{kind}"]["rows"] == shared.sum()
            assert of[f"shared_{kind}"]["groups"] == of_part[shared].nunique()
            assert of[f"shared_{kind}"]["share"] == shared.mean()
    for name, part in parts.items():
        seasons = source.loc[part["row"].unique(), "season"].value_counts()
        assert found["splits"][name]["seasons"] == {
            str(season): seasons[season] for season in sorted(seasons.index)
        }
        assert found["splits"][name]["altered_texts"] == 0


def test_tags_do_not_hide_a_duplicate(audit, splits, annotated_splits):
    plain, tagged = audit(splits), audit(annotated_splits, annotate=TAGS)
    for name in ("test", "valid"):
        assert plain["held_out"][name]["exact_duplicates"]["rows"] > 0
        for kind in ("exact_duplicates", "normalised_duplicates", "near_duplicates"):
            one, other = plain["held_out"][name][kind], tagged["held_out"][name][kind]
            assert one["rows"] == other["rows"]
    assert tagged["splits"]["test"]["altered_texts"] == 0


def disguised(text):
    return text.upper().replace(".", "?!").replace(" ", "  ")


def bare(text):
    return "".join(letter for letter in text.lower() if letter.isalnum() or letter == " ")


@pytest.mark.parametrize("disguise", [str, disguised, bare])
@pytest.mark.parametrize("keeps_row", [True, False])
@pytest.mark.parametrize("annotate", [[], TAGS])
def test_a_planted_leak_is_found_and_stops_the_run(
    annotate, keeps_row, disguise, audit, deal, tmp_path
):
    folder = deal(deduplicate="normalised", annotate=annotate)
    assert audit(folder, annotate=annotate, normalised_duplicates=0)
    test, train = (pd.read_parquet(folder / f"{name}.parquet") for name in ("test", "train"))
    leaked = test.iloc[[17]]
    planted = leaked.assign(text=disguise(leaked["text"].item()))
    if not keeps_row:
        planted = planted.assign(row=train["row"].iloc[3])
    pd.concat([train, planted]).to_parquet(folder / "train.parquet")
    found = audit(folder, annotate=annotate)
    assert found["held_out"]["test"]["normalised_duplicates"]["rows"] == 1
    assert found["held_out"]["test"]["exact_duplicates"]["rows"] == (disguise is str)
    assert found["held_out"]["valid"]["normalised_duplicates"]["rows"] == 0
    assert found["splits"]["train"]["altered_texts"] == (not keeps_row or disguise is not str)

    (tmp_path / "audit.json").unlink()
    with pytest.raises(InputError) as stopped:
        audit(folder, annotate=annotate, normalised_duplicates=0)
    message = str(stopped.value)
    assert "audit.limits.normalised_duplicates allows 0 of the rows of test" in message
    assert f"found are {1 / len(test):.4g} (1 rows): row {leaked['row'].item()} " in message
    assert f" row {planted['row'].item()} " in message
    for rows in (leaked, planted):
        assert repr(rows["text"].item()[:79])[:-1] in message
    assert "deduplicate: normalised" in message
    assert "raise the limit" in message
    assert not (tmp_path / "audit.json").exists()
    crossed = json.loads((tmp_path / "crossed.json").read_text(encoding="utf-8"))
    assert crossed["held_out"] == found["held_out"]

    assert audit(folder, annotate=annotate, normalised_duplicates=1 / len(test))
    assert not (tmp_path / "crossed.json").exists()


def test_tags_lost_from_a_planted_text_do_not_hide_it(audit, deal):
    folder = deal(deduplicate="normalised", annotate=TAGS)
    test, train = (pd.read_parquet(folder / f"{name}.parquet") for name in ("test", "train"))
    spoken = test["text"].iloc[5].partition(" [")[0]
    planted = train.iloc[[0]].assign(text=spoken)
    pd.concat([train, planted]).to_parquet(folder / "train.parquet")
    found = audit(folder, annotate=TAGS)["held_out"]["test"]
    assert found["exact_duplicates"]["examples"][0]["row"] == test["row"].iloc[5]


@pytest.mark.parametrize("limit", LIMITS)
def test_each_limit_stops_the_run_where_it_is_crossed(limit, audit, splits):
    found = audit(splits, similarity=0.6)["held_out"]
    shares = {name: of[limit]["share"] for name, of in found.items()}
    assert min(shares.values()) > 0
    assert audit(splits, similarity=0.6, **{limit: max(shares.values())})
    with pytest.raises(InputError) as stopped:
        audit(splits, similarity=0.6, **{limit: 0.0})
    for name, share in shares.items():
        first = found[name][limit]["examples"][0]
        assert (
            f"audit.limits.{limit} allows 0 of the rows of {name}, found are {share:.4g} "
            f"({found[name][limit]['rows']} rows): row {first['row']} "
        ) in str(stopped.value)
    assert "\n" not in str(stopped.value)


@pytest.mark.parametrize("group_by", ["episode", "scene"])
def test_whole_groups_pass_a_limit_of_none(group_by, audit, deal):
    split = {"method": "group_shuffle", "group_by": group_by, "seed": 27}
    split["fractions"] = {"train": 0.5, "test": 0.25, "valid": 0.25}
    found = audit(deal(split=split), **{f"shared_{group_by}s": 0.0})
    for name in ("test", "valid"):
        shared = found["held_out"][name][f"shared_{group_by}s"]
        assert shared == {"groups": 0, "rows": 0, "share": 0.0, "examples": []}


# The table


def test_the_table_shows_what_the_audits_say(audit, splits, deal, tmp_path):
    audits = {"plain": splits, "clean": deal(deduplicate="normalised")}
    paths, found = [], {}
    for name, folder in audits.items():
        found[name] = audit(folder)
        paths.append(tmp_path / f"{name}.json")
        paths[-1].write_text(json.dumps(found[name]), encoding="utf-8")
    summarize_audit.main(
        audits=list(map(str, paths)),
        table=str(tmp_path / "audit.md"),
        experiment="sample",
        variants=[{"name": name, "title": f"{name} | titled"} for name in audits],
    )
    text = (tmp_path / "audit.md").read_text(encoding="utf-8")
    cells = [
        [cell.strip() for cell in line.replace("\\|", "\\!").split("|")[1:-1]]
        for line in text.splitlines()
        if line.startswith("|") and not line.startswith("|:")
    ]
    table, seasons = cells[:5], cells[5:]
    assert [row[:2] for row in table[1:]] == [
        [f"{name} \\! titled", split] for name in audits for split in ("test", "valid")
    ]
    for (name, split), row in zip(
        itertools.product(audits, ("test", "valid")), table[1:], strict=True
    ):
        facts, of = found[name]["splits"][split], found[name]["held_out"][split]
        duplicates = of["normalised_duplicates"]
        by_header = dict(zip(table[0], row, strict=True))
        assert by_header["rows"] == str(facts["rows"])
        assert by_header["normalised"] == (
            f"{duplicates['rows']} ({100 * duplicates['share']:.1f} %)"
        )
        best = facts["best"]["normalised"]
        assert by_header["best accuracy / F1"] == f"{best['accuracy']:.3f} / {best['f1']:.3f}"
        assert by_header["shared scenes"].startswith(f"{of['shared_scenes']['groups']} (")
    assert seasons[0] == ["variant", "1", "2"]
    for name, row in zip(audits, seasons[1:], strict=True):
        counts = [found[name]["splits"][split]["seasons"] for split in SPLITS]
        assert row[1:] == [" / ".join(str(of[season]) for of in counts) for season in ("1", "2")]
    assert "not the lines" not in text


def test_the_table_warns_of_altered_texts(audit, write, tmp_path):
    places = write(
        train=[(0, "Beets.", 1), (1, "Paper.", 0)],
        test=[(2, "Farm.", 1), (3, "Sales.", 0)],
        valid=[(4, "Bears.", 1), (5, "Coffee.", 0)],
    )
    frame([(2, "Barn.", 1), (3, "Sales.", 0)]).to_parquet(tmp_path / "test.parquet")
    audit(**places)
    summarize_audit.main(
        audits=[str(tmp_path / "audit.json")],
        table=str(tmp_path / "audit.md"),
        experiment="sample",
        variants=[{"name": "plain", "title": "Plain"}],
    )
    text = (tmp_path / "audit.md").read_text(encoding="utf-8")
    assert "**Plain, test: 1 texts are not the lines of their rows.**" in text


CONTEXT = {"before": 1, "after": 1, "across_scenes": False}


@pytest.fixture
def one_episode(write):
    """Splits of six rows, each a scene of its own; all are of one episode."""
    files = write(
        train=[(1, "one", 0), (2, "two", 1)],
        test=[(3, "three", 0), (5, "five", 1)],
        valid=[(4, "four", 0), (6, "six", 1)],
    )
    lines = pd.read_parquet(files["lines"]).assign(season=1, episode=1)
    lines.to_parquet(files["lines"])
    return files


def test_neighbours_in_train_are_counted(one_episode, audit):
    within = audit(**one_episode, context=CONTEXT)
    assert within["held_out"]["test"]["shared_neighbours"]["rows"] == 0
    across = audit(**one_episode, context=CONTEXT | {"across_scenes": True})["held_out"]
    of_test = across["test"]["shared_neighbours"]
    assert (of_test["rows"], of_test["share"]) == (1, 0.5)
    assert of_test["examples"] == [{"row": 3, "text": "three", "other_row": 2, "other_text": "two"}]
    assert across["valid"]["shared_neighbours"]["rows"] == 0
    assert "shared_neighbours" not in audit(**one_episode)["held_out"]["test"]


def test_a_limit_on_neighbours_names_both_rows_and_the_remedy(one_episode, audit):
    across = CONTEXT | {"across_scenes": True}
    with pytest.raises(InputError, match="'three' has in its context row 2 'two' of train"):
        audit(**one_episode, context=across, shared_neighbours=0)
    # A variant that reads no lines around a line is within any such limit.
    audit(**one_episode, shared_neighbours=0)


def test_in_folds_a_row_counts_if_the_train_of_its_own_fold_knows_it(audit, deal, lines, tmp_path):
    """The train of the variant itself holds every row, so that all would seem to leak."""
    kfold = {"method": "group_kfold", "group_by": "scene", "folds": 4, "seed": 27}
    kfold["fractions"] = dict.fromkeys(SPLITS, 1 / 3)
    paths, known, rows = [], Counter(), Counter()
    for fold in (1, 2, 3, 4):
        folder = deal(split={**kfold, "fold": fold})
        paths.append(tmp_path / f"fold_{fold}.json")
        paths[-1].write_text(json.dumps(audit(folder, context=CONTEXT)), encoding="utf-8")
        parts = {name: pd.read_parquet(folder / f"{name}.parquet") for name in SPLITS}
        for name in ("test", "valid"):
            rows[name] += len(parts[name])
            known[name] += int(parts[name]["text"].isin(parts["train"]["text"]).sum())
    found = audit(deal(split={**kfold, "fold": None}), context=CONTEXT, folds=paths)
    for name in ("test", "valid"):
        of_split = found["held_out"][name]
        assert found["splits"][name]["rows"] == rows[name]
        assert of_split["exact_duplicates"]["rows"] == known[name] > 0
        assert of_split["exact_duplicates"]["share"] == known[name] / rows[name]
        assert 0 < len(of_split["exact_duplicates"]["examples"]) <= 5
        assert of_split["shared_scenes"]["rows"] == of_split["shared_scenes"]["groups"] == 0
        assert of_split["shared_neighbours"]["rows"] == 0
    assert found["valid_in_test"]["exact_duplicates"]["rows"] < rows["valid"]
    assert summarize_audit.audit_page("toy", {"plain": "Plain"}, {"plain": found})
