from snakemake.utils import min_version

min_version("9.27")


configfile: "config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/read_lines.smk"
include: "workflow/rules/split_lines.smk"
include: "workflow/rules/audit_splits.smk"
include: "workflow/rules/fetch_encoder.smk"
include: "workflow/rules/tokenize_splits.smk"
include: "workflow/rules/train_model.smk"
include: "workflow/rules/predict_splits.smk"
include: "workflow/rules/train_linear.smk"
include: "workflow/rules/evaluate_splits.smk"
include: "workflow/rules/compare_variants.smk"
include: "workflow/rules/summarize.smk"
include: "workflow/rules/maintenance.smk"


from whosaid.corpus.check_before_run import check_csv
from whosaid.jobs.check_files import check_times, check_writable
from whosaid.jobs.earlier_outputs import files_to_protect, restore_outputs
from whosaid.jobs.profile_check import warn_of_missing_settings
from whosaid.jobs.run_lock import hold_run_lock

EARLIER_FILES = {}


onstart:
    hold_run_lock()
    check_writable("data", "results")
    encoders = [each.path for each in CONFIG.encoders.values() if each.path is not None]
    check_times(CONFIG.corpus.csv, *encoders)
    check_csv(CONFIG)
    EARLIER_FILES.update(files_to_protect("data", "results"))
    warn_of_missing_settings(
        {
            "rerun-triggers": "code" not in map(str, workflow.rerun_triggers),
            "max-checksum-file-size": workflow.dag_settings.max_checksum_file_size > 1_000_000,
            "rerun-incomplete": workflow.dag_settings.force_incomplete,
            "nolock": not workflow.execution_settings.lock,
            "resources": "gpu" in workflow.global_resources,
        }
    )
    if DROPPED_VARIABLES:
        logger.info(
            f"jobs do not inherit {', '.join(DROPPED_VARIABLES)}; config/README.md says why"
        )
    # Snakemake limits how many jobs start per second. Each job that has run adds one wake-up per
    # second: after 300 jobs this takes a whole core. No option switches the limit off.
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None


onerror:
    restore_outputs(EARLIER_FILES, "results/logs")


rule all:
    default_target: True
    input:
        "results/summary.md",
