"""How long a dry run of a finished tree takes, against a trivial workflow of as many jobs.

Run it from the project's root after `make summary`:

    python tests/benchmarks/dry_run.py [--repeats 7]

The trivial workflow has one rule per stage, each job touching a file, and no params: what is left
is what Snakemake itself needs.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TRIVIAL = """
rule all:
    input: expand("{stage}_{job}.done", stage=range(8), job=range(5))

rule first:
    output: touch("0_{job}.done")

rule stage:
    input: lambda w: f"{int(w.stage) - 1}_{w.job}.done"
    output: touch("{stage,[1-9]}_{job}.done")
"""


def seconds(folder: Path, repeats: int) -> list[float]:
    """Wall-clock seconds of each of `repeats` dry runs in `folder`."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "snakemake", "-n", "--cores", "1"],
            cwd=folder,
            check=True,
            capture_output=True,
        )
        times.append(time.perf_counter() - started)
    return times


def main() -> None:
    """Print the medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as name:
        trivial = Path(name)
        (trivial / "Snakefile").write_text(TRIVIAL, encoding="utf-8")
        subprocess.run(
            [sys.executable, "-m", "snakemake", "--cores", "1", "--quiet"], cwd=trivial, check=True
        )
        theirs = statistics.median(seconds(trivial, repeats))
    ours = statistics.median(seconds(Path.cwd(), repeats))
    print(f"trivial workflow of 40 jobs: {theirs:.2f} s")
    print(f"whosaid, five variants:      {ours:.2f} s, {ours / theirs:.2f} x")


if __name__ == "__main__":
    main()
