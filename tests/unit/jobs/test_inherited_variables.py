"""What of the environment no job inherits, and that this is enough for a training."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from safetensors.torch import load_file

from whosaid.jobs.inherited_variables import DROPPED, KEPT, drop_variables

MANUAL = Path(__file__).resolve().parents[3] / "config" / "README.md"

HARMFUL = {
    "another precision": {"ACCELERATE_MIXED_PRECISION": "bf16", "NVIDIA_TF32_OVERRIDE": "1"},
    "bfloat16 inside of oneDNN": {
        f"{prefix}_DEFAULT_FPMATH_MODE": "BF16" for prefix in ("ONEDNN", "DNNL", "MKLDNN")
    },
    "other sums": {"MKL_CBWR": "COMPATIBLE", "ATEN_CPU_CAPABILITY": "default"},
    "a rank alone": {"LOCAL_RANK": "0"},
    "a process that nobody starts": {
        **{"WORLD_SIZE": "2", "RANK": "0", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "2"},
        **{"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500"},
    },
    "MPI's ranks": {
        **{"OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_RANK": "0", "PMI_SIZE": "2"},
        **{"PMI_RANK": "0", "MV2_COMM_WORLD_SIZE": "2", "MPI_LOCALNRANKS": "2"},
    },
    "DeepSpeed": {"ACCELERATE_USE_DEEPSPEED": "true", "DEEPSPEED_USE_HPU": "true"},
    "FSDP": {"ACCELERATE_USE_FSDP": "true", "FSDP_VERSION": "2"},
    "another device": {"ACCELERATE_TORCH_DEVICE": "meta", "ACCELERATE_USE_CPU": "maybe"},
    "libraries without torch": {"USE_TORCH": "0", "USE_TF": "1", "PJRT_DEVICE": "TPU"},
    "errors from warnings, and no docstrings": {"PYTHONWARNINGS": "error", "PYTHONOPTIMIZE": "2"},
    "a notebook's figures": {"MPLBACKEND": "module://matplotlib_inline.backend_inline"},
}

HARMLESS = {
    "HF_HOME": "/somewhere",
    "TRANSFORMERS_OFFLINE": "1",
    "CUDA_VISIBLE_DEVICES": "1",
    "PYTHONPATH": "/somewhere",
    "PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True",
    "PYTORCH_ALLOC_CONF": "expandable_segments:True",
    "OMP_PROC_BIND": "true",
    "OPENBLAS_CORETYPE": "Haswell",
    "SLURM_PROCID": "0",
    "NLTK_DATA": "/somewhere",
}


@pytest.mark.parametrize("variables", HARMFUL.values(), ids=HARMFUL)
def test_what_would_change_a_job_is_dropped(variables, monkeypatch):
    environment = variables | HARMLESS
    with monkeypatch.context() as patch:
        patch.setattr(os, "environ", environment)
        assert drop_variables() == sorted(variables)
        assert drop_variables() == []
    assert environment == HARMLESS


def test_every_exception_has_a_rule():
    """A name that is kept would be dropped if KEPT did not say otherwise."""
    families = {pattern.partition("*")[0] for pattern in DROPPED}
    assert all(any(name.startswith(family) for family in families) for name in KEPT)


def test_the_manual_has_a_row_for_each_pattern():
    section = MANUAL.read_text(encoding="utf-8").partition("## Environment variables")[2]
    rows = re.findall(r"^\| (.*?) \| (.*?) \|", section.partition("\n## ")[0], re.M)
    listed = {"dropped": [], "kept": [], "set": []}
    for names, decision in rows[1:]:
        listed[decision] += re.findall(r"`(.*?)`", names)
    assert sorted(listed["dropped"]) == sorted(DROPPED)
    assert set(KEPT) <= {*listed["kept"], *listed["set"]}


SCRIPT = """
import json, sys
import train_model
train_model.main(**json.loads(sys.argv[1]))
"""


@pytest.mark.slow
def test_a_training_is_the_same_under_variables_of_launchers_and_of_accelerate(
    tokenized, encoders, training, train, tmp_path
):
    """Accelerate's variables once chose bfloat16, or asked for DeepSpeed; a rank waited for ever.

    The store then had the bfloat16 model under the key of float32. Accelerate's own config file,
    which `accelerate config` writes, is read by `accelerate launch` alone.
    """
    settings = training | {"num_train_epochs": 1}
    expected = train(tokenized["distilbert"], encoders["distilbert"], num_train_epochs=1)
    home = tmp_path / "hf_home"
    (home / "accelerate").mkdir(parents=True)
    launched = {"mixed_precision": "bf16", "distributed_type": "MULTI_CPU", "num_processes": 2}
    (home / "accelerate" / "default_config.yaml").write_text(yaml.safe_dump(launched))
    harmful = {name: value for case in HARMFUL.values() for name, value in case.items()}
    # A Python that has started has read its own.
    harmful = {name: value for name, value in harmful.items() if not name.startswith("PYTHON")}
    model = tmp_path / "model"
    arguments = {
        "tokenized": str(tokenized["distilbert"]),
        "encoder": str(encoders["distilbert"]),
        "model": str(model),
        "store": str(tmp_path / "store"),
        "question": "target",
        "code": "recipe",
        "training": settings,
        "seed": 42,
    }
    path = os.pathsep.join(filter(None, sys.path))
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(arguments)],
        env=os.environ | harmful | {"HF_HOME": str(home), "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=600,  # a training that waits for other processes would wait for ever
    )
    assert done.returncode == 0, done.stderr
    one, other = (load_file(folder / "model.safetensors") for folder in (expected, model))
    assert all(one[name].equal(other[name]) for name in one)
    keys = {json.loads((each / "manifest.json").read_text())["key"] for each in (expected, model)}
    assert len(keys) == 1
