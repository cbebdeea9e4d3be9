"""Fine-tune an encoder to recognise the target's lines, or to tell speakers apart.

In: the tokenized splits of a variant, its encoder. Out: a model folder that describes itself, with
weights (safetensors), tokenizer, label names both ways, `training.json` (per-epoch history on the
test split, with `best_epoch` also on valid and the epoch that was kept, seconds, device, precision,
versions) and `manifest.json`.
"""

import logging
import shutil
from pathlib import Path
from typing import Any

from whosaid.jobs.environment import quiet_transformers  # before the libraries that read it

# isort: split
from whosaid.caching.atomic import atomic_write
from whosaid.caching.manifest import check_manifest, is_complete
from whosaid.jobs.stage import arguments, stage
from whosaid.training.checkpoints import last_complete_checkpoint
from whosaid.training.device import resolve_precision
from whosaid.training.model_store import locked, training_key
from whosaid.training.processes import Processes, train_in_processes
from whosaid.training.train import train

logger = logging.getLogger(__name__)


def main(
    tokenized: str,
    encoder: str,
    model: str,
    store: str,
    code: str,
    question: str,
    training: dict[str, Any],
    seed: int,
    nodes: int = 1,
    launcher: str | None = None,
) -> None:
    """Write the folder `model`, trained now or taken from the `store`.

    `code` is the training recipe and the versions of its packages, as one text.
    On how many `nodes` the training's processes run, started by the `launcher`, does not change the
    model.
    """
    quiet_transformers()
    training = training | {"precision": resolve_precision(training["precision"])}
    # The size of an evaluation batch does not change the model unless evaluations choose the epoch.
    apart = () if "best_epoch" in training else ("per_device_eval_batch_size",)
    key = training_key(
        code=code,
        tokenized=check_manifest(Path(tokenized))["files"],
        encoder=check_manifest(Path(encoder))["files"],
        # Nor does the question; the labels of the rows do.
        training={name: value for name, value in training.items() if name not in apart},
        seed=seed,
    )
    entry = Path(store) / key
    with locked(entry):
        if is_complete(entry / "model"):
            logger.info("trained before: taken from %s", entry)
            # Left by a run that was killed before it could delete them.
            shutil.rmtree(entry / "checkpoints", ignore_errors=True)
        else:
            # Looked up once: it deletes incomplete ones, which several processes must not.
            checkpoint = last_complete_checkpoint(entry / "checkpoints")
            given = {
                "tokenized": tokenized,
                "encoder": encoder,
                "entry": str(entry),
                "question": question,
                "training": training,
                "seed": seed,
                "checkpoint": checkpoint and str(checkpoint),
            }
            processes = Processes(training.get("gpus", 1), nodes, launcher)
            if processes.count > 1 or nodes > 1:
                train_in_processes(processes, **given)
            else:
                train(**given)
        with atomic_write(model) as partial:
            shutil.copytree(entry / "model", partial)


if __name__ == "__main__":
    with stage(snakemake):
        resources = snakemake.resources
        main(
            **arguments(snakemake),
            store=snakemake.params.store,
            code=snakemake.params.code,
            nodes=resources.get("nodes", 1),
            launcher=resources.get("mpi"),
        )
