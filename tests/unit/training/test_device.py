"""What a record says of the device."""

import os

import pytest
import torch

from whosaid.training.device import gpu_facts


@pytest.fixture
def gpu(monkeypatch):
    """PyTorch as it is on a GPU of which three quarters of a GiB were used at most."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda: 3 * 2**28)
    monkeypatch.setattr(torch.version, "cuda", "12.9")


def test_the_peak_of_memory_and_the_versions_are_named(gpu, tmp_path, monkeypatch):
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 575.57.08\necho 575.57.08\n", encoding="utf-8")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert gpu_facts() == {"gpu_memory_gib": 0.75, "cuda": "12.9", "driver": "575.57.08"}


def test_without_the_tool_the_driver_is_unknown(gpu, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpu_facts()["driver"] is None


def test_without_a_gpu_there_is_nothing_to_say():
    if torch.cuda.is_available():
        pytest.skip("there is one")
    assert gpu_facts() == {}
