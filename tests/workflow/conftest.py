"""Trees that several modules look at, each made once for all of pytest's workers."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from configs import SMALL
from disturbance import Place, make_place
from filelock import FileLock
from tree import Tree, copy_project


def pytest_collection_modifyitems(items):
    """Put the tests of the longest run first, one after the other: then one worker has them all.

    Workers begin at the two ends of the list, and one would wait while the other makes the run.
    """
    items.sort(key=lambda item: "summary_run" not in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def once(tmp_path_factory, request) -> Callable[[str, Callable[[Path], None]], Path]:
    """A function that makes a folder of a name, unless another worker has made it."""
    base = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):
        base = base.parent  # which the workers share

    def make(name: str, fill: Callable[[Path], None]) -> Path:
        folder, is_made = base / name, base / f"{name}.made"
        with FileLock(base / f"{name}.lock"):
            if not is_made.exists():
                fill(folder)
                is_made.touch()
        return folder

    return make


@pytest.fixture(scope="session")
def forged_tree(once) -> Tree:
    """A tree of the shipped config that Snakemake takes for finished. For reading only."""

    def fill(folder: Path) -> None:
        copy_project(folder).forge()

    return Tree(once("forged", fill))


@pytest.fixture
def finished(forged_tree, tmp_path) -> Tree:
    """A copy of the forged tree that a test may change."""
    return forged_tree.copy(tmp_path / "whosaid")


@pytest.fixture(scope="session")
def summary_run(once) -> tuple[Tree, str]:
    """The tree after `make summary`, and what that printed. It takes minutes. For reading only."""

    def fill(folder: Path) -> None:
        tree = copy_project(folder)
        made = tree.run("make summary 2>&1")
        assert made.returncode == 0, made.stdout
        (folder / "printed").write_text(made.stdout, encoding="utf-8")

    tree = Tree(once("summary", fill))
    return tree, (tree.root / "printed").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def reference(once) -> Path:
    """The tree of a small, undisturbed run of all targets; one beside it, `fresh`, before the run.

    What was printed is in `printed`. For reading only.
    """

    def fill(folder: Path) -> None:
        tree = copy_project(folder / "fresh")
        tree.write_config(SMALL)
        place = make_place(tree.root, folder)
        pages = ("results/report.html", "results/tiny/errors.html", "results/audit.md")
        printed = place.plain("all", *pages)
        for root in (place.root, tree.root):
            shutil.copytree(
                place.root / "data" / "tiny" / "encoders" / "small",
                root / "encoder",
                ignore=shutil.ignore_patterns("manifest.json", ".*"),
            )
        place.plain("data/tiny/encoders/local/manifest.json")
        (folder / "printed").write_text(printed, encoding="utf-8")

    return once("reference", fill) / "whosaid"


@pytest.fixture
def place_of(tmp_path) -> Iterator[Callable[[Path], Place]]:
    """A function that makes a place to disturb, a copy of a tree."""
    places = []

    def make(source: Path) -> Place:
        places.append(make_place(source, tmp_path / str(len(places))))
        return places[-1]

    yield make
    for place in places:
        place.end()


@pytest.fixture
def place(reference, place_of) -> Place:
    """A copy of the reference to disturb."""
    return place_of(reference)
