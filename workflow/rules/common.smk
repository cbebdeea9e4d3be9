# What the rules share: the checked config, the names it has, the params and the stamp of a stage.

import os

from whosaid.caching.code_digest import code_text, take_versions_from
from whosaid.caching.stamps import Stamps
from whosaid.caching.training_recipe import training_code
from whosaid.config import output_paths
from whosaid.config.parse import load_config
from whosaid.config.stage_settings import settings_text
from whosaid.jobs.inherited_variables import drop_variables
from whosaid.jobs.run_output import take_over
from whosaid.reported_split import REPORTED

if "CONDA" in {method.name for method in workflow.deployment_settings.deployment_method}:
    take_versions_from(PROJECT / "envs" / "environment.yaml")

# Before any job starts, on any node.
DROPPED_VARIABLES = drop_variables()

# Snakemake lists the files of --configfile first and the workflow's own last. A module may have none.
base, overlays = workflow.configfiles[-1:], workflow.configfiles[:-1]
CONFIG = load_config([*map(str, base + overlays)], config, workflow.config_settings.config or {})

# Relative, so that the report is not stale when the project is moved.
REPORT = os.path.relpath(PROJECT / "workflow" / "report")

STAMPS = Stamps("results/logs")

# What a run prints, unless the user chose Snakemake's own output, or this is a process of one job.
RUN_OUTPUT = None
if workflow.is_main_process and not workflow.output_settings.quiet:
    if not workflow.output_settings.verbose:
        RUN_OUTPUT = take_over(logger, STAMPS, CONFIG.experiment, workflow.output_settings.dryrun)


def any_of(names):
    """A pattern that matches any of the names, or nothing if there are none."""
    return "|".join(names) or "(?!)"


def variants_with(classifier, pooled=False):
    """A pattern of the variants with this classifier, or of the ensembles that pool folds."""
    return any_of(
        name
        for name, each in CONFIG.variants.items()
        if each.classifier == classifier and (each.weights == "pooled") == pooled
    )


def encoders_from(*sources):
    """A pattern of the encoders that come from one of these sources."""
    given = {name: each.model_dump(exclude_none=True) for name, each in CONFIG.encoders.items()}
    return any_of(name for name, source in given.items() if {*sources} & {*source})


wildcard_constraints:
    experiment=CONFIG.experiment,
    variant=any_of(CONFIG.variants),
    encoder=any_of(CONFIG.encoders),
    seed=r"\d+",


def settings_of(stage):
    """A params function: what the stage takes from the config, as one text."""
    return lambda wildcards: settings_text(CONFIG, stage, wildcards)


def params_of(stage, wildcards):
    """The params of a job of the stage, by name."""
    params = getattr(rules, stage).params.items()
    return {name: value(wildcards) if callable(value) else value for name, value in params}


def stamp(stage):
    """An input function: the stamp, which is newer than the job's outputs if the job is stale."""

    def path(wildcards):
        declared, values = getattr(rules, stage), dict(wildcards.items())
        [log, *_] = expand(declared.log, **values)
        outputs = expand(declared.output, **values)
        return STAMPS.stamp(stage, values, params_of(stage, wildcards), log, outputs)

    return path
