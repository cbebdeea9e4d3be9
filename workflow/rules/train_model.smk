# Fine-tunes the models.
#
# INPUTS: data/{experiment}/tokenized/{variant}/, data/{experiment}/encoders/{encoder}/
# OUTPUTS: data/{experiment}/models/{variant}/seed_{seed}/


rule train_model:
    """Fine-tune the variant's encoder with one seed."""
    input:
        stamp("train_model"),
        "data/{experiment}/tokenized/{variant}/manifest.json",
        encoder_manifest,
        ancient("data/{experiment}/splits/{variant}/audit_passed"),
        tokenized=ancient("data/{experiment}/tokenized/{variant}"),
        encoder=ancient(encoder_folder),
    output:
        "data/{experiment}/models/{variant}/seed_{seed}/manifest.json",
        "data/{experiment}/models/{variant}/seed_{seed}/training.json",
        model=directory("data/{experiment}/models/{variant}/seed_{seed}"),
    wildcard_constraints:
        variant=variants_with("encoder"),
    log:
        "results/logs/train_model/{experiment}/{variant}/seed_{seed}.log",
    benchmark:
        "results/logs/train_model/{experiment}/{variant}/seed_{seed}.jsonl"
    params:
        settings=settings_of("train_model"),
        code=training_code(),
        store=output_paths.MODEL_STORE,
    threads: share_of_cores
    # Enough for texts of 512 tokens; only used if gpu_mem_mb is limited, see profiles/default.
    resources:
        gpu=gpus_of,
        gpu_mem_mb=6000,
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/train_model.py"
