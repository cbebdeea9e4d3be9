"""Environment variables that must be set before a heavy library is imported.

Import this module first, for that effect, in every script that imports such a library, but not in
`fetch_encoder`: it may use the hub.
"""

import os
import sys
from pathlib import Path

from whosaid.jobs.gpu_lease import gpus_asked_by, show_gpus
from whosaid.jobs.inherited_variables import drop_variables

drop_variables()  # those that a shell or conda has set after Snakemake started
for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "HF_EVALUATE_OFFLINE"):
    os.environ[name] = "1"
# Most of these caches stay empty, but the libraries create the folders: keep them in the project,
# out of the home folder and of /tmp.
for name, folder in {
    "HF_DATASETS_CACHE": "huggingface",
    "HF_METRICS_CACHE": "huggingface",
    "HF_MODULES_CACHE": "huggingface",
    "MPLCONFIGDIR": "matplotlib",
    "TORCHINDUCTOR_CACHE_DIR": "torchinductor",
}.items():
    os.environ.setdefault(name, str(Path(".snakemake", folder).absolute()))
# Snakemake puts the job there, before the imports of its script.
show_gpus(os.environ, gpus_asked_by(vars(sys.modules["__main__"]).get("snakemake")))
# Packed batches come in more shapes than the 1,024 kernels that oneDNN keeps by default.
os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"] = "8192"


def quiet_transformers() -> None:
    """Let Transformers log errors only, and show no progress bars; stages log what matters."""
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
