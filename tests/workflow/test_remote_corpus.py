"""A corpus whose file is at a URL: fetched once by a storage plugin, then a file as any other."""

import importlib.util
import shutil
from functools import partial
from http.server import SimpleHTTPRequestHandler

import pytest
from configs import TINY
from hub_server import served
from tree import CSV, Tree, copy_project

from whosaid.config.corpus_files import downloads

LINES = "data/tiny/lines.parquet"
STOPPED = "http://127.0.0.1:9/shows/script.csv"

needs_plugin = pytest.mark.skipif(
    importlib.util.find_spec("snakemake_storage_plugin_http") is None,
    reason="no snakemake-storage-plugin-http; envs/requirements_dev.txt has it",
)


def project(folder, url) -> Tree:
    tree = copy_project(folder / "whosaid")
    changes = {
        "corpus": TINY["corpus"] | {"csv": url},
        "encoders": {"unused": {"path": "nowhere"}},
        "defaults": {"encoder": "unused", "classifier": "linear"},
    }
    tree.write_config(TINY | changes)
    return tree


@needs_plugin
@pytest.mark.slow
def test_a_url_is_fetched_by_name_and_then_needs_no_network(tmp_path):
    remote = tmp_path / "remote" / "shows"
    remote.mkdir(parents=True)
    shutil.copy(copy_project(tmp_path / "source").root / CSV, remote / "script.csv")
    with served(partial(SimpleHTTPRequestHandler, directory=tmp_path / "remote")) as server:
        host, port = server.server_address
        tree = project(tmp_path, f"http://{host}:{port}/shows/script.csv")
        tree.snakemake("fetch_corpus")
    [copy] = tree.root.glob("data/downloads/*/script.csv")
    assert copy.read_bytes() == (remote / "script.csv").read_bytes()
    tree.snakemake(LINES)  # the server is gone
    assert tree.plan(LINES) == []
    # Another version would be another file.
    copy.write_bytes(copy.read_bytes().replace(b" the ", b" that ", 1))
    assert tree.plan(LINES) == [("read_lines",)]


def test_what_has_not_been_fetched_is_told_with_the_command(tmp_path):
    [copy] = downloads([STOPPED]).values()
    assert project(tmp_path, STOPPED).refusal(LINES) == (
        f"corpus.csv: {STOPPED}: not fetched yet; with this config, "
        f"`snakemake --cores 1 fetch_corpus` copies it to {copy}"
    )


def test_a_url_of_which_no_plugin_knows_is_told_with_the_plugins(tmp_path):
    said = project(tmp_path, "nowhere://bucket/script.csv").refusal("fetch_corpus")
    assert said.startswith("corpus.csv: ") and "nowhere://bucket/script.csv" in said
    assert "snakemake-storage-plugin-http" in said


@needs_plugin
def test_a_file_that_the_server_does_not_have_is_named(tmp_path):
    with served(partial(SimpleHTTPRequestHandler, directory=tmp_path)) as server:
        host, port = server.server_address
        url = f"http://{host}:{port}/nothing.csv"
        code, printed = project(tmp_path, url).try_snakemake("fetch_corpus")
    assert code == 1
    assert "Missing input files for rule fetch_corpus" in printed and url in printed
