# Fits the linear baselines: logistic regressions that cost seconds.
#
# INPUTS: data/{experiment}/splits/{variant}/, data/{experiment}/lines.parquet
# OUTPUTS: data/{experiment}/models/{variant}/seed_{seed}/,
#   results/{experiment}/predictions/{variant}/seed_{seed}/{train,test,valid}.parquet,
#   scores.json, runtime.json


# Fitting and predicting take less time than starting Python again, so one rule does both.
rule train_linear:
    """Fit the variant's logistic regression and store its predictions."""
    input:
        stamp("train_linear"),
        ancient("data/{experiment}/splits/{variant}/audit_passed"),
        splits=of_splits("data/{experiment}/splits/{variant}/{split}.parquet"),
        split_counts="data/{experiment}/splits/{variant}/split_counts.json",
        lines="data/{experiment}/lines.parquet",
    output:
        "data/{experiment}/models/{variant}/seed_{seed}/manifest.json",
        "data/{experiment}/models/{variant}/seed_{seed}/training.json",
        model=directory("data/{experiment}/models/{variant}/seed_{seed}"),
        predictions=of_splits(
            "results/{experiment}/predictions/{variant}/seed_{seed}/{split}.parquet"
        ),
        scores="results/{experiment}/predictions/{variant}/seed_{seed}/scores.json",
        runtime="results/{experiment}/predictions/{variant}/seed_{seed}/runtime.json",
    wildcard_constraints:
        variant=variants_with("linear"),
    log:
        "results/logs/train_linear/{experiment}/{variant}/seed_{seed}.log",
    benchmark:
        "results/logs/train_linear/{experiment}/{variant}/seed_{seed}.jsonl"
    params:
        settings=settings_of("train_linear"),
        code=code_text("train_linear"),
    # A baseline that is refused must not cost a training.
    priority: 1
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/train_linear.py"
