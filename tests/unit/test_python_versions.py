"""The versions of Python that the workflow was tried with: the same in all places, none shut out.

That no newer syntax is used than `requires-python` allows is checked by ruff, which reads it.
"""

import ast
import re
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]

# In Python 3.12 and 3.13.
REMOVED = {"asynchat", "asyncore", "distutils", "imp", "smtpd"}
REMOVED |= {"aifc", "audioop", "cgi", "cgitb", "chunk", "crypt", "imghdr", "lib2to3", "mailcap"}
REMOVED |= {"msilib", "nis", "nntplib", "ossaudiodev", "pipes", "sndhdr", "spwd", "sunau"}
REMOVED |= {"telnetlib", "uu", "xdrlib"}


def versions_in(text: str) -> list[str]:
    return re.findall(r"\b3\.\d+\b", text)


def test_readme_makefile_and_project_name_the_same_versions():
    readme, makefile, pyproject, environment = (
        (PROJECT / name).read_text(encoding="utf-8")
        for name in ("README.md", "Makefile", "pyproject.toml", "envs/environment.yaml")
    )
    project = tomllib.loads(pyproject)["project"]
    tried = versions_in(" ".join(project["classifiers"]))
    [said] = re.findall(r"You need (Python .*?) on ", readme)
    assert versions_in(said) == tried
    assert versions_in(project["requires-python"]) == tried[:1]
    assert set(re.findall(r"Python (3\.\d+) or later", makefile)) == {tried[0]}
    assert f"sys.version_info < ({tried[0].replace('.', ', ')})" in makefile
    assert set(re.findall(r"- python=(.*)", environment)) <= set(tried)


def test_no_module_imports_what_a_later_python_removed():
    imported = {}
    for folder in ("workflow", "tests", "data/sample"):
        for path in (PROJECT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    imported |= {alias.name.partition(".")[0]: path for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    imported[node.module.partition(".")[0]] = path
    assert not REMOVED & imported.keys(), imported
