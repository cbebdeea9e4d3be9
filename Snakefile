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


from whosaid.before_run import check_csv, check_writable
from whosaid.failures import forget_failures, repeat_failures
from whosaid.run_lock import hold_run_lock


onstart:
    hold_run_lock()
    check_writable("data", "results")
    if "read_lines" in {job.rule.name for job in workflow.dag.needrun_jobs()}:
        check_csv(CONFIG)
    forget_failures()
    # Because of its limit to how many jobs start in a second, Snakemake looks for jobs to start
    # once a second more for each one that has run: after 300 it takes a core to itself.
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None


onerror:
    repeat_failures()


rule all:
    default_target: True
    input:
        "results/summary.md",
