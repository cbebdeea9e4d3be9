"""Faults of the machine: full disks, folders that are read-only, too little memory.

See `test_faults.py`.
"""

import os
import shutil
import subprocess
import sys

import pytest
import yaml
from configs import SMALL
from disturbance import (
    METRICS,
    STAGES,
    STORE,
    assert_as_reference,
    assert_complete_or_absent,
    lines_with,
    needs_proc,
)

needs_root = pytest.mark.skipif(
    not sys.platform.startswith("linux") or os.geteuid() != 0, reason="only root may mount a tmpfs"
)
pytestmark = [needs_proc, pytest.mark.slow]


@pytest.fixture
def mount():
    """Puts a folder on a small file system of its own."""
    mounted = []

    def put(folder, size="12m"):
        content = folder.with_name(f"{folder.name}_content")
        folder.rename(content)
        folder.mkdir()
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True
        )
        mounted.append(folder)
        shutil.copytree(content, folder, symlinks=True, dirs_exist_ok=True)
        shutil.rmtree(content)

    yield put
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder, left):
    """Write ballast until `left` bytes remain."""
    status = os.statvfs(folder)
    free = status.f_bavail * status.f_frsize - left
    with (folder / "ballast").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free)
    return folder / "ballast"


FULL = {
    "read_lines": 8192,
    "split_lines": 8192,
    "build_encoder": 8192,
    "fetch_encoder": 8192,
    "tokenize_splits": 8192,
    "train_model": 8192,
    "predict_splits": 8192,
    "evaluate_splits": 0,
}


@needs_root
@pytest.mark.parametrize(
    ("stage", "left"),
    [
        *FULL.items(),
        # Room for the log and the lock, but not for a checkpoint.
        pytest.param("train_model", 2**18),
    ],
)
def test_full_disk(place, reference, mount, stage, left):
    outputs, _ = STAGES[stage]
    place.remove(*outputs)
    if stage == "train_model":
        place.remove(STORE)
    if stage == "evaluate_splits":
        place.remove("results/logs")  # or Snakemake frees the old logs, room for the new metrics
    folder = place.root / outputs[0].partition("/")[0]
    mount(folder)
    ballast = fill(folder, left)
    run = place.start(*outputs)
    assert run.code() == 1, run.text()
    said = [line for line in lines_with(run.text(), f"{stage} tiny") if " is stale: " not in line]
    assert len(said) == 1, run.text()
    assert "the disk is full" in said[0]
    assert "Traceback" not in run.text()
    assert_complete_or_absent(place, reference, outputs)
    ballast.unlink()
    place.plain(*outputs)
    assert_as_reference(place, reference, outputs)


@needs_root
@pytest.mark.parametrize("stage", ["split_lines", "train_model"])
def test_read_only_data(place, reference, mount, stage):
    outputs, _ = STAGES[stage]
    place.remove(*outputs)
    folder = place.root / "data"
    mount(folder)
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    run = place.start(*outputs)
    assert run.code() == 1, run.text()
    assert "ead-only" in run.text()
    assert "Traceback" not in run.text(), run.text()
    subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)
    place.plain(*outputs)
    assert_as_reference(place, reference, outputs)


def test_too_little_memory(place, reference):
    # Evaluated at once, the first layer takes 10 GB; no more than 8 GB may be asked for.
    wide = {**SMALL["encoders"]["small"]["scratch"], "intermediate_size": 50_000}
    changes = {
        "encoders": {"wide": {"scratch": wide}},
        "variants": {
            "wide": {
                "encoder": "wide",
                "training": {"max_steps": 1, "per_device_eval_batch_size": 2008},
            }
        },
    }
    (place.root / "wide.yaml").write_text(yaml.safe_dump(changes))
    target = "data/tiny/models/wide/seed_42/training.json"
    run = place.start(target, "--configfile", "wide.yaml", prefix="ulimit -v 8000000;")
    assert run.code() == 1, run.text()
    said = lines_with(run.text(), "train_model tiny wide 42")
    assert len(said) == 1, run.text()
    assert "there is not enough memory" in said[0]
    assert "Traceback" not in run.text()
    assert not (place.root / "data" / "tiny" / "models" / "wide" / "seed_42").exists()
    assert_as_reference(place, reference, METRICS)
    assert "Nothing to be done" in place.plain(*METRICS)
