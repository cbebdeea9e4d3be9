"""List or delete what the config no longer asks for: outputs of removed variants, seeds, encoders.

In: the folders of the experiment. Out: nothing; the log lists the outputs. With `delete` they are
deleted. Other experiments and the store of trained models stay as they are.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

from whosaid.caching.output_records import files_below
from whosaid.jobs.earlier_outputs import delete_output
from whosaid.jobs.stage import arguments, stage

logger = logging.getLogger(__name__)


def unused_outputs(
    experiment: str,
    seeds: dict[str, list[int]],
    encoder_names: list[str],
    informal_pages: Sequence[str] = (),
) -> list[Path]:
    """The folders and files of the experiment that belong to no variant, seed or encoder of these.

    `seeds` has the seeds of each variant, `informal_pages` the page of the informal test, if the
    config asks for one.
    """
    data, results = Path("data", experiment), Path("results", experiment)
    of_seeds = [data / "models", results / "predictions", *results.glob("export*")]
    of_variants = [*of_seeds, data / "splits", data / "tokenized", results / "metrics"]
    unused = [path for path in data.glob("encoders/*") if path.name not in encoder_names]
    unused += [path for place in of_variants for path in place.glob("*") if path.name not in seeds]
    of_stems = [
        *results.glob("audit/*.json"),
        *results.glob("tokens/*.*"),
        *results.glob("words/*.*"),
        *results.glob("new/*/*.*"),
    ]
    unused += [path for path in of_stems if path.stem not in seeds]
    for place in of_seeds:
        for variant, of_variant in seeds.items():
            names = {f"seed_{seed}" for seed in of_variant}
            unused += [path for path in place.glob(f"{variant}/seed_*") if path.name not in names]
    pages = results.glob("informal_test.md")
    unused += [path for path in pages if path.as_posix() not in informal_pages]
    return sorted(unused)


def main(
    experiment: str,
    seeds: dict[str, list[int]],
    encoder_names: list[str],
    informal_pages: list[str],
    delete: bool,
) -> None:
    """List what `unused_outputs` finds and, with `delete`, delete it."""
    unused = unused_outputs(experiment, seeds, encoder_names, informal_pages)
    size = sum(file.stat().st_size for path in unused for file in files_below(path))
    for path in unused:
        if delete:
            delete_output(str(path))
        logger.info("%s %s", "deleted" if delete else "not asked for:", path)
    logger.info("%d outputs, %.1f MB", len(unused), size / 1e6)
    if unused and not delete:
        logger.info(
            "`snakemake --cores 1 prune_outputs` deletes them; put the same --configfile and "
            "--config behind it, or it prunes another experiment"
        )


if __name__ == "__main__":
    with stage(snakemake):
        main(**arguments(snakemake), delete=snakemake.params.delete)
