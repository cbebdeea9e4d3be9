"""A finished run of the shipped sample, made once by the README's first command."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2]
TRACKED = (
    *(".gitignore", "Makefile", "README.md", "Snakefile"),
    *("config", "envs", "profiles", "workflow"),
)
JOB = re.compile(
    r"^(?:local)?rule (\w+):\n(?:    .*\n)*?(?:    wildcards: (.*)\n|    resources)", re.M
)

TARGETS = ("all", "verify")
"""Rules that ask for files and make none."""


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

    def dry_run(self, arguments: str = "", **environment: str) -> str:
        """What a dry run prints."""
        process = self.run(f"snakemake -n --cores 1 {arguments}", **environment)
        assert process.returncode == 0, process.stdout + process.stderr
        return process.stdout + process.stderr

    def plan(self, arguments: str = "", **environment: str) -> list[tuple[str, ...]]:
        """The jobs a dry run announces, each as its rule and the wildcards but the experiment."""
        return jobs_in(self.dry_run(arguments, **environment))

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

    def configure(self, change: Callable[[dict], None]) -> None:
        """Let `change` work on the content of config/config.yaml."""
        path = self.root / "config" / "config.yaml"
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        change(config)
        path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")


def jobs_in(printed: str) -> list[tuple[str, ...]]:
    """The jobs of a dry run from what it printed, without the rules that only ask for files."""
    jobs = JOB.findall(printed)
    total = re.search(r"^total +(\d+)$", printed, re.M)
    assert len(jobs) == (int(total[1]) if total else 0), printed
    return sorted(
        (rule, *re.findall(r"(?<!experiment)=(\w+)", wildcards))
        for rule, wildcards in jobs
        if rule not in TARGETS
    )


def copy_project(root: Path) -> Tree:
    """The tracked part of the project, with this environment in the place of .venv."""
    root.mkdir(parents=True, exist_ok=True)
    for name in TRACKED:
        source = PROJECT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, root / name)
    sample = root / "data" / "sample"
    sample.mkdir(parents=True)
    for name in ("script_data_processed.csv", "make_sample.py"):
        shutil.copy(PROJECT / "data" / "sample" / name, sample)
    (root / ".venv").mkdir()
    (root / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    for marker in ("ready", "ready-dev"):
        (root / ".venv" / marker).touch()
    return Tree(root)


@pytest.fixture(scope="session")
def summary_run(tmp_path_factory) -> tuple[Tree, subprocess.CompletedProcess]:
    """The tree after `make summary`, and what that printed. For reading only."""
    tree = copy_project(tmp_path_factory.mktemp("sample") / "whosaid")
    finished = tree.run("make summary")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return tree, finished


@pytest.fixture
def finished(summary_run, tmp_path) -> Tree:
    """A copy of the finished tree that a test may change."""
    root = tmp_path / "whosaid"
    shutil.copytree(summary_run[0].root, root, symlinks=True)
    return Tree(root)
