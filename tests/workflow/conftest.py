"""A finished run of the shipped sample, made once by the README's first command."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
TRACKED = (".gitignore", "Makefile", "Snakefile", "config", "envs", "profiles", "workflow")
JOB = re.compile(
    r"^(?:local)?rule (\w+):\n(?:    .*\n)*?(?:    wildcards: (.*)\n|    resources)", re.M
)


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

    def plan(self, arguments: str = "") -> list[tuple[str, ...]]:
        """The jobs a dry run announces, each as its rule and the wildcards but the experiment."""
        dry_run = self.run(f"snakemake -n --cores 1 {arguments}")
        assert dry_run.returncode == 0, dry_run.stdout + dry_run.stderr
        return sorted(
            (rule, *re.findall(r"(?<!experiment)=(\w+)", wildcards))
            for rule, wildcards in JOB.findall(dry_run.stdout + dry_run.stderr)
            if rule != "all"
        )

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a text that stands exactly once in a file of the tree."""
        file = self.root / path
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path}"
        file.write_text(text.replace(old, new), encoding="utf-8")


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
