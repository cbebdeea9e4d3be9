# Predicts every row of the splits with the trained models.
#
# INPUTS: data/{experiment}/models/{variant}/seed_{seed}/, tokenized/{variant}/, splits/{variant}/
# OUTPUTS: results/{experiment}/predictions/{variant}/seed_{seed}/{train,test,valid}.parquet,
#   scores.json, runtime.json


rule predict_splits:
    """Store the logits of every row, in the order of the splits."""
    input:
        stamp("predict_splits"),
        "data/{experiment}/models/{variant}/seed_{seed}/manifest.json",
        "data/{experiment}/tokenized/{variant}/manifest.json",
        model=ancient("data/{experiment}/models/{variant}/seed_{seed}"),
        tokenized=ancient("data/{experiment}/tokenized/{variant}"),
        splits=of_splits("data/{experiment}/splits/{variant}/{split}.parquet"),
        split_counts="data/{experiment}/splits/{variant}/split_counts.json",
    output:
        predictions=of_splits(
            "results/{experiment}/predictions/{variant}/seed_{seed}/{split}.parquet"
        ),
        scores="results/{experiment}/predictions/{variant}/seed_{seed}/scores.json",
        runtime="results/{experiment}/predictions/{variant}/seed_{seed}/runtime.json",
    wildcard_constraints:
        variant=variants_with("encoder"),
    log:
        "results/logs/predict_splits/{experiment}/{variant}/seed_{seed}.log",
    benchmark:
        "results/logs/predict_splits/{experiment}/{variant}/seed_{seed}.jsonl"
    params:
        settings=settings_of("predict_splits"),
        code=code_text("predict_splits"),
    threads: share_of_cores
    # Enough for texts of 512 tokens; only used if gpu_mem_mb is limited, see profiles/default.
    resources:
        gpu=1,
        gpu_mem_mb=6000,
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/predict_splits.py"
