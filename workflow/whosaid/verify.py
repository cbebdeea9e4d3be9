"""Which outputs of the current experiment are no longer what their jobs made."""

import logging
from pathlib import Path
from typing import Any

from whosaid.config import Config
from whosaid.manifest import faults_of
from whosaid.record import read_records

logger = logging.getLogger("snakemake.logging")


def is_current(record: dict[str, Any], config: Config) -> bool:
    """Whether the config still asks for what the recorded job made."""
    wildcards = record["wildcards"]
    variant = config.variants.get(wildcards.get("variant"))
    return (
        wildcards.get("experiment", config.experiment) == config.experiment
        and wildcards.get("encoder", next(iter(config.encoders))) in config.encoders
        and ("variant" not in wildcards or variant is not None)
        and ("seed" not in wildcards or int(wildcards["seed"]) in variant.seeds)
    )


def damaged_outputs(config: Config, forced: set[str]) -> list[str]:
    """The outputs of every job that left a file that is now changed or lost, each one listed.

    They are added to `forced`, the files that Snakemake makes even where it takes them for
    finished. Jobs of other experiments are left alone.
    """
    records = [
        record for record in read_records(Path("results/logs")) if is_current(record, config)
    ]
    outputs = []
    for record in records:
        faults = list(faults_of(Path(), record["files"]))
        for fault in faults:
            logger.warning(fault)
        if faults:
            outputs += record["outputs"]
    forced.update(outputs)
    files = sum(len(record["files"]) for record in records)
    logger.warning(f"checked {files} files of {len(records)} jobs of {config.experiment}")
    logger.warning(f"{len(outputs)} outputs to make again" if outputs else "every output is whole")
    return outputs
