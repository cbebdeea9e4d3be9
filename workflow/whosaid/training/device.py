"""The device that models run on, and the precision that it computes natively."""

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


def device_arguments(precision: str) -> dict[str, Any]:
    """The TrainingArguments that set the device and a resolved precision."""
    return {
        "use_cpu": not torch.accelerator.is_available(),
        "bf16": precision == "bfloat16",
        "dataloader_pin_memory": torch.accelerator.is_available(),
    }
