# Predicts files of lines that are no part of the corpus: those under `new_lines` in the config.
#
# INPUTS: the file, data/{experiment}/models/{variant}/
# OUTPUTS: results/{experiment}/new/{name}/{variant}.parquet and .csv


rule predict_new_lines:
    """Who says each line of a file, by all models of the variant."""
    input:
        stamp("predict_new_lines"),
        model_manifests,
        **output_paths.thresholds_of(CONFIG, "{experiment}", "{variant}"),
        lines=ancient(new_lines_file),
        models=ancient(model_folders),
        nltk_data=punkt_data,
    output:
        predictions="results/{experiment}/new/{name}/{variant}.parquet",
        table="results/{experiment}/new/{name}/{variant}.csv",
    wildcard_constraints:
        variant=any_of(output_paths.with_models(CONFIG)),
        name=any_of(CONFIG.new_lines),
    log:
        "results/logs/predict_new_lines/{experiment}/{name}/{variant}.log",
    benchmark:
        "results/logs/predict_new_lines/{experiment}/{name}/{variant}.jsonl"
    params:
        settings=settings_of("predict_new_lines"),
        code=code_text("predict_new_lines"),
        lines_digest=new_lines_digest,
    threads: share_of_cores
    resources:
        gpu=1,
        gpu_mem_mb=6000,
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/predict_new_lines.py"
