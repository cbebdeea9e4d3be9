# Pools what the folds of a variant predict: the variants whose split has folds.
#
# INPUTS: results/{experiment}/predictions/{fold}/seed_{seed}/,
#   data/{experiment}/models/{fold}/seed_{seed}/training.json
# OUTPUTS: results/{experiment}/predictions/{variant}/seed_{seed}/{train,test,valid}.parquet,
#   scores.json, runtime.json; data/{experiment}/models/{variant}/seed_{seed}/training.json


rule pool_folds:
    """Store for every row what the model of its fold predicts."""
    input:
        stamp("pool_folds"),
        train=of_folds("results/{experiment}/predictions/{variant}/seed_{seed}/train.parquet"),
        test=of_folds("results/{experiment}/predictions/{variant}/seed_{seed}/test.parquet"),
        valid=of_folds("results/{experiment}/predictions/{variant}/seed_{seed}/valid.parquet"),
        runtimes=of_folds("results/{experiment}/predictions/{variant}/seed_{seed}/runtime.json"),
        trained=of_folds("data/{experiment}/models/{variant}/seed_{seed}/training.json"),
    output:
        record="data/{experiment}/models/{variant}/seed_{seed}/training.json",
        predictions=of_splits(
            "results/{experiment}/predictions/{variant}/seed_{seed}/{split}.parquet"
        ),
        scores="results/{experiment}/predictions/{variant}/seed_{seed}/scores.json",
        runtime="results/{experiment}/predictions/{variant}/seed_{seed}/runtime.json",
    wildcard_constraints:
        variant=variants_with("ensemble", pooled=True),
    log:
        "results/logs/pool_folds/{experiment}/{variant}/seed_{seed}.log",
    params:
        settings=settings_of("pool_folds"),
        code=code_text("pool_folds"),
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/pool_folds.py"
