"""What URLs under `corpus.csv` stand for. Paths and patterns are in `test_other_forms.py`."""

import re

import pytest

from whosaid.config.corpus_files import corpus_files, downloads

URL = "https://example.org/shows/script.csv.gz"
[COPY] = downloads([URL]).values()


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (URL, "script.csv.gz"),
        (f"{URL}?download=1#top", "script.csv.gz"),  # the end of the name tells the form
        ("s3://bucket/a{b}*.csv", "a_b__.csv"),
        ("https://example.org:8000/../..", "example.org_8000"),
    ],
)
def test_a_copy_has_the_name_of_its_url_and_stays_in_its_folder(url, name):
    [copy] = downloads([url]).values()
    assert re.fullmatch(rf"data/downloads/[0-9a-f]{{12}}/{re.escape(name)}", copy)
    assert corpus_files([url]) == [copy]


@pytest.mark.parametrize(
    "other",
    [f"{URL}?version=2", URL.replace("https", "s3"), URL.replace("/shows", ""), f"{URL}#top"],
)
def test_another_url_is_another_file(other):
    """After a change of `?gid=0` to `?gid=1` the copy of the first sheet was still read."""
    assert len({COPY, *downloads([other]).values()}) == 2


def test_files_and_urls_keep_their_order(tmp_path):
    path = tmp_path / "script.csv"
    path.touch()
    assert downloads([str(path), URL]) == {URL: COPY}
    assert corpus_files([str(path), URL]) == [str(path), COPY]


def test_a_url_that_is_named_twice_is_refused():
    with pytest.raises(ValueError, match=r"script\.csv\.gz.*name it once"):
        corpus_files([URL, URL])
