"""Says what a run lacks of `profiles/default`, which `--workflow-profile` replaces."""

import sys
from collections.abc import Mapping

CONSEQUENCES = {
    "rerun-triggers": "a script with a newer modification time counts as changed",
    "max-checksum-file-size": "a larger file with a newer modification time counts as changed",
    "rerun-incomplete": "a run after a kill ends with an error",
    "nolock": "Snakemake's locks outlive a kill",
    "resources": "trainings run side by side on one GPU",
}
"""What happens without each key of the profile that matters to results or to recovery."""


def warn_of_missing_settings(in_force: Mapping[str, bool]) -> None:
    """Print one line if a key is not `in_force`; it must hold all keys of CONSEQUENCES."""
    lacking = [f"{key} ({what})" for key, what in CONSEQUENCES.items() if not in_force[key]]
    if lacking:
        print(
            f"the profile of this run lacks {', '.join(lacking)}; copy these keys from "
            "profiles/default/config.yaml into your profile",
            file=sys.stderr,
        )


def warn_of_gpu_limit(gpus: int | None) -> None:
    """Print one line if a whole cluster may use only one of its GPUs at a time."""
    if gpus == 1:
        print(
            "one training at a time on the whole cluster, as profiles/default has it for one "
            "machine; give your profile by --workflow-profile, or --resources gpu=100",
            file=sys.stderr,
        )
