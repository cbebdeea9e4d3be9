"""The environment variables that no job inherits, since they would change what it computes.

The config alone says what a job computes, and which processes it starts. Snakemake starts a job's
Python with its own environment, so the variables are dropped there, before Python and its libraries
read them. The table in config/README.md gives the reasons.
"""

import os
from fnmatch import fnmatchcase

DROPPED = (
    # Launchers: a job waits for processes that nobody starts.
    *("RANK", "*_RANK", "WORLD_SIZE", "*_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"),
    *("PMI_*", "PMIX_*", "MPI_*", "OMPI_*", "MV2_*", "TORCHELASTIC_*"),
    *("SM_*", "SMDATAPARALLEL_*", "SAGEMAKER_*"),
    # Accelerate: another precision, device or way to train.
    *("ACCELERATE_*", "DEEPSPEED_*", "FP8_*", "FSDP_*", "MEGATRON_LM_*", "PARALLELISM_CONFIG_*"),
    *("FORK_LAUNCHED", "PJRT_*", "XLA_*"),
    # The frameworks and their switches.
    *("USE_TORCH", "USE_TORCH_XLA", "USE_TF", "USE_JAX", "TRANSFORMERS_*"),
    *("TORCH_*", "TORCHDYNAMO_*", "TORCHINDUCTOR_*", "PYTORCH_*", "ATEN_*"),
    *("ARROW_PRE_*", "PANDAS_*", "SCIPY_*", "SKLEARN_*", "MPLBACKEND"),
    # Libraries of arithmetic: another precision or order of sums.
    *("DNNL_*", "MKLDNN_*", "ONEDNN_*", "MKL_*", "NPY_*", "NVIDIA_TF32_OVERRIDE"),
    *("CUBLAS_*", "CUBLASLT_*", "CUDNN_*", "DISABLE_ADDMM_CUDA_LT"),
    # Python: warnings as errors, a prompt at the end, no assertions.
    *("PYTHONDEVMODE", "PYTHONINSPECT", "PYTHONOPTIMIZE", "PYTHONWARNINGS"),
)
"""Patterns of their names."""

KEPT = (
    # How memory is used, and what a Mac's GPU cannot do.
    *("PYTORCH_*ALLOC_CONF", "PYTORCH_ENABLE_MPS_FALLBACK", "PYTORCH_MPS_*_WATERMARK_RATIO"),
    # fetch_encoder asks no hub.
    "TRANSFORMERS_OFFLINE",
    # Snakemake sets it to the threads of the job.
    "MKL_NUM_THREADS",
)
"""Patterns of names that jobs inherit although they match one of DROPPED."""


def drop_variables() -> list[str]:
    """Drop the variables from the environment of this process; the names of those it had."""
    found = [name for name in sorted(os.environ) if _any(DROPPED, name) and not _any(KEPT, name)]
    for name in found:
        del os.environ[name]
    return found


def _any(patterns: tuple[str, ...], name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
