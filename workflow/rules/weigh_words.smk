# Which words push a line: the weights of the words of the lines of which a variant is surest.
#
# INPUTS: data/{experiment}/models/{variant}/, splits/{variant}/, lines.parquet;
#   results/{experiment}/predictions/{variant}/seed_{seed}/test.parquet
# OUTPUTS: results/{experiment}/words/{variant}.json


rule weigh_words:
    """Leave out each word of the surest right and wrong lines, and ask all models again."""
    input:
        stamp("weigh_words"),
        model_manifests,
        models=ancient(model_folders),
        split=f"data/{{experiment}}/splits/{{variant}}/{REPORTED}.parquet",
        predictions=predictions_on(REPORTED),
        lines="data/{experiment}/lines.parquet",
        added_tokens="data/{experiment}/splits/{variant}/added_tokens.json",
    output:
        words="results/{experiment}/words/{variant}.json",
    wildcard_constraints:
        variant=any_of(output_paths.weighed(CONFIG)),
    log:
        "results/logs/weigh_words/{experiment}/{variant}.log",
    benchmark:
        "results/logs/weigh_words/{experiment}/{variant}.jsonl"
    params:
        settings=settings_of("weigh_words"),
        code=code_text("weigh_words"),
    threads: share_of_cores
    resources:
        gpu=1,
        gpu_mem_mb=6000,
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/weigh_words.py"
