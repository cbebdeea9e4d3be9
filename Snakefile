from snakemake.utils import min_version

min_version("9.27")


configfile: "config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/read_lines.smk"
include: "workflow/rules/split_lines.smk"
include: "workflow/rules/fetch_encoder.smk"
include: "workflow/rules/tokenize_splits.smk"
include: "workflow/rules/train_model.smk"
include: "workflow/rules/predict_splits.smk"
include: "workflow/rules/evaluate_split.smk"
include: "workflow/rules/summarize.smk"
include: "workflow/rules/maintenance.smk"


from whosaid.failures import forget_failures, repeat_failures
from whosaid.run_lock import hold_run_lock
from whosaid.writable import check_writable


onstart:
    hold_run_lock()
    check_writable("data", "results")
    forget_failures()


onerror:
    repeat_failures()


rule all:
    default_target: True
    input:
        "results/summary.md",
