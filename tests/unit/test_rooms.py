"""The package is sorted into rooms, and imports go down only."""

import pytest
import rooms


def test_the_rooms_are_the_folders_of_the_package():
    folders = {path.name for path in rooms.PACKAGE.iterdir() if path.is_dir()}
    assert folders - {"__pycache__"} == set(rooms.ROOMS)
    for room in rooms.ROOMS:
        assert not [path for path in (rooms.PACKAGE / room).rglob("*/") if path.name[0] != "_"]


def test_no_module_imports_from_a_room_above_its_own():
    assert list(rooms.upward(rooms.arrows())) == []


def test_the_modules_below_all_rooms_import_no_room():
    drawn = rooms.arrows()
    below = {name for name in drawn if rooms.room_of(name) == rooms.ROOT_MODULES}
    assert below == {"whosaid.errors", "whosaid.reported_split", "whosaid.split_names"}
    for name in below:
        assert {rooms.room_of(target) for target in drawn[name]} <= {rooms.ROOT_MODULES}


def test_no_modules_import_each_other_in_a_circle():
    assert rooms.circle(rooms.arrows()) == []


def test_every_init_is_empty():
    found = sorted(rooms.PACKAGE.rglob("__init__.py"))
    assert [path.parent for path in found] == sorted(
        [rooms.PACKAGE, *(rooms.PACKAGE / room for room in rooms.ROOMS)]
    )
    assert [path for path in found if path.read_bytes()] == []


def test_modules_are_short():
    lengths = {
        rooms.module_name(path): path.read_text(encoding="utf-8").count("\n")
        for path in rooms.modules()
    }
    assert {name for name, length in lengths.items() if length > 400} == set()


def test_every_module_says_what_it_is_in_one_line():
    for path in rooms.modules():
        assert rooms.first_line(path).endswith("."), path


def test_the_readme_lists_the_rooms():
    text = rooms.README.read_text(encoding="utf-8")
    assert rooms.with_rooms(text) == text, "run `make rooms`"


# What the checks above see.


@pytest.fixture
def package(tmp_path):
    """A function that writes modules below a package `whosaid`, and returns its arrows."""

    def write(**texts):
        for name, text in texts.items():
            path = tmp_path / "whosaid" / f"{name.replace('__', '/')}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f'"""A module.\n\nMore of it.\n"""\n{text}\n')
        return rooms.arrows(tmp_path / "whosaid")

    return write


@pytest.mark.parametrize(
    "text",
    [
        "import whosaid.training.train",
        "import whosaid.training.train as other",
        "from whosaid.training.train import train",
        "from whosaid.training import train",
        "from ..training import train",
        "from ..training.train import train",
        "def late():\n    from whosaid.training.train import train",
        "if TYPE_CHECKING:\n    from whosaid.training.train import train",
    ],
)
def test_an_arrow_is_seen_however_it_is_drawn(text, package):
    drawn = package(training__train="", corpus__recipe=text)
    assert drawn["whosaid.corpus.recipe"] == {"whosaid.training.train"}
    assert list(rooms.upward(drawn)) == ["whosaid.corpus.recipe imports whosaid.training.train"]


def test_arrows_down_and_within_a_room_are_no_fault(package):
    drawn = package(
        training__train="import whosaid.errors\nfrom whosaid.training import device",
        training__device="import numpy\nfrom whosaid.config.model import Config",
        config__model="import whosaid.split_names",
        errors="",
        split_names="",
    )
    assert list(rooms.upward(drawn)) == []
    assert rooms.circle(drawn) == []


def test_a_module_below_all_rooms_may_import_no_room(package):
    drawn = package(errors="from whosaid.config.model import Config", config__model="")
    assert list(rooms.upward(drawn)) == ["whosaid.errors imports whosaid.config.model"]


def test_a_circle_is_found(package):
    drawn = package(
        corpus__a="from whosaid.corpus import b",
        corpus__b="def late():\n    import whosaid.corpus.c",
        corpus__c="from whosaid.corpus.b import name",
    )
    assert rooms.circle(drawn) == ["whosaid.corpus.b", "whosaid.corpus.c"]


def test_the_list_has_a_heading_for_each_room_and_a_line_for_each_module():
    lines = rooms.rooms_text().splitlines()
    for room, purpose in rooms.ROOMS.items():
        assert lines.count(f"### `{room}`: {purpose}") == 1
    assert sum(line.startswith("- ") for line in lines) == len(rooms.modules())
    assert (
        "- `atomic.py`: Atomic writes: an output appears complete, or it does not appear." in lines
    )


def test_the_list_is_put_between_its_markers_only():
    old = f"# Title\n\n{rooms.START}stale\n{rooms.END}\nThe end.\n"
    new = rooms.with_rooms(old)
    assert new.startswith(f"# Title\n\n{rooms.START}") and new.endswith(f"{rooms.END}\nThe end.\n")
    assert "stale" not in new.partition(rooms.START)[2].partition("### ")[0]
    assert rooms.with_rooms(new) == new
    assert rooms.with_rooms("# Title\n").startswith("# Title\n\n## The rooms\n\n<!-- generated")
