"""The device that models run on, and the arithmetic it is good at."""

import ctypes
from typing import Any

import torch

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of malloc.h


def device_name() -> str:
    """The GPU's name, or `CPU` with the number of threads in use."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    if torch.accelerator.is_available():
        return torch.accelerator.current_accelerator().type
    threads = torch.get_num_threads()
    return f"CPU ({threads} thread{'s' if threads > 1 else ''})"


def device() -> torch.device:
    """Where models run: the GPU if there is one."""
    if torch.accelerator.is_available():
        return torch.accelerator.current_accelerator()
    return torch.device("cpu")


def resolve_precision(precision: str) -> str:
    """`float32` or `bfloat16`; `auto` means bfloat16 where the device computes it natively."""
    if precision != "auto":
        return precision
    if torch.cuda.is_available():
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        native = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return "bfloat16" if native else "float32"


def device_arguments(precision: str) -> dict[str, Any]:
    """The TrainingArguments that choose the device and a resolved precision."""
    return {
        "use_cpu": not torch.accelerator.is_available(),
        "bf16": precision == "bfloat16",
        "dataloader_pin_memory": torch.accelerator.is_available(),
    }


def keep_freed_memory() -> None:
    """Let the GNU C library keep what a training step frees for the next one.

    It would go back to the system and come anew, page by page: up to 5 % of a step. Elsewhere this
    does nothing.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, 32 * 2**20)  # the most that it accepts
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
