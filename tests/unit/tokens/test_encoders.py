import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import build_encoder
import fetch_encoder
import pandas as pd
import pytest
from hub_server import REVISION, endpoint, hub_of
from safetensors.torch import load_file
from transformers import AutoModel, AutoTokenizer

from whosaid.caching.manifest import check_manifest, sha256
from whosaid.errors import InputError
from whosaid.jobs.resource_advice import resource_advice
from whosaid.tokens import encoder_sources

WORKFLOW = Path(__file__).parents[3] / "workflow"
FAMILIES = ("distilbert", "roberta")
SCRATCH = {"vocab_size": 350, "hidden_size": 16, "num_hidden_layers": 1}
SCRATCH |= {"num_attention_heads": 2, "intermediate_size": 32}


def build(folder, lines, family, seed):
    scratch = {"architecture": family, "seed": seed, **SCRATCH}
    build_encoder.main(encoder=str(folder), lines=str(lines), **scratch)
    return load_file(folder / "model.safetensors")


def same_weights(one, other):
    return one.keys() == other.keys() and all(one[name].equal(other[name]) for name in one)


def name_of_files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def fetch_as_snakemake_would(arguments, environment):
    """`main` below `stage` in a fresh Python, since the hub's settings are read at import.

    The library tries five times before it gives up on a hub; it is not to wait in between.
    """
    code = (
        "import time; time.sleep = lambda seconds: None\n"
        "import json, sys, fetch_encoder\n"
        "from types import SimpleNamespace\n"
        "from whosaid.jobs.stage import stage\n"
        "arguments = json.loads(sys.argv[1])\n"
        "job = SimpleNamespace(rule='fetch_encoder', log=[sys.argv[2]], output=[])\n"
        "job.wildcards, job.input, job.params = {'encoder': 'toy'}, [], {}\n"
        "with stage(job):\n"
        "    fetch_encoder.main(**arguments)\n"
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    clean["PYTHONPATH"] = os.pathsep.join([str(WORKFLOW), str(WORKFLOW / "scripts")])
    log = str(Path(arguments["encoder"]).with_suffix(".log"))
    return subprocess.run(
        [sys.executable, "-c", code, json.dumps(arguments), log],
        env=clean | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


# From scratch.


@pytest.mark.parametrize("family", FAMILIES)
def test_an_encoder_from_scratch_loads_with_the_auto_classes(family, encoders):
    model = AutoModel.from_pretrained(encoders[family])
    tokenizer = AutoTokenizer.from_pretrained(encoders[family])
    assert model.config.model_type == family
    assert model.config.vocab_size == len(tokenizer) <= 400
    assert model.config.pad_token_id == tokenizer.pad_token_id
    assert model(**tokenizer("I like beets.", return_tensors="pt")).last_hidden_state.shape[2] == 16


@pytest.mark.parametrize("family", FAMILIES)
def test_an_encoder_from_scratch_takes_512_tokens(family, encoders):
    tokenizer = AutoTokenizer.from_pretrained(encoders[family])
    ids = tokenizer("beets " * 1000, truncation=True, return_tensors="pt")
    assert ids["input_ids"].shape[1] == 512
    assert AutoModel.from_pretrained(encoders[family])(**ids).last_hidden_state.shape[1] == 512


def test_the_wordpiece_tokenizer_ignores_case(encoders):
    tokenizer = AutoTokenizer.from_pretrained(encoders["distilbert"])
    tokens = tokenizer.tokenize("Schrute beets")
    assert tokens == tokenizer.tokenize("SCHRUTE Beets")
    assert "schrute" in tokens
    assert "##" in "".join(tokenizer.get_vocab())
    assert tokenizer("beets")["input_ids"][0] == tokenizer.cls_token_id


def test_the_byte_level_tokenizer_keeps_case_and_every_letter(encoders):
    tokenizer = AutoTokenizer.from_pretrained(encoders["roberta"])
    assert tokenizer.tokenize("Beets") != tokenizer.tokenize("beets")
    for text in ("Zoë drank café", "naïve — 🎉…", " “quoted”\n北京"):
        ids = tokenizer(text)["input_ids"]
        assert tokenizer.unk_token_id not in ids
        assert tokenizer.decode(ids, skip_special_tokens=True) == text


@pytest.mark.parametrize("family", FAMILIES)
def test_frequent_words_of_the_corpus_are_one_token(family, encoders):
    tokenizer = AutoTokenizer.from_pretrained(encoders[family])
    assert len(tokenizer.tokenize(" beets")) == 1


@pytest.mark.parametrize("family", FAMILIES)
def test_one_seed_gives_the_same_weights_and_another_gives_others(family, lines, tmp_path):
    one = build(tmp_path / "one", lines, family, seed=7)
    again = build(tmp_path / "again", lines, family, seed=7)
    other = build(tmp_path / "other", lines, family, seed=8)
    assert same_weights(one, again)
    assert not same_weights(one, other)
    one_vocabulary, again_vocabulary = (
        AutoTokenizer.from_pretrained(tmp_path / name).get_vocab() for name in ("one", "again")
    )
    assert one_vocabulary == again_vocabulary


@pytest.mark.parametrize("family", FAMILIES)
def test_the_manifest_lists_every_file_with_its_digest(family, encoders):
    manifest = check_manifest(encoders[family])
    assert (manifest["source"], manifest["revision"]) == ("scratch", None)
    assert set(manifest["files"]) == name_of_files(encoders[family]) - {"manifest.json"}
    for name, digest in manifest["files"].items():
        content = (encoders[family] / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest


@pytest.mark.parametrize("family", FAMILIES)
def test_an_encoder_holds_safetensors_json_and_text_only(family, encoders):
    names = name_of_files(encoders[family])
    assert "model.safetensors" in names
    assert all(name.endswith((".safetensors", ".json", ".txt")) for name in names)


# From a local folder.


@pytest.fixture
def local(encoders, tmp_path):
    """A folder as a user may have it: an encoder with more in it than is needed."""
    shutil.copytree(encoders["distilbert"], tmp_path / "local")
    (tmp_path / "local" / "manifest.json").unlink()
    (tmp_path / "local" / "pytorch_model.bin").write_bytes(b"\x80\x04pickle")
    (tmp_path / "local" / "training_args.bin").write_bytes(b"\x80\x04pickle")
    (tmp_path / "local" / "modeling_custom.py").write_text("raise SystemExit")
    (tmp_path / "local" / "onnx").mkdir()
    (tmp_path / "local" / "onnx" / "model.onnx").write_bytes(b"onnx")
    return tmp_path / "local"


def test_a_local_encoder_is_copied_without_pickles_and_code(local, tmp_path):
    fetch_encoder.main(encoder=str(tmp_path / "encoder"), path=str(local))
    copied = name_of_files(tmp_path / "encoder")
    assert copied == {
        *("config.json", "model.safetensors", "manifest.json"),
        *("tokenizer.json", "tokenizer_config.json"),
    }
    for name in copied - {"manifest.json"}:
        assert sha256(tmp_path / "encoder" / name) == sha256(local / name)
    manifest = check_manifest(tmp_path / "encoder")
    assert (manifest["source"], manifest["revision"]) == (str(local), None)
    assert set(manifest["files"]) == copied - {"manifest.json"}


@pytest.mark.parametrize(
    ("card", "license"),
    [
        ("---\nlicense: apache-2.0\n---\n# An encoder", "apache-2.0"),
        ("# An encoder without a header", None),
        ("---\n- license\n---\n", None),
        ("---\nlicense: [\n---\n", None),
        (None, None),
    ],
)
def test_the_manifest_has_the_licence_that_the_encoders_card_names(local, tmp_path, card, license):
    if card is not None:
        (local / "README.md").write_text(card)
    fetch_encoder.main(encoder=str(tmp_path / "encoder"), path=str(local))
    manifest = check_manifest(tmp_path / "encoder")
    assert manifest["license"] == license
    assert "README.md" not in manifest["files"]


def lose(folder, *names):
    for name in names:
        (folder / name).unlink()


@pytest.mark.parametrize(
    ("lost", "complaint"),
    [
        (["model.safetensors"], "no model.safetensors"),
        (["config.json"], "no config.json"),
        (["tokenizer.json"], "no tokenizer"),
    ],
)
def test_a_local_encoder_that_lacks_a_file_is_refused(lost, complaint, local, tmp_path):
    lose(local, *lost)
    with pytest.raises(InputError, match=complaint):
        fetch_encoder.main(encoder=str(tmp_path / "encoder"), path=str(local))
    assert not (tmp_path / "encoder").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"local"}


def test_a_folder_with_nothing_but_a_pickle_is_told_how_to_become_one(local, tmp_path):
    lose(local, "model.safetensors")
    with pytest.raises(InputError, match="PyTorch pickles are not read"):
        fetch_encoder.main(encoder=str(tmp_path / "encoder"), path=str(local))


def test_a_folder_that_is_not_there_is_refused_in_one_line(tmp_path):
    with pytest.raises(InputError, match="no such folder") as caught:
        fetch_encoder.main(encoder=str(tmp_path / "encoder"), path=str(tmp_path / "nowhere"))
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


# From the hub: a server that answers like it, on this machine.


@pytest.fixture
def pinned(tmp_path):
    return {
        "encoder": str(tmp_path / "fetched" / "encoder"),
        "hub": {"name": "toy/encoder", "revision": REVISION},
    }


def test_only_what_is_needed_is_downloaded_and_at_the_pinned_commit(local, pinned, tmp_path):
    with hub_of(local) as hub:
        done = fetch_as_snakemake_would(pinned, endpoint(hub, tmp_path / "home"))
        asked = hub.asked
    assert done.returncode == 0, done.stderr
    folder = Path(pinned["encoder"])
    needed = {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    assert name_of_files(folder) == needed | {"manifest.json"}
    for name in needed:
        assert sha256(folder / name) == sha256(local / name)
    manifest = check_manifest(folder)
    assert (manifest["source"], manifest["revision"]) == ("toy/encoder", REVISION)
    assert all(REVISION in path for path in asked if "toy/encoder" in path)
    assert {path.rpartition("/")[2] for path in asked if "/resolve/" in path} == needed
    assert not any(path.is_symlink() for path in folder.iterdir())


def test_the_licence_of_an_encoder_of_the_hub_is_kept(local, pinned, tmp_path):
    (local / "README.md").write_text("---\nlicense: mit\n---\n# An encoder")
    with hub_of(local) as hub:
        done = fetch_as_snakemake_would(pinned, endpoint(hub, tmp_path / "home"))
    assert done.returncode == 0, done.stderr
    assert check_manifest(Path(pinned["encoder"]))["license"] == "mit"


def test_a_good_fetch_does_not_list_its_requests(local, pinned, tmp_path):
    with hub_of(local) as hub:
        done = fetch_as_snakemake_would(pinned, endpoint(hub, tmp_path / "home"))
    assert f"{pinned['encoder']} from toy/encoder@{REVISION}" in done.stderr
    assert "HTTP Request" not in done.stderr


def test_what_the_cache_holds_is_fetched_without_the_hub(local, pinned, tmp_path):
    with hub_of(local) as hub:
        environment = endpoint(hub, tmp_path / "home")
        fetch_as_snakemake_would(pinned, environment)
    again = pinned | {"encoder": str(tmp_path / "fetched" / "again")}
    done = fetch_as_snakemake_would(again, environment | {"HF_HUB_OFFLINE": "1"})
    assert done.returncode == 0, done.stderr
    assert name_of_files(Path(again["encoder"])) == name_of_files(Path(pinned["encoder"]))


def complaint_of(done, pinned):
    """The one line that a refused fetch says under the stage's name."""
    assert done.returncode == 1
    log = Path(pinned["encoder"]).with_suffix(".log").read_text(encoding="utf-8")
    assert "Traceback" not in done.stderr + log
    assert not Path(pinned["encoder"]).exists()
    [line] = [line for line in done.stderr.splitlines() if line.startswith("fetch_encoder toy")]
    assert done.stderr.splitlines()[-1] == line
    return line


def assert_is_not_given(done, pinned):
    complaint = complaint_of(done, pinned)
    source = f"{pinned['hub']['name']}@{REVISION}"
    assert complaint.startswith(f"fetch_encoder toy: {source}: the hub does not give it")
    assert "give a local folder with `path`" in complaint


def test_a_hub_that_is_down_is_one_line_with_advice(pinned, tmp_path, local):
    with hub_of(local) as hub:
        environment = endpoint(hub, tmp_path / "home")
    assert_is_not_given(fetch_as_snakemake_would(pinned, environment), pinned)


def test_a_hub_that_is_down_is_complained_of_once(pinned, tmp_path, local):
    with hub_of(local) as hub:
        environment = endpoint(hub, tmp_path / "home")
    done = fetch_as_snakemake_would(pinned, environment)
    lines = done.stderr.splitlines()
    assert [line for number, line in enumerate(lines) if line in lines[:number][-1:]] == []


def test_a_hub_that_is_switched_off_is_one_line_with_advice(pinned, tmp_path):
    environment = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "home")}
    assert_is_not_given(fetch_as_snakemake_would(pinned, environment), pinned)


def test_a_full_disk_is_not_the_hubs_fault(monkeypatch, tmp_path):
    def download(*arguments, **options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(encoder_sources, "snapshot_download", download)
    with pytest.raises(OSError, match="No space left") as raised:
        encoder_sources.download("toy/encoder", REVISION, tmp_path / "encoder")
    assert "the disk is full" in resource_advice(raised.value)


def test_a_repository_that_is_not_there_is_one_line_with_advice(local, pinned, tmp_path):
    pinned["hub"]["name"] = "toy/other"
    with hub_of(local) as hub:
        done = fetch_as_snakemake_would(pinned, endpoint(hub, tmp_path / "home"))
    assert_is_not_given(done, pinned)


def test_a_download_that_breaks_off_is_one_line_with_advice(local, pinned, tmp_path):
    with hub_of(local) as hub:
        hub.cuts_off = True
        done = fetch_as_snakemake_would(pinned, endpoint(hub, tmp_path / "home"))
    assert_is_not_given(done, pinned)


def test_a_repository_without_safetensors_is_refused(local, pinned, tmp_path):
    lose(local, "model.safetensors")
    with hub_of(local) as hub:
        done = fetch_as_snakemake_would(pinned, endpoint(hub, tmp_path / "home"))
    assert "no model.safetensors" in complaint_of(done, pinned)


def test_the_corpus_of_the_fixtures_is_as_it_says(lines):
    speakers = pd.read_parquet(lines)["speaker"]
    top = speakers.value_counts().head(10)
    assert top["dwight"] / top.sum() == pytest.approx(1 / 6)


def test_an_error_of_the_hub_without_words_is_named(tmp_path, monkeypatch):
    """It ended in an IndexError."""

    def give_nothing(*names, **options):
        raise TimeoutError

    monkeypatch.setattr(encoder_sources, "snapshot_download", give_nothing)
    with pytest.raises(InputError, match=r"the hub does not give it \(TimeoutError\)"):
        encoder_sources.download("some/encoder", REVISION, tmp_path / "encoder")
