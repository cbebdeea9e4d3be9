# Asks of the splits what a model could know of its test rows.
#
# INPUTS: data/{experiment}/splits/{variant}/{train,test,valid}.parquet,
#   data/{experiment}/lines.parquet
# OUTPUTS: results/{experiment}/audit/{variant}.json, results/audit.md


localrules:
    summarize_audit,


rule audit_splits:
    """Look for rows of test and valid that train knows; fail where a limit is crossed."""
    input:
        train="data/{experiment}/splits/{variant}/train.parquet",
        test="data/{experiment}/splits/{variant}/test.parquet",
        valid="data/{experiment}/splits/{variant}/valid.parquet",
        lines="data/{experiment}/lines.parquet",
    output:
        audit="results/{experiment}/audit/{variant}.json",
    log:
        "results/logs/audit_splits/{experiment}/{variant}.log",
    params:
        settings=settings_of("audit_splits"),
        code=code_text("audit_splits"),
    priority: 2
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/audit_splits.py"


rule summarize_audit:
    """Write the table of the audits."""
    input:
        audits=targets.audits(CONFIG),
    output:
        table="results/audit.md",
    log:
        "results/logs/summarize_audit/summarize_audit.log",
    params:
        settings=settings_of("summarize_audit"),
        code=code_text("summarize_audit"),
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/summarize_audit.py"
