"""Compare every output of the experiment with the record that its job wrote.

In: the outputs, the records beside the logs. Out: nothing; the log lists what was changed, cut
short or lost. With `repair` the damaged outputs are deleted, so that the next run makes them again.
"""

import logging
from pathlib import Path

from whosaid.caching.output_records import damaged_outputs
from whosaid.errors import InputError
from whosaid.jobs.earlier_outputs import delete_output
from whosaid.jobs.stage import arguments, stage

logger = logging.getLogger(__name__)


def main(experiment: str, expected: list[str], logs: str, repair: bool) -> None:
    """Check the `expected` outputs of the `experiment` against the records below `logs`.

    Raises InputError if there is no record of it, if an output has none, or if one is damaged and
    `repair` is false. With `repair`, deletes the damaged ones.
    """
    damaged, unrecorded = damaged_outputs(Path(logs), expected, experiment)
    if unrecorded:
        raise InputError(
            f"{len(unrecorded)} outputs have no record in {logs}, so they cannot be checked; "
            "delete them and run `snakemake --cores 1` with the same config"
        )
    if damaged and not repair:
        raise InputError(
            f"{len(damaged)} outputs are damaged; `snakemake --cores 1 repair` deletes them and "
            "`snakemake --cores 1` makes them again, both with the same config: put the same "
            "--configfile and --config behind them"
        )
    for output in damaged:
        delete_output(output)
        logger.info("deleted %s", output)
    if damaged:
        logger.info("%d outputs to make again", len(damaged))
    else:
        logger.info("every output is complete")


if __name__ == "__main__":
    with stage(snakemake):
        main(**arguments(snakemake), logs=snakemake.params.logs, repair=snakemake.params.repair)
