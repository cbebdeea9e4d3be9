"""The page of errors as a target: what makes it stale, and what it holds after a real run."""

import json

import pytest
from configs import SMALL
from errors_page_files import data_of
from job_lists import NOTHING

PAGE = "results/demo/errors.html"
PARTS = [
    "errors/page.html",
    "errors/page.css",
    "errors/filters.js",
    "vendored/tabulator/tabulator.min.js",
    "vendored/tabulator/tabulator_simple.min.css",
]


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
