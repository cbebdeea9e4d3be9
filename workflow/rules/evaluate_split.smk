# Turns predictions into metrics; no model is run again.
#
# INPUTS: results/{experiment}/predictions/{variant}/seed_{seed}/{split}.parquet of each seed
# OUTPUTS: results/{experiment}/metrics/{variant}/{split}.json


rule evaluate_split:
    """Compute the metrics of one variant on one split, over its seeds."""
    input:
        predictions=predictions_of_seeds,
    output:
        metrics="results/{experiment}/metrics/{variant}/{split}.json",
    log:
        "results/logs/evaluate_split/{experiment}/{variant}/{split}.log",
    benchmark:
        "results/logs/evaluate_split/{experiment}/{variant}/{split}.jsonl"
    params:
        settings=settings_of("evaluate_split"),
        code=code_text("evaluate_split"),
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/evaluate_split.py"
