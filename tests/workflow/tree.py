"""Copies of the project to run commands in, and what Snakemake would do there."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import forked
import yaml

PROJECT = Path(__file__).resolve().parents[2]
TRACKED = (
    *(".gitignore", "Makefile", "README.md", "Snakefile"),
    *("config", "envs", "profiles", "workflow"),
)
CONFIG = "config/config.yaml"
CSV = "data/sample/script_data_processed.csv"
SAMPLE = (CSV, "data/sample/make_sample.py", "data/sample/ferry.csv")

JOB = re.compile(
    r"^(?:local)?rule (\w+):\n(?:    .*\n)*?(?:    wildcards: (.*)\n|    resources)", re.M
)

# Writes the record of every job in jobs.json, with the params that the Snakefile has for it.
FORGE = """
include: "Snakefile"

import json
from pathlib import Path

from snakemake.iocontainers import Wildcards
from whosaid.caching.output_records import input_digests, read_records, write_output_record
from whosaid.jobs.earlier_outputs import keep_outputs

for job in json.loads(Path("jobs.json").read_text()):
    if "log" in job:
        pairs = filter(None, job.get("wildcards", "").split(", "))
        wildcards = dict(pair.split("=") for pair in pairs)
        write_output_record(
            Path(job["log"].split(", ")[0]),
            job["rule"],
            wildcards,
            params_of(job["rule"], Wildcards(fromdict=wildcards)),
            input_digests(path for path in job["input"].split(", ") if "stamps/" not in path),
            job["output"].split(", "),
            seconds=1.0,
        )
# The modification times have changed since a former forging.
for record in read_records("results/logs").values():
    keep_outputs(record["outputs"])
"""

Jobs = list[tuple[str, ...]]


@dataclass(frozen=True)
class Tree:
    """A copy of the project to run commands in."""

    root: Path

    def run(self, command: str, **environment: str) -> subprocess.CompletedProcess:
        """Run a shell command in the tree with the tests' own Python environment."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.root,
            env={**os.environ, "PATH": path, **environment},
            capture_output=True,
            text=True,
        )

    def snakemake(self, arguments: str = "", python_path: str | None = None) -> str:
        """What a run of Snakemake that goes well prints."""
        code, printed = self.try_snakemake(arguments, python_path)
        assert code == 0, printed
        return printed

    def try_snakemake(self, arguments: str, python_path: str | None = None) -> tuple[int, str]:
        """The exit code of a run of Snakemake and what it prints."""
        return forked.snakemake(self.root, f"--cores 2 {arguments}", python_path)

    def refusal(self, arguments: str) -> str:
        """The last line of a run that is refused before any job."""
        code, printed = self.try_snakemake(arguments)
        assert code == 1, printed
        assert "Traceback" not in printed and "rule " not in printed, printed
        return printed.splitlines()[-1]

    def dry_run(self, arguments: str = "", python_path: str | None = None) -> str:
        """What a dry run prints."""
        return self.snakemake(f"-n {arguments}", python_path)

    def plan(self, arguments: str = "", python_path: str | None = None) -> Jobs:
        """The jobs a dry run announces, each as its rule and the wildcards but the experiment."""
        return jobs_in(self.dry_run(arguments, python_path))

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a text that stands exactly once in a file of the tree."""
        file = self.root / path
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path}"
        file.write_text(text.replace(old, new), encoding="utf-8")

    def append(self, path: str, text: str) -> None:
        """Add a text at the end of a file of the tree."""
        with (self.root / path).open("a", encoding="utf-8") as file:
            file.write(text)

    def json(self, path: str) -> Any:
        """The content of a JSON file of the tree."""
        return json.loads((self.root / path).read_text(encoding="utf-8"))

    def configure(self, change: Callable[[dict], None]) -> None:
        """Let `change` work on the content of config/config.yaml."""
        path = self.root / CONFIG
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        change(config)
        self.write_config(config)

    def write_config(self, config: dict) -> None:
        """Make `config` the content of config/config.yaml."""
        text = yaml.safe_dump(config, sort_keys=False)
        (self.root / CONFIG).write_text(text, encoding="utf-8")

    def remove(self, *paths: str) -> None:
        """Delete files and folders."""
        for path in paths:
            target = self.root / path
            shutil.rmtree(target) if target.is_dir() else target.unlink()

    def copy(self, folder: Path) -> "Tree":
        """A copy of the tree as `folder`, with all its modification times."""
        shutil.copytree(self.root, folder, symlinks=True)
        return Tree(folder)

    def forge(self, targets: str = "") -> None:
        """Let the targets pass for made: every output that is missing holds its own path instead.

        Snakemake and whosaid record and keep of every job what they would have, had the job run.
        """
        jobs = [
            {"rule": rule, **dict(re.findall(r"^    (\w+): (.*)$", fields, re.M))}
            for rule, fields in re.findall(
                r"^(?:local)?rule (\w+):\n((?:    .*\n)+)", self.dry_run(targets), re.M
            )
        ]
        jobs = [job for job in jobs if "output" in job]
        paths = [self.root / path for job in jobs for path in job["output"].split(", ")]
        folders = {parent for path in paths for parent in path.parents}
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path in folders or path.is_dir():
                path.mkdir(exist_ok=True)
                path /= "content"
            path.write_text(f"{path.relative_to(self.root)}\n", encoding="utf-8")
        self.snakemake(f"--touch --forceall {targets}")
        (self.root / "jobs.json").write_text(json.dumps(jobs), encoding="utf-8")
        (self.root / "forge.smk").write_text(FORGE, encoding="utf-8")
        self.dry_run(f"--snakefile forge.smk {targets}")
        self.remove("forge.smk", "jobs.json")


def jobs_in(printed: str) -> Jobs:
    """The jobs of a dry run from what it printed, but `all` and `default`, which make nothing."""
    jobs = JOB.findall(printed)
    total = re.search(r"^total +(\d+)$", printed, re.M)
    assert len(jobs) == (int(total[1]) if total else 0), printed
    return sorted(
        (rule, *re.findall(r"(?<!experiment)=(\w+)", wildcards))
        for rule, wildcards in jobs
        if rule not in ("all", "default")
    )


def copy_project(root: Path) -> Tree:
    """The tracked part of the project, with this environment in the place of .venv."""
    root.mkdir(parents=True, exist_ok=True)
    for name in TRACKED:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, root / name)
    (root / "data" / "sample").mkdir(parents=True)
    for path in SAMPLE:
        shutil.copy(PROJECT / path, root / path)
    (root / ".venv").mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (root / ".venv" / name).symlink_to(Path(sys.executable).parents[1] / name)
    for marker in ("ready", "ready-dev"):
        (root / ".venv" / marker).touch()
    return Tree(root)


def run_project(root: Path, config: dict, targets: str) -> Tree:
    """A copy of the project with this config, after a run that makes the targets."""
    tree = copy_project(root)
    tree.write_config(config)
    tree.snakemake(targets)
    assert tree.plan(targets) == []
    return tree
