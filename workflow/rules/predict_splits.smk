# Lets a model answer every row of its splits.
#
# INPUTS: data/{experiment}/models/{variant}/seed_{seed}/, data/{experiment}/tokenized/{variant}/
# OUTPUTS: results/{experiment}/predictions/{variant}/seed_{seed}/{train,test,valid}.parquet


rule predict_splits:
    """Store the logits of every row, in the order of the splits."""
    input:
        model=ancient("data/{experiment}/models/{variant}/seed_{seed}"),
        model_manifest="data/{experiment}/models/{variant}/seed_{seed}/manifest.json",
        tokenized=ancient("data/{experiment}/tokenized/{variant}"),
        tokenized_manifest="data/{experiment}/tokenized/{variant}/manifest.json",
        split_audit="data/{experiment}/splits/{variant}/split_audit.json",
    output:
        train="results/{experiment}/predictions/{variant}/seed_{seed}/train.parquet",
        test="results/{experiment}/predictions/{variant}/seed_{seed}/test.parquet",
        valid="results/{experiment}/predictions/{variant}/seed_{seed}/valid.parquet",
    wildcard_constraints:
        variant=variants_with("encoder"),
    log:
        "results/logs/predict_splits/{experiment}/{variant}/seed_{seed}.log",
    params:
        settings=settings_of("predict_splits"),
        code=code_text("predict_splits"),
    threads: 8
    # Room for texts of 512 tokens; it counts where gpu_mem_mb is limited, see profiles/default.
    resources:
        gpu=1,
        gpu_mem_mb=6000,
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/predict_splits.py"
