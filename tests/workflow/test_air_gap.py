"""Two projects, one with a hub and one without any network, and what goes from one to the other."""

import copy
import os
import shutil
import subprocess

import pytest
from configs import TINY
from hub_server import REVISION, endpoint, hub_of
from tree import CSV, copy_project

from whosaid.config.corpus_files import downloads

pytestmark = pytest.mark.slow

NO_NETWORK = "unshare --net"
TARGETS = " ".join(f"results/tiny/metrics/{name}/test.json" for name in ("of_hub", "of_folder"))

URL = "https://example.org/script.csv"
CONFIG = copy.deepcopy(TINY)
CONFIG["corpus"]["csv"] = URL
CONFIG["encoders"] = {
    "hub": {"hub": {"name": "toy/encoder", "revision": REVISION}},
    "folder": {"path": "data/encoders/mine"},
}
CONFIG["variants"] = {"of_hub": {"encoder": "hub"}, "of_folder": {"encoder": "folder"}}
if os.environ.get("NLTK_DATA"):
    CONFIG["corpus"]["word_tokenizer"] = "punkt"
    CONFIG["variants"]["of_hub"]["min_words"] = 4
CONFIG["defaults"]["encoder"] = "hub"


def test_a_bundle_is_all_that_a_machine_without_a_network_needs(tmp_path, encoders):
    if subprocess.run([*NO_NETWORK.split(), "true"], capture_output=True).returncode:
        pytest.skip("this user may not make a network namespace")
    online, offline = (copy_project(tmp_path / name) for name in ("online", "offline"))
    for tree in (online, offline):
        tree.write_config(CONFIG)
    shutil.copytree(encoders["distilbert"], online.root / "data/encoders/mine")
    [copied] = downloads([URL]).values()
    (online.root / copied).parent.mkdir(parents=True)
    shutil.copy(online.root / CSV, online.root / copied)
    with hub_of(encoders["distilbert"]) as hub:
        reached = {**endpoint(hub, tmp_path / "home"), "HF_HUB_OFFLINE": "0"}
        packed = online.run("make bundle 2>&1", **reached)
    assert packed.returncode == 0, packed.stdout

    # Without the bundle the run ends with one of the things that are missing.
    lacking = offline.run(f"{NO_NETWORK} snakemake {TARGETS} --cores 1 2>&1", NLTK_DATA="")
    assert lacking.returncode != 0
    missing = ("example.org", "data/encoders/mine", "toy/encoder", "tokenizers/punkt_tab")
    assert any(name in lacking.stdout for name in missing), lacking.stdout

    shutil.move(online.root / "results/tiny/bundle.tar", tmp_path)
    shutil.rmtree(online.root)
    unpacked = offline.run(f"make unbundle BUNDLE={tmp_path}/bundle.tar 2>&1")
    assert unpacked.returncode == 0, unpacked.stdout
    made = offline.run(
        f"{NO_NETWORK} snakemake {TARGETS} --cores 1 --quiet host 2>&1", NLTK_DATA=""
    )
    assert made.returncode == 0, made.stdout
    assert "rule fetch_punkt" not in made.stdout
    assert "toy/encoder@" not in made.stdout  # the other encoder is copied from its folder
    assert offline.plan(TARGETS) == []
