# The leak audit: what a model could know about held-out rows from its training rows.
#
# INPUTS: data/{experiment}/splits/{variant}/{train,test,valid}.parquet,
#   data/{experiment}/lines.parquet, results/{experiment}/audit/{fold}.json (of a pooled variant)
# OUTPUTS: results/{experiment}/audit/{variant}.json, results/audit.md,
#   data/{experiment}/splits/{variant}/audit_passed; if a limit is crossed the audit is written
#   beside the log, since Snakemake deletes the outputs of a failed job


rule audit_splits:
    """Look for rows of test and valid that train knows; fail if a limit is crossed."""
    input:
        stamp("audit_splits"),
        splits=of_splits("data/{experiment}/splits/{variant}/{split}.parquet"),
        lines="data/{experiment}/lines.parquet",
        folds=of_folds("results/{experiment}/audit/{variant}.json"),
    output:
        audit="results/{experiment}/audit/{variant}.json",
    log:
        job="results/logs/audit_splits/{experiment}/{variant}.log",
        crossed="results/logs/audit_splits/{experiment}/{variant}.json",
    benchmark:
        "results/logs/audit_splits/{experiment}/{variant}.jsonl"
    params:
        settings=settings_of("audit_splits"),
        code=code_text("audit_splits"),
    priority: 2
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/audit_splits.py"


# Training waits for this file, as an ancient input, and not for the audit. So adding or removing
# limits never retrains a model.
rule pass_audit:
    """Let training start: the splits of the variant are within the limits, or there are none."""
    input:
        audit=audit_with_limits,
    output:
        touch("data/{experiment}/splits/{variant}/audit_passed"),
    priority: 2


rule summarize_audit:
    """Write the table of the leak audits."""
    localrule: True
    input:
        stamp("summarize_audit"),
        audits=output_paths.leak_audits(CONFIG),
    output:
        table=report("results/audit.md", caption="../report/audit.rst", category="Tables"),
    log:
        "results/logs/summarize_audit/summarize_audit.log",
    params:
        settings=settings_of("summarize_audit"),
        code=code_text("summarize_audit"),
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/summarize_audit.py"
