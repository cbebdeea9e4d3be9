"""What URLs under `corpus.csv` stand for. Paths and patterns are in `test_other_forms.py`."""

import pytest

from whosaid.config.corpus_files import corpus_files, downloads

URL = "https://example.org/shows/script.csv.gz"
COPY = "data/downloads/example.org/shows/script.csv.gz"


@pytest.mark.parametrize(
    ("url", "copy"),
    [
        (URL, COPY),
        (f"{URL}?download=1#top", COPY),  # the end of the name tells the form
        ("s3://bucket/a{b}*.csv", "data/downloads/bucket/a_b__.csv"),
        ("https://example.org:8000/../../script.csv", "data/downloads/example.org_8000/script.csv"),
    ],
)
def test_a_copy_has_the_name_of_its_url_and_stays_in_its_folder(url, copy):
    assert downloads([url]) == {url: copy}
    assert corpus_files([url]) == [copy]


def test_files_and_urls_keep_their_order(tmp_path):
    path = tmp_path / "script.csv"
    path.touch()
    assert downloads([str(path), URL]) == {URL: COPY}
    assert corpus_files([str(path), URL]) == [str(path), COPY]


def test_two_urls_of_one_copy_are_refused():
    """The second would be read in the place of the first."""
    with pytest.raises(ValueError, match=r"script\.csv\.gz.*name it once"):
        corpus_files([f"{URL}?version=1", f"{URL}?version=2"])
