"""Draw the figures of an experiment.

In: the metric files, the predictions on the test split, the thresholds, the training records, the
split counts, the comparison and the slices. Out: one SVG file per figure.
"""

import json
import logging
from typing import Any

import whosaid.jobs.environment  # noqa: F401  (before the libraries that read it)

# isort: split
from whosaid.jobs.stage import stage
from whosaid.reporting import figures as drawings
from whosaid.reporting import figures_of_speakers as of_speakers
from whosaid.reporting import plot_style
from whosaid.reporting.figure_data import read_experiment

logger = logging.getLogger(__name__)


def main(figures: dict[str, str], **files_and_settings: Any) -> None:
    """Draw the figures named in `figures`, each to its path; see `read_experiment` for the rest."""
    functions = vars(drawings) | vars(of_speakers)
    experiment = read_experiment(**files_and_settings)
    with plot_style.style():
        for name, path in figures.items():
            plot_style.save(functions[name](experiment), path)
    logger.info("%d figures of %d variants", len(figures), len(experiment.variants))


if __name__ == "__main__":
    with stage(snakemake):
        main(
            figures=dict(snakemake.output.items()),
            metrics=list(snakemake.input.metrics),
            predictions=list(snakemake.input.predictions),
            thresholds=list(snakemake.input.thresholds),
            records=list(snakemake.input.records),
            split_counts=list(snakemake.input.split_counts),
            comparison=snakemake.input.comparison,
            slices=snakemake.input.slices,
            **json.loads(snakemake.params.settings),
        )
