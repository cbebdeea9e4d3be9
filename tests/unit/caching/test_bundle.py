"""A bundle brings whole files to another place, or nothing."""

import io
import tarfile

import pytest

from whosaid.caching import bundle
from whosaid.errors import InputError

FILES = {"data/toy/encoders/one/config.json": "{}", "results/logs/one.outputs.json": '{"a": 1}'}
FILES |= {"data/toy/encoders/one/model.safetensors": "weights " * 500}


@pytest.fixture
def packed(tmp_path, monkeypatch):
    """The path of a bundle; the working folder is one where its files are not."""
    for name, content in FILES.items():
        path = tmp_path / "here" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    monkeypatch.chdir(tmp_path / "here")
    paths = ["data/toy/encoders/one", "results/logs/one.outputs.json"]
    assert {*bundle.pack(paths, tmp_path / "bundle.tar")} == {*FILES}
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path / "there")
    return tmp_path / "bundle.tar"


def files_in(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file()
    }


def refused(path, folder):
    with pytest.raises(InputError) as error:
        bundle.unpack(path, folder)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_what_is_unpacked_is_what_was_packed(packed, tmp_path):
    there = tmp_path / "there"
    assert {*bundle.unpack(packed, there)} == {*FILES}
    assert files_in(there) == FILES
    assert not (there / bundle.UNFINISHED).exists()


def test_a_damaged_bundle_changes_nothing(packed, tmp_path):
    there = tmp_path / "there"
    place = there / "data/toy/encoders/one/config.json"
    place.parent.mkdir(parents=True)
    place.write_text("mine", encoding="utf-8")
    content = packed.read_bytes()
    packed.write_bytes(content.replace(b"weights weights", b"weights_weights", 1))
    said = refused(packed, there)
    assert "model.safetensors was changed or cut short; nothing was unpacked" in said
    packed.write_bytes(content[: len(content) // 2])
    refused(packed, there)
    assert files_in(there) == {"data/toy/encoders/one/config.json": "mine"}


def archive_of(path, **contents):
    with tarfile.open(path, "w") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(name.replace("__", "/").replace("DOT", "."))
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def test_what_is_no_bundle_is_refused_in_one_line(tmp_path):
    (tmp_path / "text").write_text("no archive", encoding="utf-8")
    (tmp_path / "empty").touch()
    other = archive_of(tmp_path / "other.tar", readme=b"hello")
    more = archive_of(tmp_path / "more.tar", bundleDOTjson=b'{"files": {}}', more=b"x")
    there = tmp_path / "there"
    there.mkdir()
    assert "no bundle of whosaid" in refused(other, there)
    assert "not the files of its list" in refused(more, there)
    for name in ("text", "empty", "nowhere"):
        assert f"{tmp_path / name}: " in refused(tmp_path / name, there)
    assert [*there.iterdir()] == []


def test_a_bundle_writes_nowhere_else(tmp_path):
    """An archive may name files outside of the folder that it is unpacked in."""
    there = tmp_path / "there"
    there.mkdir()
    listed = b'{"files": {"../outside": "00"}}'
    path = archive_of(tmp_path / "evil.tar", bundleDOTjson=listed, **{"DOTDOT__outside": b"x"})
    refused(path, there)
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize("path", ["/etc/hostname", "../encoder"])
def test_files_outside_of_the_project_are_refused(path, tmp_path, monkeypatch):
    (tmp_path / "encoder").mkdir()
    (tmp_path / "encoder/config.json").touch()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(InputError, match="copy its folder into data/"):
        bundle.pack([path], tmp_path / "bundle.tar")
    assert not (tmp_path / "bundle.tar").exists()
