# Combines the predictions of other variants: the variants with `classifier: ensemble`.
#
# INPUTS: data/{experiment}/splits/{variant}/, results/{experiment}/predictions/{member}/,
#   data/{experiment}/lines.parquet, models/{member}/seed_{seed}/training.json (of trials)
# OUTPUTS: results/{experiment}/predictions/{variant}/seed_{seed}/{train,test,valid}.parquet,
#   scores.json, runtime.json; data/{experiment}/models/{variant}/seed_{seed}/training.json


# An ensemble has no model. Its record stands where those of models do, for all that read them.
rule combine_predictions:
    """Store what the members of an ensemble predict together."""
    input:
        stamp("combine_predictions"),
        splits=of_splits("data/{experiment}/splits/{variant}/{split}.parquet"),
        train=members_predictions("train"),
        test=members_predictions("test"),
        valid=members_predictions("valid"),
        lines="data/{experiment}/lines.parquet",
        trained=of_trials("data/{experiment}/models/{variant}/seed_{seed}/training.json"),
    output:
        record="data/{experiment}/models/{variant}/seed_{seed}/training.json",
        predictions=of_splits(
            "results/{experiment}/predictions/{variant}/seed_{seed}/{split}.parquet"
        ),
        scores="results/{experiment}/predictions/{variant}/seed_{seed}/scores.json",
        runtime="results/{experiment}/predictions/{variant}/seed_{seed}/runtime.json",
    wildcard_constraints:
        variant=variants_with("ensemble"),
    log:
        "results/logs/combine_predictions/{experiment}/{variant}/seed_{seed}.log",
    benchmark:
        "results/logs/combine_predictions/{experiment}/{variant}/seed_{seed}.jsonl"
    params:
        settings=settings_of("combine_predictions"),
        code=code_text("combine_predictions"),
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/combine_predictions.py"
