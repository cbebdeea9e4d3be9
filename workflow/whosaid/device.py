"""The device that models run on, and the arithmetic it is good at."""

import math
from typing import Any

import torch


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


def piece_limits(most: int) -> dict[str, float]:
    """How a batch goes through a model in training, where `most` tokens fit into memory at once.

    `piece_tokens` is how many do; `piece_cost` how many tokens of padding a further piece is worth.
    A GPU is served best by as much as possible at once. On a CPU a batch of very different lengths
    is faster in pieces, each of which costs the passes over all weights: casts, sums of gradients.
    """
    if torch.accelerator.is_available():
        return {"piece_tokens": most, "piece_cost": math.inf}
    return {"piece_tokens": min(2048, most), "piece_cost": 128}
