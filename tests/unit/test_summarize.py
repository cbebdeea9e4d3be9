import json

import pytest
import summarize

from whosaid.metrics import classification_metrics

SPLITS = ("train", "test", "valid")
ROWS = {"train": 1940, "test": 970, "valid": 970}
# Accuracy, f1, precision and recall of each split.
FIGURES = {"train": (0.9612, 0.875, 0.978, 0.791), "test": (0.8096, 0.33, 0.417, 0.274)}
FIGURES["valid"] = (0.80649, 0.322, 0.402, 0.268)
NAMES = ("accuracy", "f1", "precision", "recall")
PUBLISHED = {name: {"train": 0.961, "test": 0.81, "valid": 0.8} for name in NAMES}
PUBLISHED["seconds"] = 588


def metric_file(variant, split, positives):
    rows = ROWS[split]
    labels = [1] * positives + [0] * (rows - positives)
    metrics = dict(zip(NAMES, FIGURES[split], strict=True)) | {"loss": 0.5}
    return {
        "experiment": "toy",
        "variant": variant,
        "split": split,
        "rows": rows,
        "positives": positives,
        "metrics": metrics,
        "seeds": {"42": metrics},
        "trivial": {
            "never": classification_metrics([0] * rows, labels),
            "always": classification_metrics([1] * rows, labels),
        },
    }


@pytest.fixture
def write(tmp_path):
    """A function that writes a JSON file and returns its path."""

    def run(value):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.json"
        path.write_text(json.dumps(value), encoding="utf-8")
        return str(path)

    return run


@pytest.fixture
def table(write, tmp_path):
    """A function that runs the stage and returns the table's rows as lists of cells.

    `variants` are names with the number of positives in each of their splits.
    """

    def run(variants, published=None, seconds=(587.6,), seeds=(42,), titles=None):
        (tmp_path / "out").mkdir()
        summarize.main(
            corpus=write({"csv": "script.csv", "sha256": "0", "rows": 54321, "speakers": {}}),
            metrics=[
                write(metric_file(name, split, positives))
                for name, positives in variants.items()
                for split in SPLITS
            ],
            records=[
                write({"seconds": each, "device": f"Toy GPU {number}"})
                for _ in variants
                for number, each in enumerate(seconds)
            ],
            summary=str(tmp_path / "out" / "summary.md"),
            experiment="toy",
            target_speaker="dwight",
            variants=[
                {
                    "name": name,
                    "title": (titles or {}).get(name, name),
                    "seeds": list(seeds),
                    "published": (published or {}).get(name),
                }
                for name in variants
            ],
        )
        text = (tmp_path / "out" / "summary.md").read_text(encoding="utf-8")
        return [
            [cell.strip() for cell in line.strip("|").split("|")]
            for line in text.splitlines()
            if line.startswith("|")
        ]

    return run


def test_the_rows_are_in_config_order(table):
    rows = table({"zebra": 200, "ape": 200, "monkey": 200})
    assert [row[0] for row in rows[2:5]] == ["zebra", "ape", "monkey"]


def test_every_row_has_a_cell_for_every_column(table):
    header, rule, *rows = table({"one": 200, "two": 150}, published={"one": PUBLISHED})
    assert header[:5] == ["variant", "accuracy", "F1", "precision", "recall"]
    assert all(set(cell) <= set(":-") and cell for cell in rule)
    assert {len(row) for row in rows} == {len(header)} == {len(rule)}


def test_figures_have_three_decimals_for_each_split(table):
    [_, _, row, *_] = table({"one": 200})
    assert row[1] == "0.961 / 0.810 / 0.806"
    assert row[2] == "0.875 / 0.330 / 0.322"
    assert row[3] == "0.978 / 0.417 / 0.402"
    assert row[4] == "0.791 / 0.274 / 0.268"


def test_a_row_says_how_many_rows_each_split_has(table):
    header, _, row, *_ = table({"one": 200})
    assert row[header.index("rows")] == "1,940 / 970 / 970"


def test_published_figures_and_our_difference_stand_below_their_variant(table):
    _, _, *rows = table({"one": 200, "two": 200}, published={"one": PUBLISHED})
    ours, published, difference, two, *_ = rows
    assert (ours[0], two[0]) == ("one", "two")
    assert "published" in published[0]
    assert "difference" in difference[0]
    assert published[1] == "0.961 / 0.810 / 0.800"
    # 0.9612 - 0.961, 0.8096 - 0.81, 0.80649 - 0.8
    assert difference[1] == "+0.000 / -0.000 / +0.006"
    assert "9 m 48 s" in published


def test_a_variant_without_published_figures_has_one_row(table):
    _, _, *rows = table({"one": 200, "two": 200})
    assert [row[0] for row in rows[:2]] == ["one", "two"]
    assert not any("published" in row[0] for row in rows)


def test_variants_with_the_same_splits_share_their_trivial_rows(table):
    _, _, *rows = table({"one": 200, "two": 150, "three": 200})
    trivial = [row for row in rows if row[0].startswith("*")]
    assert [row[0] for row in trivial] == [
        *("*never* (one, three)", "*always* (one, three)"),
        *("*never* (two)", "*always* (two)"),
    ]
    never, always = trivial[:2]
    assert never[1] == "0.897 / 0.794 / 0.794"
    assert never[4] == "0.000 / 0.000 / 0.000"
    assert always[1] == always[3] == "0.103 / 0.206 / 0.206"
    assert always[4] == "1.000 / 1.000 / 1.000"


def test_the_title_stands_in_the_table(table):
    _, _, row, *_ = table({"one": 200}, titles={"one": "The first"})
    assert row[0] == "The first"


def test_a_title_with_a_bar_does_not_break_the_table(table):
    _, _, *rows = table({"one": 200}, titles={"one": "one | two"})
    # GitHub's tables take a bar for a new cell unless it is escaped.
    assert rows[0][1] == "0.961 / 0.810 / 0.806" or rows[0][0].endswith("\\")


def test_time_is_the_mean_over_the_seeds_and_every_device_is_named(table):
    header, _, row, *_ = table({"one": 200}, seconds=(100, 140), seeds=(1, 2))
    assert row[header.index("fine-tuning")] == "2 m 0 s"
    assert row[header.index("device")] == "Toy GPU 0, Toy GPU 1"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (587.6, "9 m 48 s"),
        (588, "9 m 48 s"),
        (3.14, "3.1 s"),
        (59.4, "59.4 s"),
        (59.97, "1 m 0 s"),
        (60, "1 m 0 s"),
        (2723, "45 m 23 s"),
    ],
)
def test_a_duration_reads_as_minutes_and_seconds(seconds, text):
    assert summarize.duration(seconds) == text
