# Makes a folder of a trained model for people who do not have whosaid.
#
# INPUTS: data/{experiment}/models/{variant}/seed_{seed}/, thresholds.json, corpus.json,
#   splits/{variant}/, encoders/{encoder}/manifest.json; results/{experiment}/predictions/{variant}/seed_{seed}/test.parquet,
#   metrics/{variant}/{train,test,valid}.json
# OUTPUTS: results/{experiment}/export/{variant}/seed_{seed}/, export_onnx/{variant}/seed_{seed}/


rule export_model:
    """Copy a model and describe it: its card, and all that is known of it as JSON."""
    input:
        stamp("export_model"),
        trained_model,
        **output_paths.thresholds_of(CONFIG, "{experiment}", "{variant}"),
        model=ancient("data/{experiment}/models/{variant}/seed_{seed}"),
        test="data/{experiment}/splits/{variant}/test.parquet",
        predictions="results/{experiment}/predictions/{variant}/seed_{seed}/test.parquet",
        metrics=of_splits("results/{experiment}/metrics/{variant}/{split}.json"),
        corpus="data/{experiment}/corpus.json",
        split_counts="data/{experiment}/splits/{variant}/split_counts.json",
        added_tokens="data/{experiment}/splits/{variant}/added_tokens.json",
        encoder_manifest=encoder_manifest,
    output:
        "results/{experiment}/export/{variant}/seed_{seed}/whosaid.json",
        export=directory("results/{experiment}/export/{variant}/seed_{seed}"),
    wildcard_constraints:
        variant=variants_with("encoder"),
    log:
        "results/logs/export_model/{experiment}/{variant}/seed_{seed}.log",
    params:
        settings=settings_of("export_model"),
        code=code_text("export_model"),
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/export_model.py"


rule export_onnx:
    """Write an exported model as an ONNX file, which needs no PyTorch."""
    input:
        stamp("export_onnx"),
        "results/{experiment}/export/{variant}/seed_{seed}/whosaid.json",
        model=ancient("results/{experiment}/export/{variant}/seed_{seed}"),
        test="data/{experiment}/splits/{variant}/test.parquet",
        predictions="results/{experiment}/predictions/{variant}/seed_{seed}/test.parquet",
    output:
        "results/{experiment}/export_onnx/{variant}/seed_{seed}/whosaid.json",
        export=directory("results/{experiment}/export_onnx/{variant}/seed_{seed}"),
    wildcard_constraints:
        variant=variants_with("encoder"),
    log:
        "results/logs/export_onnx/{experiment}/{variant}/seed_{seed}.log",
    params:
        code=code_text("export_onnx"),
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/export_onnx.py"
