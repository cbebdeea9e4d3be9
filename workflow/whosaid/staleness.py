"""What makes a stage stale besides its inputs and settings: its code and the packages it uses.

Snakemake judges a script by its modification time and does not look at imported modules. So each
rule carries, as a param, the digests of its script and of every module of ours that the script
reaches, and the versions of the packages that these import.
"""

import ast
import hashlib
import importlib.metadata
import json
import sys
from functools import cache
from pathlib import Path

WORKFLOW_DIR = Path(__file__).resolve().parent.parent

DISTRIBUTIONS = {"markdown_it": "markdown-it-py", "sklearn": "scikit-learn"}
"""Packages whose import name is not the name they are installed under."""

IMPLIED_PACKAGES = {
    "datasets": ("pyarrow",),
    "pandas": ("numpy", "pyarrow"),
    "transformers": ("accelerate", "safetensors", "tokenizers", "torch"),
}
"""Packages that shape what another package writes, though no stage imports them."""


def stage_code(stage: str) -> dict[str, str]:
    """Digests of the modules and versions of the packages that the script of `stage` reaches.

    The keys are paths below `workflow/` and package names. Comments, docstrings and formatting do
    not count: a digest is taken of the unparsed syntax tree. Raises FileNotFoundError if the stage
    has no script.
    """
    code: dict[str, str] = {}
    packages: set[str] = set()
    waiting = [f"scripts/{stage}.py"]
    while waiting:
        path = waiting.pop()
        if path in code:
            continue
        code[path], imported = _read_module(path)
        for name in imported:
            own = [part for part in _module_files(name) if (WORKFLOW_DIR / part).is_file()]
            waiting += own
            root = name.partition(".")[0]
            if not own and root != "whosaid" and root not in sys.stdlib_module_names:
                packages |= {root, *IMPLIED_PACKAGES.get(root, ())}
    return code | {package: _version(package) for package in packages}


def code_text(stage: str) -> str:
    """`stage_code` as one text with sorted keys: Snakemake compares params as a set of texts."""
    return json.dumps(stage_code(stage), sort_keys=True)


def _module_files(name: str) -> list[str]:
    stem = name.replace(".", "/")
    return [f"{stem}.py", f"{stem}/__init__.py", f"scripts/{stem}.py"]


@cache
def _read_module(path: str) -> tuple[str, frozenset[str]]:
    """The digest of a module below `workflow/` and the dotted names that it imports."""
    tree = ast.parse((WORKFLOW_DIR / path).read_text(encoding="utf-8"))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            # `from whosaid import metrics` names a module, `from whosaid.metrics import f1` does
            # not; a name that is no file of ours adds nothing.
            above = Path(path).parts[: -node.level] if node.level else ()
            module = ".".join([*above, *filter(None, [node.module])])
            imported |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            _drop_docstring(node)
    # `ast.dump` differs between Python versions, `ast.unparse` does not.
    return hashlib.sha256(ast.unparse(tree).encode()).hexdigest()[:16], frozenset(imported)


def _drop_docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
    if ast.get_docstring(node, clean=False) is not None:
        node.body = node.body[1:] or [ast.Pass()]


@cache
def _version(package: str) -> str:
    try:
        # The build tag (+cpu, +cu130) tells where it runs, not what it computes.
        return importlib.metadata.version(DISTRIBUTIONS.get(package, package)).partition("+")[0]
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
