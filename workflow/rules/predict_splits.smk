# Predicts every row of the splits with the trained models.
#
# INPUTS: data/{experiment}/models/{variant}/seed_{seed}/, tokenized/{variant}/, splits/{variant}/
# OUTPUTS: results/{experiment}/predictions/{variant}/seed_{seed}/{train,test,valid}.parquet,
#   scores.json, runtime.json


rule predict_splits:
    """Store the logits of every row, in the order of the splits."""
    input:
        model=ancient("data/{experiment}/models/{variant}/seed_{seed}"),
        model_manifest="data/{experiment}/models/{variant}/seed_{seed}/manifest.json",
        tokenized=ancient("data/{experiment}/tokenized/{variant}"),
        tokenized_manifest="data/{experiment}/tokenized/{variant}/manifest.json",
        train="data/{experiment}/splits/{variant}/train.parquet",
        test="data/{experiment}/splits/{variant}/test.parquet",
        valid="data/{experiment}/splits/{variant}/valid.parquet",
        split_counts="data/{experiment}/splits/{variant}/split_counts.json",
    output:
        train="results/{experiment}/predictions/{variant}/seed_{seed}/train.parquet",
        test="results/{experiment}/predictions/{variant}/seed_{seed}/test.parquet",
        valid="results/{experiment}/predictions/{variant}/seed_{seed}/valid.parquet",
        scores="results/{experiment}/predictions/{variant}/seed_{seed}/scores.json",
        runtime="results/{experiment}/predictions/{variant}/seed_{seed}/runtime.json",
    wildcard_constraints:
        variant=variants_with("encoder"),
    log:
        "results/logs/predict_splits/{experiment}/{variant}/seed_{seed}.log",
    params:
        settings=settings_of("predict_splits"),
        code=code_text("predict_splits"),
    threads: 8
    # Enough for texts of 512 tokens; only used if gpu_mem_mb is limited, see profiles/default.
    resources:
        gpu=1,
        gpu_mem_mb=6000,
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/predict_splits.py"
