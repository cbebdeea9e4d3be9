"""How long a finished tree takes to find that nothing is to be done, against a trivial workflow.

    python tests/benchmarks/dry_run.py [--variants 5] [--seeds 1] [--repeats 7]

The tree is made by the real rules with scripts that only create their outputs. The trivial
workflow has as many jobs, in a chain of eight rules without params, each job touching a file: what
it costs is what Snakemake itself needs.
"""

import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from measure import median, parse, parser, publish, run_process
from project import copy_project

TRIVIAL = """
rule all:
    input: expand("{{stage}}_{{job}}.done", stage=range(8), job=range({jobs} // 8))

rule first:
    output: touch("0_{{job}}.done")

rule stage:
    input: lambda w: f"{{int(w.stage) - 1}}_{{w.job}}.done"
    output: touch("{{stage,[1-9]}}_{{job}}.done")
"""

STUB = """
from pathlib import Path
for name in snakemake.output:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch() if path.suffix else path.mkdir(exist_ok=True)
"""

COMMAND = [sys.executable, "-m", "snakemake", "--cores", "2"]


def make_finished_tree(
    folder: Path, variants: int, seeds: int, stub: str = STUB, options: Sequence[str] = ()
) -> int:
    """Copy the rules, replace the scripts, run them with `options`; return the number of jobs."""
    copy_project(folder)
    for script in (folder / "workflow" / "scripts").glob("*.py"):
        script.write_text(stub, encoding="utf-8")
    path = folder / "config" / "config.yaml"
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    config["defaults"]["training"]["seeds"] = list(range(seeds))
    config["variants"] = {f"variant_{number}": {} for number in range(variants)}
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    # Snakemake's own output, which counts the steps.
    command = [*COMMAND, "--quiet", "host", *options]
    printed = run_process(command, folder, environment={"PYTHONPATH": ""}).printed
    return int(re.search(r"(\d+) of \1 steps \(100%\) done", printed)[1])


def make_trivial_tree(folder: Path, jobs: int) -> None:
    """Write and run a workflow of about `jobs` jobs."""
    folder.mkdir()
    (folder / "Snakefile").write_text(TRIVIAL.format(jobs=jobs), encoding="utf-8")
    run_process(COMMAND, folder)


def seconds_for_nothing(folder: Path, repeats: int, *arguments: str) -> float:
    """Median wall-clock seconds of a run that finds nothing to do."""
    command = [*COMMAND, *arguments]
    runs = [run_process(command, folder, environment={"PYTHONPATH": ""}) for _ in range(repeats)]
    assert all("Nothing to be done" in run.printed for run in runs)
    return median(runs).seconds


def main(arguments: list[str] | None = None) -> None:
    """Print the table and write dry_run.json."""
    options = parser(__doc__)
    options.add_argument("--variants", type=int, default=5)
    options.add_argument("--seeds", type=int, default=1)
    options.add_argument("--repeats", type=int, default=7)
    options = parse(options, arguments)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        ours, trivial = Path(folder, "ours"), Path(folder, "trivial")
        ours.mkdir()
        jobs = make_finished_tree(ours, options.variants, options.seeds)
        make_trivial_tree(trivial, jobs)
        for what, flags in (("dry run", ["--dry-run"]), ("run", [])):
            base = seconds_for_nothing(trivial, options.repeats, *flags)
            needed = seconds_for_nothing(ours, options.repeats, *flags)
            rows.append(
                {
                    "what": f"{what} of a finished tree",
                    "jobs": jobs,
                    "trivial s": base,
                    "whosaid s": needed,
                    "ratio": needed / base,
                }
            )
    publish("dry_run", rows, options)


if __name__ == "__main__":
    main()
