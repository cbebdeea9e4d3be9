"""Digests of the code of a stage and versions of its packages: when they change, it is stale.

Snakemake judges a script by its modification time and ignores the modules that it imports. So each
rule has a param with a digest of its script and of every module of whosaid that the script imports,
directly or not, and with the versions of the packages that these import. The digests leave out what
cannot change a result: comments, docstrings, formatting, logger calls, error texts, and PLUMBING.
"""

import ast
import hashlib
import importlib.metadata
import json
import re
import sys
from functools import cache
from pathlib import Path

WORKFLOW_DIR = Path(__file__).resolve().parents[2]

PLUMBING = ("whosaid/jobs/", "whosaid/caching/", "whosaid/errors.py")
"""Modules below `workflow/` that log, lock, move files and report errors, and compute nothing."""

ERRORS = {"StageError", "InputError", "InterruptedStageError"}
"""The classes of `whosaid.errors`. Their messages change no result, wherever they are made."""

DISTRIBUTIONS = {"markdown_it": "markdown-it-py", "sklearn": "scikit-learn", "yaml": "PyYAML"}
"""Packages that are installed under another name, which is the value."""

BY_MINOR_RELEASE = {"torch", "transformers"}
"""Packages whose patch releases count as the same version.

Their results take hours to compute, and a patch release only fixes bugs. If one changes a model,
raise TRAINING_RECIPE (see `training_recipe`).
"""

IMPLIED_PACKAGES = {"transformers": ("tokenizers",)}
"""Packages that shape the results of another package, though no module here imports them."""


def stage_code(stage: str) -> dict[str, str]:
    """Digests of the modules and versions of the packages that the script of `stage` imports.

    The keys are paths below `workflow/` and package names. Raises FileNotFoundError if the stage
    has no script.
    """
    digests: dict[str, str] = {}
    packages: set[str] = set()
    waiting = [f"scripts/{stage}.py"]
    while waiting:
        path = waiting.pop()
        if path in digests or path.startswith(PLUMBING):
            continue
        digests[path], imported = _read_module(path)
        for name in imported:
            stem, root = name.replace(".", "/"), name.partition(".")[0]
            own = [f"{stem}.py", f"{stem}/__init__.py", f"scripts/{stem}.py"]
            own = [part for part in own if (WORKFLOW_DIR / part).is_file()]
            waiting += own
            if not own and root != "whosaid" and root not in sys.stdlib_module_names:
                packages |= {root, *IMPLIED_PACKAGES.get(root, ())}
    return digests | {package: _version(package) for package in packages}


def code_text(stage: str) -> str:
    """`stage_code` as one text with sorted keys: Snakemake compares params as a set of texts."""
    return json.dumps(stage_code(stage), sort_keys=True)


@cache
def _read_module(path: str) -> tuple[str, frozenset[str]]:
    """The digest of a module below `workflow/` and the dotted names that it imports."""
    tree = ast.parse((WORKFLOW_DIR / path).read_text(encoding="utf-8"))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            # `from whosaid.corpus import recipe` may import a module or a function. A name that is
            # not a module has no file here, and adds nothing.
            above = Path(path).parts[: -node.level] if node.level else ()
            module = ".".join([*above, *filter(None, [node.module])])
            imported |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    # `ast.dump` differs between Python versions, `ast.unparse` only in the quotes of f-strings.
    text = ast.unparse(_WithoutFStrings().visit(_WithoutWords().visit(tree)))
    return hashlib.sha256(text.encode()).hexdigest()[:16], frozenset(imported)


class _WithoutWords(ast.NodeTransformer):
    """Removes docstrings, calls of `logger`, and the arguments of errors: raised ones, and ERRORS.

    `pass` goes too: it is only needed where a body is empty otherwise.
    """

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        is_text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        call = node.value.func if isinstance(node.value, ast.Call) else None
        logs = isinstance(call, ast.Attribute) and getattr(call.value, "id", None) == "logger"
        return None if is_text or logs else self.generic_visit(node)

    def visit_Pass(self, node: ast.Pass) -> None:
        return None

    def visit_Call(self, node: ast.Call) -> ast.AST:
        is_error = getattr(node.func, "id", None) in ERRORS
        return node.func if is_error else self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        if isinstance(node.exc, ast.Call):
            node.exc = node.exc.func
        return node


class _WithoutFStrings(ast.NodeTransformer):
    """Writes each f-string as the call of a made-up function on its parts.

    From Python 3.12 on the quotes of an f-string may stand in its expressions too, and the first
    releases of 3.12 add an empty text to some.
    """

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        self.generic_visit(node)
        parts = [part for part in node.values if getattr(part, "value", None) != ""]
        return ast.Call(ast.Name("f_string"), parts, [])

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.AST:
        self.generic_visit(node)
        spec = node.format_spec or ast.Constant(None)
        return ast.Tuple([node.value, ast.Constant(node.conversion), spec])


_pinned: dict[str, str] = {}


def take_versions_from(environment: Path) -> None:
    """Let the versions be those that a conda environment file pins, in which the jobs will run.

    Other packages are none of the jobs'.
    """
    pins = re.findall(r"^ +- ([\w.-]+)==(\S+)$", environment.read_text(encoding="utf-8"), re.M)
    _pinned.update(pins)
    _version.cache_clear()


@cache
def _version(package: str) -> str:
    distribution = DISTRIBUTIONS.get(package, package)
    try:
        installed = (
            _pinned.get(distribution, "not pinned")
            if _pinned
            else importlib.metadata.version(distribution)
        )
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
    # The build tag (+cpu, +cu130) says where a build runs, not what it computes.
    release = installed.partition("+")[0]
    return ".".join(release.split(".")[:2]) if package in BY_MINOR_RELEASE else release
