"""Environment variables that must stand before a heavy library is imported.

Import this module first, and only for that effect, in every script that imports one of these
libraries, but not in `fetch_encoder`: it may use the hub.
"""

import os

import whosaid.collector  # noqa: F401

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_OFFLINE"] = "1"
# With several GPUs in sight the Trainer would multiply the batch size: the first one is taken of
# those that the user or the queue system names.
os.environ["CUDA_VISIBLE_DEVICES"] = os.environ.get("CUDA_VISIBLE_DEVICES", "0").partition(",")[0]
# A kernel is made anew for each shape of batch, and 1,024 of them are not all that are met.
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "8192")
# Arrow's own pool gives the memory of millions of lines back and takes it anew: a third more time.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
