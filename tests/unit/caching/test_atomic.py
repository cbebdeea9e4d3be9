import json
import math
import os
import signal
import subprocess
import sys

import pytest

from whosaid.caching.atomic import atomic_write
from whosaid.caching.json_files import read_json, write_json
from whosaid.caching.manifest import check_manifest, is_complete, sha256, write_manifest
from whosaid.errors import InputError


class KilledError(Exception):
    pass


def test_a_file_appears_only_when_it_is_complete(tmp_path):
    with atomic_write(tmp_path / "table.txt") as partial:
        partial.write_text("done")
        assert not (tmp_path / "table.txt").exists()
    assert (tmp_path / "table.txt").read_text() == "done"
    assert [path.name for path in tmp_path.iterdir()] == ["table.txt"]


def test_a_folder_appears_only_when_it_is_complete(tmp_path):
    with atomic_write(tmp_path / "model") as partial:
        partial.mkdir()
        (partial / "weights").write_text("1")
        assert not (tmp_path / "model").exists()
    assert (tmp_path / "model" / "weights").read_text() == "1"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_nothing_is_left_of_a_file_after_an_exception(tmp_path):
    with pytest.raises(KilledError), atomic_write(tmp_path / "table.txt") as partial:
        partial.write_text("half")
        raise KilledError
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_of_a_folder_after_an_exception(tmp_path):
    with pytest.raises(KilledError), atomic_write(tmp_path / "model") as partial:
        (partial / "deep").mkdir(parents=True)
        (partial / "deep" / "weights").write_text("half")
        raise KilledError
    assert list(tmp_path.iterdir()) == []


def test_an_exception_leaves_the_older_output_as_it_was(tmp_path):
    (tmp_path / "table.txt").write_text("old")
    with pytest.raises(KilledError), atomic_write(tmp_path / "table.txt") as partial:
        partial.write_text("half")
        raise KilledError
    assert (tmp_path / "table.txt").read_text() == "old"


def test_a_block_that_writes_nothing_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_write(tmp_path / "table.txt"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_an_older_file_is_replaced(tmp_path):
    (tmp_path / "table.txt").write_text("old")
    with atomic_write(tmp_path / "table.txt") as partial:
        partial.write_text("new")
    assert (tmp_path / "table.txt").read_text() == "new"


def test_an_older_folder_is_replaced_and_not_filled_up(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "stale").write_text("old")
    with atomic_write(tmp_path / "model") as partial:
        partial.mkdir()
        (partial / "fresh").write_text("new")
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["fresh"]


KILLED = """
import os, signal, sys
from whosaid.caching.atomic import atomic_write
with atomic_write(sys.argv[1]) as partial:
    partial.mkdir()
    (partial / "half").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_attempt_left_is_removed(tmp_path):
    path = os.pathsep.join(sys.path)
    command = [sys.executable, "-c", KILLED, str(tmp_path / "model")]
    killed = subprocess.run(command, env=os.environ | {"PYTHONPATH": path})
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "model").exists()
    assert len(list(tmp_path.iterdir())) == 1
    with atomic_write(tmp_path / "model") as partial:
        partial.mkdir()
    assert list((tmp_path / "model").iterdir()) == []
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_what_a_killed_attempt_of_the_same_process_number_left_is_removed(tmp_path):
    # In a container every run may have the same process number.
    with atomic_write(tmp_path / "model") as partial:
        name = partial.name
        partial.mkdir()
    (tmp_path / name).mkdir()
    (tmp_path / name / "half").write_text("half")
    with atomic_write(tmp_path / "model") as partial:
        assert not partial.exists()
        partial.mkdir()
    assert list((tmp_path / "model").iterdir()) == []


def test_missing_parent_folders_are_made(tmp_path):
    with atomic_write(tmp_path / "a" / "b" / "table.txt") as partial:
        partial.write_text("done")
    assert (tmp_path / "a" / "b" / "table.txt").read_text() == "done"


def test_json_can_be_read_back_and_keeps_its_letters(tmp_path):
    write_json(tmp_path / "facts.json", {"name": "Zoë", "rows": 3})
    text = (tmp_path / "facts.json").read_text(encoding="utf-8")
    assert json.loads(text) == {"name": "Zoë", "rows": 3}
    assert "Zoë" in text
    assert text.endswith("}\n")


def test_an_undefined_number_is_null_in_a_file(tmp_path):
    value = {"f1": math.nan, "of_seeds": [0.5, math.nan], "pairs": [{"auc": (math.nan, 1)}]}
    write_json(tmp_path / "facts.json", value)
    wanted = {"f1": None, "of_seeds": [0.5, None], "pairs": [{"auc": [None, 1]}]}
    assert read_json(tmp_path / "facts.json") == wanted
    assert "NaN" not in (tmp_path / "facts.json").read_text()


def test_json_that_cannot_be_written_leaves_nothing(tmp_path):
    with pytest.raises(TypeError):
        write_json(tmp_path / "facts.json", {"path": object()})
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "sub" / "merges.txt").write_text("a b")
    write_manifest(tmp_path, source="here", revision=None)
    return tmp_path


def test_the_digest_is_that_of_the_content(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256(tmp_path / "abc") == known


def test_a_manifest_lists_every_file_and_the_facts(folder):
    manifest = check_manifest(folder)
    assert manifest["source"] == "here"
    assert manifest["revision"] is None
    assert manifest["files"] == {
        name: sha256(folder / name) for name in ("config.json", "sub/merges.txt")
    }


def test_a_changed_file_is_refused_by_name(folder):
    (folder / "sub" / "merges.txt").write_text("a c")
    with pytest.raises(InputError, match=r"merges\.txt was changed or cut short"):
        check_manifest(folder)


def test_a_missing_file_is_refused_by_name(folder):
    (folder / "config.json").unlink()
    with pytest.raises(InputError, match=r"config\.json is missing"):
        check_manifest(folder)


def test_a_folder_is_complete_as_long_as_every_file_is_as_it_was_written(folder):
    assert is_complete(folder)
    (folder / "sub" / "merges.txt").write_text("a c")
    assert not is_complete(folder)
    (folder / "sub" / "merges.txt").write_text("a b")
    assert is_complete(folder)
    (folder / "config.json").unlink()
    assert not is_complete(folder)


@pytest.mark.parametrize("text", [None, "", '{"files": {'])
def test_a_folder_without_a_readable_manifest_is_not_complete(text, folder):
    (folder / "manifest.json").unlink()
    if text is not None:
        (folder / "manifest.json").write_text(text)
    assert not is_complete(folder)
