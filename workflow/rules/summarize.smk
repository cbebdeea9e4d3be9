# Writes the table.
#
# INPUTS: results/{experiment}/metrics/{variant}/{split}.json of every variant and split,
#   data/{experiment}/models/{variant}/seed_{seed}/training.json, data/{experiment}/corpus.json
# OUTPUTS: results/summary.md


localrules:
    summarize,


rule summarize:
    """Write the summary table of the experiment."""
    input:
        corpus=f"data/{CONFIG.experiment}/corpus.json",
        metrics=metric_files(),
        records=training_records(),
    output:
        summary="results/summary.md",
    log:
        "results/logs/summarize/summarize.log",
    params:
        settings=settings_of("summarize"),
        code=code_text("summarize"),
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/summarize.py"
