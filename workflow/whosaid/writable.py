"""A check at the start of a run, before Snakemake deletes or makes anything."""

import os
from pathlib import Path

from snakemake.exceptions import WorkflowError


def check_writable(*folders: str) -> None:
    """Raise WorkflowError, printed without a traceback, if one of the folders cannot be changed."""
    for folder in filter(os.path.isdir, folders):
        if not os.access(folder, os.W_OK | os.X_OK):
            raise WorkflowError(
                f"{Path(folder).absolute()} is read-only; make it writable and run again"
            )
