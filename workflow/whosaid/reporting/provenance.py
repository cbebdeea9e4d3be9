"""Where results come from: packages, system, data, code, and which stages made them."""

import importlib.metadata
import platform
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from whosaid.reporting.formats import COUNT, UNDEFINED
from whosaid.reporting.markdown import escaped, table

PACKAGES = (
    *("snakemake", "pandas", "datasets", "transformers", "tokenizers", "evaluate", "accelerate"),
    *("torch", "safetensors", "nltk", "numpy", "scipy", "scikit-learn", "pyarrow", "pydantic"),
    *("matplotlib", "markdown-it-py", "tabulate", "charset-normalizer", "filelock", "psutil"),
    *("huggingface_hub", "PyYAML", "rich", "snakemake-interface-logger-plugins"),
)
"""The packages that the workflow uses itself, as `envs/requirements.txt` lists them."""


def packages(records: Iterable[Mapping[str, Any]]) -> str:
    """The installed version of each package, and those that the `records` of trainings name."""
    trained: dict[str, dict[str, None]] = {}
    for record in records:
        for name, version in record["versions"].items():
            trained.setdefault(name, {})[version] = None
    rows = [
        [escaped(name), escaped(installed(name)), escaped(", ".join(trained.get(name, [])))]
        for name in PACKAGES
    ]
    return table(rows, ["package", "installed", "when models were trained"])


def installed(name: str) -> str:
    """The version of an installed package, or a dash."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return UNDEFINED


def system(project: Path, records: Iterable[Mapping[str, Any]]) -> str:
    """Where this page is written, and the devices that the `records` of trainings name.

    `project` is the folder of the workflow.
    """
    devices = dict.fromkeys(record["device"] for record in records)
    commit = commit_of(project)
    lines = [
        f"- Python {platform.python_version()} on {escaped(platform.platform())}",
        f"- whosaid at commit {commit}" if commit else "- whosaid at no known commit",
        f"- models trained on: {escaped(', '.join(devices))}",
    ]
    return "As of when this page was written:\n\n" + "\n".join(lines)


def commit_of(project: Path) -> str | None:
    """The commit that is checked out in `project`, and whether files differ from it.

    None if this is no repository of its own, or git cannot be run.
    """
    if not (project / ".git").exists():
        return None
    try:
        commit = _git(project, "rev-parse", "HEAD")
        changed = _git(project, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return None
    return f"{commit}, with changes that are not committed" if changed else commit


def _git(project: Path, *arguments: str) -> str:
    command = ["git", "--no-optional-locks", "-C", str(project), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=60
    ).stdout.strip()


def data_files(files: Mapping[str, str]) -> str:
    """The files of the corpus with their digests."""
    rows = [[escaped(path), digest] for path, digest in files.items()]
    return table(rows, ["file of the corpus", "SHA-256"])


def stages(records: Sequence[Mapping[str, Any]], targets: Iterable[str]) -> str:
    """The rules that led to the `targets`, each with its jobs and the rules whose outputs it read.

    `records` are those of the jobs. The order is that of the pipeline.
    """
    maker = {output: job for job, record in enumerate(records) for output in record["outputs"]}
    sources = [{maker[path] for path in record["inputs"] if path in maker} for record in records]
    jobs: set[int] = set()
    waiting = {maker[path] for path in targets if path in maker}
    while waiting:
        jobs |= waiting
        waiting = set().union(*(sources[job] for job in waiting)) - jobs
    rules = [record["rule"] for record in records]
    above: dict[str, set[str]] = {rules[job]: set() for job in sorted(jobs)}
    for job in jobs:
        above[rules[job]] |= {rules[source] for source in sources[job]}
    # An ensemble may read a search, which the same rule makes.
    others = {rule: sorted(of - {rule}) for rule, of in above.items()}
    order = [*TopologicalSorter(others).static_order()]
    counts = Counter(rules[job] for job in jobs)
    rows = [
        [rule, format(counts[rule], COUNT), ", ".join(of for of in order if of in above[rule])]
        for rule in order
    ]
    return table(rows, ["rule", "jobs", "reads what was made by"])
