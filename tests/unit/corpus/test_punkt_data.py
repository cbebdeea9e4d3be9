import hashlib
import os
import zipfile

import fetch_punkt
import nltk
import pandas as pd
import pytest

from whosaid.corpus import punkt_data
from whosaid.corpus.count_words import count_words
from whosaid.errors import InputError


def fill(folder):
    folder.mkdir(parents=True)
    for name in punkt_data.FILES:
        (folder / name).write_text(f"made up {name}\n")


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files(folder)}


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def pin(folder, monkeypatch):
    """Let the files of a folder be the pinned ones."""
    for name in punkt_data.FILES:
        lines = sorted((folder / name).read_text(encoding="utf-8").splitlines())
        digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        monkeypatch.setitem(punkt_data.FILES, name, digest)


@pytest.fixture
def local(tmp_path, monkeypatch):
    """A folder as NLTK_DATA names it, with more languages than are needed."""
    fill(tmp_path / "nltk_data" / punkt_data.ENGLISH)
    pin(tmp_path / "nltk_data" / punkt_data.ENGLISH, monkeypatch)
    fill((tmp_path / "nltk_data" / punkt_data.ENGLISH).with_name("german"))
    return tmp_path / "nltk_data"


@pytest.fixture
def archive(local, tmp_path):
    """An archive laid out as that of nltk_data."""
    path = tmp_path / "punkt_tab.zip"
    with zipfile.ZipFile(path, "w") as zipped:
        for name, content in contents(local / "tokenizers").items():
            zipped.writestr(name, content)
    return path


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_data_is_copied_from_where_nltk_data_leads(local, tmp_path):
    out = tmp_path / "out"
    # An address that does not exist: it must not be tried.
    fetch_punkt.main(str(out), str(local), url=(tmp_path / "nowhere").as_uri())
    assert contents(out / punkt_data.ENGLISH) == contents(local / punkt_data.ENGLISH)
    assert len(files(out)) == 4


def test_the_first_complete_folder_of_the_search_path_counts(local, tmp_path):
    incomplete = tmp_path / "incomplete"
    fill(incomplete / punkt_data.ENGLISH)
    (incomplete / punkt_data.ENGLISH / next(iter(punkt_data.FILES))).unlink()
    path = os.pathsep.join(["", str(tmp_path / "nowhere"), str(incomplete), str(local)])
    assert punkt_data.find_local(path) == local / punkt_data.ENGLISH
    assert punkt_data.find_local("") is None


def test_the_data_is_unpacked_from_the_archive(archive, local, tmp_path):
    out = tmp_path / "out"
    fetch_punkt.main(str(out), "", url=archive.as_uri(), sha256=digest(archive))
    assert contents(out / punkt_data.ENGLISH) == contents(local / punkt_data.ENGLISH)
    assert len(files(out)) == 4


def test_an_archive_with_another_checksum_is_refused(archive, tmp_path):
    with pytest.raises(InputError, match="not the pinned 0000") as caught:
        fetch_punkt.main(str(tmp_path / "out"), "", url=archive.as_uri(), sha256="0" * 64)
    assert digest(archive) in str(caught.value)
    assert_one_line_with_advice(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/punkt_tab.zip", "http://nowhere.invalid/"])
def test_an_archive_out_of_reach_is_one_line_with_advice(url, tmp_path):
    with pytest.raises(InputError) as caught:
        fetch_punkt.main(str(tmp_path / "out"), "", url=url)
    assert str(caught.value).startswith(url)
    assert_one_line_with_advice(caught.value)
    assert list(tmp_path.iterdir()) == []


def assert_one_line_with_advice(error):
    assert "\n" not in str(error)
    assert "NLTK_DATA" in str(error)
    assert "preserve_line" in str(error)


def test_a_copy_with_other_parameters_is_refused(local, tmp_path):
    """A public project shipped a made-up list of 22 abbreviations in the place of the 156."""
    path = local / punkt_data.ENGLISH / "abbrev_types.txt"
    lines = ["made", "up"]
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(InputError, match=rf"NLTK_DATA: {path} is not that of punkt_tab"):
        fetch_punkt.main(str(tmp_path / "out"), str(local))
    assert not (tmp_path / "out").exists()


def test_the_order_of_lines_and_their_ends_play_no_part(local, tmp_path, monkeypatch):
    path = local / punkt_data.ENGLISH / "abbrev_types.txt"
    path.write_bytes(b"mr\nu.s\n")
    pin(path.parent, monkeypatch)
    path.write_bytes(b"u.s\r\nmr")
    fetch_punkt.main(str(tmp_path / "out"), str(local))


@pytest.mark.skipif(not os.environ.get("NLTK_DATA"), reason="NLTK_DATA is not set")
def test_the_original_is_taken():
    punkt_data.check(punkt_data.find_local(os.environ["NLTK_DATA"]))


def test_nltk_reads_what_was_fetched(tmp_path, monkeypatch):
    folder = tmp_path / "nltk_data" / punkt_data.ENGLISH
    folder.mkdir(parents=True)
    for name in punkt_data.FILES:
        (folder / name).write_text("")
    pin(folder, monkeypatch)
    fetch_punkt.main(str(tmp_path / "out"), str(tmp_path / "nltk_data"))
    before = list(nltk.data.path)
    try:
        # Without abbreviations each full stop ends a sentence and is a token of its own.
        texts = pd.Series(["No. I can't. Go."])
        assert count_words(texts, "punkt", str(tmp_path / "out")).tolist() == [8]
        assert count_words(texts, "preserve_line", None)[0] < 8
    finally:
        nltk.data.path[:] = before
