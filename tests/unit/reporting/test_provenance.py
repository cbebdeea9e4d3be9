"""What is said of packages, code and stages."""

import importlib.metadata
import platform
import subprocess
from pathlib import Path

import pytest

from whosaid.reporting import provenance

PROJECT = Path(__file__).parents[3]


def test_the_packages_are_the_required_ones():
    lines = (PROJECT / "envs" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    required = [line.partition("==")[0] for line in lines if line and line[0] != "#"]
    assert sorted(provenance.PACKAGES) == sorted(required)


def cells(table):
    rows = [line.split("|")[1:-1] for line in table.splitlines()[2:]]
    return {row[0].strip(): [cell.strip() for cell in row[1:]] for row in rows}


def test_versions_are_the_installed_ones_beside_those_of_the_trainings():
    records = [{"versions": {"torch": "2.1"}}, {"versions": {"torch": "2.2", "numpy": "1"}}]
    found = cells(provenance.packages([*records, records[0]]))
    assert found["torch"] == [importlib.metadata.version("torch"), "2.1, 2.2"]
    assert found["pandas"] == [importlib.metadata.version("pandas"), ""]


def test_a_package_that_is_not_there_has_a_dash(monkeypatch):
    monkeypatch.setattr(provenance, "PACKAGES", ("nosuchpackage",))
    assert cells(provenance.packages([])) == {"nosuchpackage": ["—", ""]}


@pytest.fixture
def repository(tmp_path):
    """A function that runs git in a repository with one commit."""

    def git(*arguments):
        identity = ["-c", "user.name=A", "-c", "user.email=a@b.c"]
        command = ["git", "-C", str(tmp_path), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "--quiet")
    (tmp_path / "file").write_text("one")
    git("add", "file")
    git("commit", "--quiet", "-m", "First")
    return git


def test_the_commit_is_told_and_whether_files_differ_from_it(repository, tmp_path):
    head = repository("rev-parse", "HEAD")
    (tmp_path / "results").write_text("not tracked")
    assert provenance.commit_of(tmp_path) == head
    (tmp_path / "file").write_text("two")
    assert provenance.commit_of(tmp_path) == f"{head}, with changes that are not committed"


def test_the_repository_around_a_copy_of_the_workflow_is_not_its_own(repository, tmp_path):
    (tmp_path / "copy").mkdir()
    assert provenance.commit_of(tmp_path / "copy") is None


def test_without_git_or_a_commit_none_is_told(tmp_path, monkeypatch):
    (tmp_path / ".git").mkdir()
    assert provenance.commit_of(tmp_path) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert provenance.commit_of(PROJECT) is None
    told = provenance.system(tmp_path, [{"device": "A"}, {"device": "B"}, {"device": "A"}])
    assert "no known commit" in told and "trained on: A, B" in told
    assert platform.python_version() in told


def record(rule, inputs, outputs):
    return {"rule": rule, "inputs": dict.fromkeys(inputs, "digest"), "outputs": outputs}


RECORDS = [
    record("summarize", ["b1", "b2", "a"], ["summary"]),
    record("train", ["a"], ["b2"]),
    record("train", ["a", "c"], ["b1"]),
    record("read", ["users.csv"], ["a", "a2"]),
    record("build", [], ["c"]),
    record("describe", ["a"], ["another page"]),
]


def test_the_stages_are_those_that_led_to_the_targets_in_the_order_of_the_pipeline():
    found = cells(provenance.stages(RECORDS, ["summary", "without a record"]))
    assert found == {
        "read": ["1", ""],
        "build": ["1", ""],
        "train": ["2", "read, build"],
        "summarize": ["1", "read, train"],
    }
    assert [*found][2:] == ["train", "summarize"]
    assert [*cells(provenance.stages(RECORDS, ["another page"]))] == ["read", "describe"]


def test_a_rule_that_reads_what_it_made_itself_is_a_stage_like_any_other():
    """A report ended with a CycleError where an ensemble had a search as member."""
    combined = [("combine", ["words"], ["search"]), ("combine", ["search"], ["together"])]
    records = [{"rule": rule, "inputs": of, "outputs": to} for rule, of, to in combined]
    assert cells(provenance.stages(records, ["together"])) == {"combine": ["2", "combine"]}
