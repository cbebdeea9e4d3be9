"""The page of errors as a target: what makes it stale, and what it holds after a real run."""

import json

import pytest
from configs import SMALL
from errors_page_files import data_of
from job_lists import NOTHING, VARIANTS

PAGE = "results/demo/errors.html"
PARTS = [
    "errors/page.html",
    "errors/page.css",
    "errors/filters.js",
    "errors/words.js",
    "vendored/tabulator/tabulator.min.js",
    "vendored/tabulator/tabulator_simple.min.css",
]


@pytest.mark.slow
def test_a_change_of_a_part_of_the_page_makes_it_stale(finished):
    finished.forge(PAGE)
    assert finished.plan(PAGE) == NOTHING
    for part in PARTS:
        path = finished.root / "workflow" / "report" / part
        text = path.read_text(encoding="utf-8")
        finished.append(f"workflow/report/{part}", "\n")
        assert finished.plan(PAGE) == [("write_errors_page",)], part
        path.write_text(text, encoding="utf-8")
    assert finished.plan() == NOTHING


@pytest.mark.slow
def test_the_page_holds_the_rows_and_the_accuracy_of_the_metric_files(reference):
    data = data_of((reference / "results/tiny/errors.html").read_text(encoding="utf-8"))
    rows = data["rows"]
    assert [each["name"] for each in data["variants"]] == [*SMALL["variants"]]
    for number, variant in enumerate(data["variants"]):
        for place, split in enumerate(data["splits"]):
            right = [
                count / len(variant["seeds"])
                for of, at, count in zip(
                    rows["variant"], rows["split"], rows["seeds_right"], strict=True
                )
                if (of, at) == (number, place)
            ]
            path = reference / f"results/tiny/metrics/{variant['name']}/{split}.json"
            metrics = json.loads(path.read_text(encoding="utf-8"))
            assert len(right) == metrics["rows"]
            assert sum(right) / len(right) == pytest.approx(metrics["metrics"]["accuracy"])


@pytest.mark.slow
def test_the_page_holds_the_weights_of_the_words_of_every_variant(reference):
    data = data_of((reference / "results/tiny/errors.html").read_text(encoding="utf-8"))
    rows, lines, shown = data["rows"], data["lines"], data["words"]
    found = {}
    for place, each in ((int(place), each) for place, each in shown.items()):
        assert data["splits"][rows["split"][place]] == "test"
        name = data["variants"][rows["variant"][place]]["name"]
        text = lines["text"][rows["line"][place]]
        weights = [weight for _, weight in each["pieces"] if weight is not None]
        assert "".join(piece for piece, _ in each["pieces"]) == text
        assert each["unit"] == "log odds of dwight"
        found.setdefault(name, []).append((each["kind"], text, weights))
    assert [*sorted(found)] == sorted(SMALL["variants"])
    for name, of_variant in found.items():
        path = reference / f"results/tiny/words/{name}.json"
        stored = [
            (row["kind"], row["text"], [word["weight"] for word in row["words"]])
            for row in json.loads(path.read_text(encoding="utf-8"))["rows"]
        ]
        assert sorted(of_variant) == sorted(stored)


@pytest.mark.slow
def test_a_variant_that_reads_no_words_has_no_weights(finished):
    finished.forge(PAGE)
    names = {path.stem for path in (finished.root / "results/demo/words").iterdir()}
    assert names == {*VARIANTS} - {"length_only", "metadata_only"}
