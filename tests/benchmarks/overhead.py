"""What the pipeline costs beside its work, on a whole run of the sample.

    python tests/benchmarks/overhead.py [--csv CSV --encoder FOLDER] [--target FILE]

One Snakemake run from the CSV to the table, on one core. Work is what the jobs' processes do after
Python has started and apart from imports; the overhead is the share of the run that is not work.
Snakemake's own part is what no job's process accounts for: its start, the order of the jobs, the
ends of processes.
"""

import json
import re
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from measure import Finished, parse, parser, publish
from project import Tree, make_tree

CLOCK = Path(__file__).parent / "import_clock"


def timed_run(
    tree: Tree, target: str, cores: int | None = None
) -> tuple[Finished, list[dict[str, Any]]]:
    """A run on that many of our cores (all of them), and the record of each of its jobs.

    Raises RuntimeError unless there is one record per job.
    """
    with tempfile.TemporaryDirectory() as records:
        environment = {"PYTHONPATH": str(CLOCK), "IMPORT_CLOCK": records}
        run = tree.snakemake(target, cores=cores, environment=environment)
        jobs = [json.loads(path.read_text(encoding="utf-8")) for path in Path(records).iterdir()]
    finished = re.search(r"(\d+) of \1 steps \(100%\) done", run.printed)
    # This rule only touches a file: it starts no process.
    silent = run.printed.count("rule pass_audit:")
    if finished is None or int(finished[1]) != len(jobs) + silent:
        raise RuntimeError(f"{len(jobs)} jobs left a record:\n{run.printed[-2000:]}")
    return run, jobs


def breakdown(wall: float, jobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row per rule, one for Snakemake, one for all."""
    by_rule = defaultdict(list)
    for job in jobs:
        by_rule[job["rule"]].append(job)
    rows = []
    for rule, group in by_rule.items():
        sums = {key: sum(job[key] for job in group) for key in ("start", "imports", "all")}
        rows.append(
            {
                "what": rule,
                "jobs": len(group),
                "Python's start s": sums["start"],
                "imports s": sums["imports"],
                "work s": sums["all"] - sums["start"] - sums["imports"],
                "all s": sums["all"],
            }
        )
    rows.sort(key=lambda row: -row["all s"])
    total = {
        "what": "the jobs",
        **{key: sum(row[key] for row in rows) for key in rows[0] if key != "what"},
    }
    own = {"what": "Snakemake", "all s": wall - total["all s"]}
    return [*rows, total, own, {"what": "the run", "work s": total["work s"], "all s": wall}]


def main(arguments: list[str] | None = None) -> None:
    """Print the table and write overhead.json."""
    options = parser(__doc__)
    options.add_argument("--target", default="results/summary.md")
    options = parse(options, arguments)
    with tempfile.TemporaryDirectory() as folder:
        tree = make_tree(Path(folder), options.csv, options.encoder)
        run, jobs = timed_run(tree, options.target, cores=1)
    rows = breakdown(run.seconds, jobs)
    publish("overhead", rows, options, overhead_share=1 - rows[-1]["work s"] / rows[-1]["all s"])


if __name__ == "__main__":
    main()
