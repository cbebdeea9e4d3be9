# Turns predictions into metrics; no model is run again.
#
# INPUTS: results/{experiment}/predictions/{variant}/seed_{seed}/{train,test,valid}.parquet,
#   scores.json; data/{experiment}/lines.parquet; results/{experiment}/metrics/{fold}/ (of a pooled
#   variant)
# OUTPUTS: results/{experiment}/metrics/{variant}/{train,test,valid}.json,
#   data/{experiment}/models/{variant}/thresholds.json


rule evaluate_splits:
    """Choose each model's threshold on valid and compute the metrics of the variant's splits."""
    input:
        stamp("evaluate_splits"),
        train=predictions_on("train"),
        test=predictions_on("test"),
        valid=predictions_on("valid"),
        scores=scores_of_seeds,
        lines="data/{experiment}/lines.parquet",
        folds=of_folds(*of_splits("results/{experiment}/metrics/{variant}/{split}.json")),
    output:
        **output_paths.thresholds_of(CONFIG, "{experiment}", "{variant}"),
        train="results/{experiment}/metrics/{variant}/train.json",
        test="results/{experiment}/metrics/{variant}/test.json",
        valid="results/{experiment}/metrics/{variant}/valid.json",
    log:
        "results/logs/evaluate_splits/{experiment}/{variant}.log",
    benchmark:
        "results/logs/evaluate_splits/{experiment}/{variant}.jsonl"
    params:
        settings=settings_of("evaluate_splits"),
        code=code_text("evaluate_splits"),
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/evaluate_splits.py"
