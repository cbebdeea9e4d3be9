# Fine-tunes the models.
#
# INPUTS: data/{experiment}/tokenized/{variant}/, data/{experiment}/encoders/{encoder}/
# OUTPUTS: data/{experiment}/models/{variant}/seed_{seed}/


rule train_model:
    """Fine-tune the variant's encoder with one seed."""
    input:
        tokenized=ancient("data/{experiment}/tokenized/{variant}"),
        tokenized_manifest="data/{experiment}/tokenized/{variant}/manifest.json",
        encoder=ancient(encoder_folder),
        encoder_manifest=encoder_manifest,
        audit_passed=ancient("data/{experiment}/splits/{variant}/audit_passed"),
    output:
        model=directory("data/{experiment}/models/{variant}/seed_{seed}"),
        manifest="data/{experiment}/models/{variant}/seed_{seed}/manifest.json",
        record="data/{experiment}/models/{variant}/seed_{seed}/training.json",
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
    threads: 8
    # Enough for texts of 512 tokens; only used if gpu_mem_mb is limited, see profiles/default.
    resources:
        gpu=1,
        gpu_mem_mb=6000,
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/train_model.py"
