"""The device of a training: its name, how it computes, what was used of it."""

import re
from typing import Any

import torch

from whosaid.jobs.gpu_lease import nvidia_smi


def device_name(processes: int = 1) -> str:
    """The GPU's name, or `CPU` with the number of threads in use, times the `processes`."""
    if torch.cuda.is_available():
        name = torch.cuda.get_device_name()
    elif torch.accelerator.is_available():
        name = torch.accelerator.current_accelerator().type
    else:
        threads = torch.get_num_threads()
        name = f"CPU ({threads} thread{'s' if threads > 1 else ''})"
    return name if processes == 1 else f"{processes} x {name}"


def resolve_precision(precision: str) -> str:
    """`float32` or `bfloat16`; `auto` means bfloat16 where the device computes it natively."""
    if precision != "auto":
        return precision
    if torch.cuda.is_available():
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        found = torch.cpu.get_capabilities()
        native = any(found.get(name) for name in ("avx512_bf16", "amx_bf16", "amx_tile", "bf16"))
    return "bfloat16" if native else "float32"


def gpu_facts() -> dict[str, Any]:
    """The peak of this process's memory on an NVIDIA GPU, and the versions below PyTorch.

    Empty without such a GPU; without `nvidia-smi` the driver is None.
    """
    if not torch.cuda.is_available():
        return {}
    told = nvidia_smi("--query-gpu=driver_version", "--format=csv,noheader")
    drivers = re.findall(r"^[\d.]+$", told, re.MULTILINE)  # one for each GPU, all the same
    return {
        "gpu_memory_gib": round(torch.cuda.max_memory_allocated() / 2**30, 3),
        "cuda": torch.version.cuda,
        "driver": drivers[0] if drivers else None,
    }
