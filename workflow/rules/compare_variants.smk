# Finds out which differences are real, and which lines are predicted wrongly.
#
# INPUTS: results/{experiment}/predictions/{variant}/seed_{seed}/{test,valid}.parquet of every
#   variant, data/{experiment}/lines.parquet
# OUTPUTS: results/{experiment}/comparison.json, results/{experiment}/slices.json


rule compare_variants:
    """Compare every variant with the reference on the test rows that both hold out."""
    input:
        stamp("compare_variants"),
        predictions=output_paths.reported_predictions(CONFIG),
        valid=output_paths.all_predictions(CONFIG, "valid"),
        lines=f"data/{CONFIG.experiment}/lines.parquet",
    output:
        comparison="results/{experiment}/comparison.json",
    log:
        "results/logs/compare_variants/{experiment}.log",
    benchmark:
        "results/logs/compare_variants/{experiment}.jsonl"
    params:
        settings=settings_of("compare_variants"),
        code=code_text("compare_variants"),
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/compare_variants.py"


rule evaluate_slices:
    """Compute the metrics by word count and season, and who is mistaken for the target."""
    input:
        stamp("evaluate_slices"),
        predictions=output_paths.reported_predictions(CONFIG),
        lines=f"data/{CONFIG.experiment}/lines.parquet",
    output:
        slices="results/{experiment}/slices.json",
    log:
        "results/logs/evaluate_slices/{experiment}.log",
    params:
        settings=settings_of("evaluate_slices"),
        code=code_text("evaluate_slices"),
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/evaluate_slices.py"
