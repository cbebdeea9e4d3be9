"""Environment variables that must stand before a heavy library is imported.

Import this module first, and only for that effect. `fetch_encoder` alone does without it.
"""

import os

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_EVALUATE_OFFLINE"] = "1"
os.environ["HF_DATASETS_OFFLINE"] = "1"
# With several GPUs in sight the Trainer would multiply the batch size. A queue system hands each
# job its own device by setting this variable itself.
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "0")
