"""How long a dry run of a finished tree takes, against a trivial workflow of as many jobs.

    python tests/benchmarks/dry_run.py [--variants 5] [--seeds 1] [--repeats 7]

The tree is made by the real rules with scripts that only create their outputs. The trivial
workflow has a chain of eight rules without params, each job touching a file: what it costs is what
Snakemake itself needs.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

PROJECT = Path(__file__).resolve().parents[2]

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


def snakemake(folder: Path, *arguments: str) -> str:
    """Run Snakemake in `folder` and return what it printed on the standard output."""
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def make_finished_tree(folder: Path, variants: int, seeds: int) -> int:
    """Copy the rules, replace the scripts, run them; return the number of jobs."""
    for name in ("workflow", "config", "envs", "profiles"):
        shutil.copytree(PROJECT / name, folder / name)
    shutil.copy(PROJECT / "Snakefile", folder)
    sample = Path("data", "sample", "script_data_processed.csv")
    (folder / sample).parent.mkdir(parents=True)
    shutil.copy(PROJECT / sample, folder / sample)
    for script in (folder / "workflow" / "scripts").glob("*.py"):
        script.write_text(STUB, encoding="utf-8")
    path = folder / "config" / "config.yaml"
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    config["defaults"]["training"]["seeds"] = list(range(seeds))
    config["variants"] = {f"variant_{number}": {} for number in range(variants)}
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    snakemake(folder, "--quiet")
    return 4 + variants * (2 + 2 * seeds + 3)


def make_trivial_tree(folder: Path, jobs: int) -> None:
    """Write and run a workflow of about `jobs` jobs."""
    (folder / "Snakefile").write_text(TRIVIAL.format(jobs=jobs), encoding="utf-8")
    snakemake(folder, "--quiet")


def median_seconds(folder: Path, repeats: int) -> float:
    """Median wall-clock seconds of a dry run that finds nothing to do."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        assert "Nothing to be done" in snakemake(folder, "--dry-run")
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def main() -> None:
    """Print the medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--variants", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as ours, tempfile.TemporaryDirectory() as trivial:
        jobs = make_finished_tree(Path(ours), arguments.variants, arguments.seeds)
        make_trivial_tree(Path(trivial), jobs)
        base = median_seconds(Path(trivial), arguments.repeats)
        time_needed = median_seconds(Path(ours), arguments.repeats)
    ratio = time_needed / base
    print(f"{jobs} jobs: trivial {base:.2f} s, whosaid {time_needed:.2f} s, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
