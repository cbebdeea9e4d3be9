"""How large the page of errors is, and how long a browser takes with it.

    PYTHONPATH=workflow:workflow/scripts python tests/benchmarks/errors_page.py [--rows N ...]

The rows are made up: five variants with three seeds and a line of 14 words on average. It needs
Chromium and its driver. Milliseconds are until the next frame; those of a filter contain the 150
that the page waits for another key.
"""

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import write_errors_page
from browser import open_browser, open_page
from measure import PROJECT, parse, parser, publish

from whosaid.evaluation.predictions import write_predictions

VARIANTS, SEEDS = 5, 3
SCENE, EPISODE, SEASON = 7, 290, 6100
"""Lines in each, as in *The Office*."""

WORDS = ["paper", "beets", "the", "a", "I", "you", "know", "what", "is", "office", "party", "not"]

FIRST_ROW = """
const look = () => document.querySelector(".tabulator-row")
  ? requestAnimationFrame(() => { window.firstRow = performance.now(); })
  : requestAnimationFrame(look);
look();
"""
"""Notes when the first row of the table is painted, in milliseconds since the page was opened."""

UNTIL_PAINTED = """
const done = arguments[arguments.length - 1], start = performance.now();
const figures = document.getElementById("figures"), before = figures.textContent;
%s
const look = () => (%s) ? requestAnimationFrame(() => done(performance.now() - start))
  : requestAnimationFrame(look);
requestAnimationFrame(look);
"""
FILTER = UNTIL_PAINTED % (
    """const field = document.querySelector("[name=text]"); field.value = "beets";
    field.dispatchEvent(new Event("input", {bubbles: true}));""",
    "figures.textContent !== before",
)
SORT = UNTIL_PAINTED % (
    """const header = document.querySelector("[tabulator-field=confidence]"); header.click();""",
    "header.getAttribute('aria-sort') !== 'none'",
)
ALL = UNTIL_PAINTED % (
    """document.getElementById("all").click();""",
    "figures.textContent !== before",
)


def write_experiment(folder: Path, rows: int) -> dict[str, list[str]]:
    """Write lines and predictions for a page of `rows`; the paths of each split's predictions."""
    chance = np.random.default_rng(27)
    held_out = rows // VARIANTS
    row = np.arange(held_out * 2)  # half of the lines are held out, as are whole scenes
    texts = [" ".join(chance.choice(WORDS, chance.poisson(13) + 1)) for _ in row]
    lines = pd.DataFrame(
        {"row": row, "line": [f"{t} {n}" for n, t in zip(row, texts, strict=True)]}
    )
    for name, length in {"season": SEASON, "episode": EPISODE, "scene": SCENE}.items():
        lines[name] = row // length + 1
    lines["speaker"] = [f"speaker {number}" for number in chance.geometric(0.1, len(row))]
    lines.to_parquet(folder / "lines.parquet")
    chosen = row[row // SCENE % 2 == 0][:held_out]
    chosen = np.concatenate([chosen, row[row // SCENE % 2 == 1][: held_out - len(chosen)]])
    label = (lines["speaker"].to_numpy()[chosen] == "speaker 1").astype(int)
    paths: dict[str, list[str]] = {"test": [], "valid": []}
    for split, part in (("test", slice(0, None, 2)), ("valid", slice(1, None, 2))):
        for number in range(VARIANTS * SEEDS):
            path = folder / f"{split}_{number}.parquet"
            logits = chance.normal(0, 2, (len(chosen[part]), 2))
            write_predictions(path, chosen[part], label[part], logits, np.zeros(len(logits), bool))
            paths[split].append(str(path))
    return paths


def write_page(folder: Path, rows: int) -> float:
    """Write the page `errors.html`; the seconds of the stage's work."""
    paths = write_experiment(folder, rows)
    report = PROJECT / "workflow" / "report"
    scripts = ("rows", "filters", "words", "scene", "table")
    start = time.perf_counter()
    write_errors_page.main(
        **paths,
        lines=str(folder / "lines.parquet"),
        words=[],
        template=str(report / "errors" / "page.html"),
        styles=[
            str(report / "vendored" / "tabulator" / "tabulator_simple.min.css"),
            str(report / "errors" / "page.css"),
        ],
        scripts=[
            str(report / "vendored" / "tabulator" / "tabulator.min.js"),
            *(str(report / "errors" / f"{name}.js") for name in scripts),
        ],
        notice=str(report / "vendored" / "tabulator" / "LICENSE"),
        page=str(folder / "errors.html"),
        experiment="measured",
        question="target",
        target_speaker="speaker 1",
        reference="variant_0",
        variants=[
            {"name": f"variant_{n}", "title": f"Variant {n}", "seeds": list(range(SEEDS))}
            for n in range(VARIANTS)
        ],
    )
    return time.perf_counter() - start


def milliseconds(page: Path) -> dict[str, float]:
    """What a fresh browser takes until it shows the page, and with all rows to filter and sort."""
    with open_browser() as browser:
        browser.set_script_timeout(60)
        browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": FIRST_ROW})
        open_page(browser, page)
        time.sleep(1)
        paint = "return performance.getEntriesByName('first-contentful-paint')[0].startTime"
        found = {
            "first paint ms": browser.execute_script(paint),
            "first rows ms": browser.execute_script("return window.firstRow"),
            "all rows ms": browser.execute_async_script(ALL),
            "text filter ms": browser.execute_async_script(FILTER),
        }
        browser.execute_async_script(ALL)
        return found | {"sort ms": browser.execute_async_script(SORT)}


def main(arguments: list[str] | None = None) -> None:
    """Print the table and write errors_page.json; medians over fresh browsers."""
    options = parser(__doc__)
    options.add_argument("--rows", type=int, nargs="+", default=[60_000, 135_000])
    options.add_argument("--repeats", type=int, default=3)
    options = parse(options, arguments)
    table: list[dict[str, Any]] = []
    for rows in options.rows:
        with tempfile.TemporaryDirectory() as folder:
            seconds = write_page(Path(folder), rows)
            page = Path(folder, "errors.html")
            runs = [milliseconds(page) for _ in range(options.repeats)]
            size = {"rows": rows, "MB": page.stat().st_size / 1e6, "write s": seconds}
            medians = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
            table.append(size | medians)
    publish("errors_page", table, options)


if __name__ == "__main__":
    main()
