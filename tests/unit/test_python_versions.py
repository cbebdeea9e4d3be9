"""The versions of Python that the workflow was tried with: the same in all places, none shut out.

That no newer syntax is used than `requires-python` allows is checked by ruff, which reads it.
"""

import ast
import re
import tomllib
from pathlib import Path

import yaml

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


def test_the_hosted_tests_run_on_each_of_them():
    text = (PROJECT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    matrix = yaml.safe_load(text)["jobs"]["test"]["strategy"]["matrix"]
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert matrix["python"] == versions_in(" ".join(project["classifiers"]))
    assert {name.partition("-")[0] for name in matrix["os"]} == {"ubuntu", "macos"}


def test_the_container_has_the_python_and_the_pins_of_the_conda_environment():
    recipe = (PROJECT / "envs" / "Containerfile").read_text(encoding="utf-8")
    environment = (PROJECT / "envs" / "environment.yaml").read_text(encoding="utf-8")
    assert re.findall(r"^FROM python:(3\.\d+)-", recipe, re.M) == re.findall(
        r"- python=(.*)", environment
    )
    # `test_conda_and_pip_pin_the_same_packages` compares the conda file with the requirements.
    copied = re.findall(r"envs/\S+\.txt", recipe)
    assert {"envs/requirements.txt", "envs/constraints.txt"} <= {*copied}
    assert all((PROJECT / path).is_file() for path in copied)


def test_the_catalog_is_told_what_there_is():
    told = yaml.safe_load((PROJECT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    rules = "".join(path.read_text() for path in (PROJECT / "workflow" / "rules").glob("*.smk"))
    assert told["software-stack-deployment"]["conda"] == ("conda:" in rules)
    assert told["software-stack-deployment"]["apptainer"] == ("container:" in rules)
    assert told["report"] == ("report(" in rules)


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
