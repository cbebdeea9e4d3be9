import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from whosaid.reporting import formats
from whosaid.reporting.formats import DECIMALS, DIFFERENCE, FORMS, METRIC, rendered

SCRIPTS = Path(__file__).parents[1] / "scripts"


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (0.12345, "z.3f", "0.123"),
        (-0.0001, "+z.3f", "+0.000"),
        (19710, ",d", "19,710"),
        (0.95, "percent", "95 %"),
        (0.975, "percent", "97.5 %"),
        ({"42": {}, "43": {}}, "length", "2"),
        ("one | two", "text", "one \\| two"),
        (None, "z.3f", "—"),
        (None, "text", "—"),
        (587.6, "duration", "9 m 48 s"),
        (3.14, "duration", "3.1 s"),
        (59.97, "duration", "1 m 0 s"),
        (2723, "duration", "45 m 23 s"),
    ],
)
def test_a_value_reads_as_its_form_says(value, form, text):
    assert rendered(value, form) == text


def test_metrics_and_differences_have_the_same_decimals():
    assert rendered(0.123456789, METRIC) == f"{0.123456789:.{DECIMALS}f}"
    assert rendered(0.123456789, DIFFERENCE) == f"+{0.123456789:.{DECIMALS}f}"


PAGES = """
import json, sys
from pathlib import Path

sys.path[:0] = {path!r}

# Other decimals, before any other module reads them.
from whosaid.reporting import formats

source = Path(formats.__file__).read_text(encoding="utf-8")
exec(source.replace("DECIMALS = 3", "DECIMALS = 5"), formats.__dict__)

from experiment_files import Experiment
from test_draw_figures import Inputs, texts

from whosaid.reporting.audit_table import held_out_row
from whosaid.reporting.report_page import slices_page

made = Experiment(Path("."), {{"one": 300, "two": 300}}, published=["one"], seeds=(1, 2))
both = {{"rows": 5, "share": 0.123456, "groups": 5, "texts": 2}}
kinds = ("exact_duplicates", "normalised_duplicates", "near_duplicates")
found = dict.fromkeys([*kinds, "shared_episodes", "shared_scenes"], both)
best = {{"normalised": {{"accuracy": 0.9, "f1": 0.8}}}}
audit = {{"splits": {{"test": {{"rows": 9, "both_labels": both, "best": best}}}}}}
summary = made.summarize()
figures = Inputs(Path(".")).drawn("forest", "precision_recall", "calibration")
pages = {{
    "summary": summary,
    "report": slices_page(made.slices, {{"one": "One", "two": "Two"}}, "target"),
    "audit": " ".join(held_out_row("One", "test", audit | {{"held_out": {{"test": found}}}})),
    **{{name: " ".join(texts(svg)) for name, svg in figures.items()}},
}}
print(json.dumps(pages))
"""


@pytest.fixture(scope="module")
def with_five_decimals(tmp_path_factory):
    """The texts of pages and figures if DECIMALS were 5, and the folder of their files."""
    assert Path(formats.__file__).read_text(encoding="utf-8").count("DECIMALS = 3") == 1
    folder = tmp_path_factory.mktemp("five")
    code = PAGES.format(path=[str(SCRIPTS), *sys.path])
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return json.loads(done.stdout), folder


@pytest.mark.parametrize(
    "page", ["summary", "report", "audit", "forest", "precision_recall", "calibration"]
)
def test_the_decimals_of_every_page_and_figure_stand_in_one_place(page, with_five_decimals):
    text = with_five_decimals[0][page]
    decimals = {len(found) for found in re.findall(r"(?<![\d.])[01]\.(\d{2,})", text)}
    assert decimals == {5}


def test_every_metric_and_difference_of_the_summary_is_in_its_form(with_five_decimals):
    numbers = json.loads((with_five_decimals[1] / "results" / "summary.json").read_text())
    forms = {}
    for each in numbers["numbers"]:
        forms.setdefault(each["form"], []).append(each)
    # Seconds and shares of a hundred have forms of their own; the seed of the splits is no count.
    assert set(forms) <= {"z.5f", "+z.5f", ",d", "d", *FORMS}
    for each in numbers["numbers"]:
        if "metrics" in each["key"] and each["key"][-1] != "verdict":
            assert each["form"] in {"z.5f", "+z.5f"}
            assert re.search(r"\.\d{5}$", each["text"])
    assert forms["z.5f"] and forms["+z.5f"]
