# Fine-tunes the models.
#
# INPUTS: data/{experiment}/tokenized/{variant}/, data/{experiment}/encoders/{encoder}/
# OUTPUTS: data/{experiment}/models/{variant}/seed_{seed}/


rule train_model:
    """Fine-tune the variant's encoder with one seed."""
    input:
        tokenized="data/{experiment}/tokenized/{variant}",
        encoder=encoder_folder,
    output:
        model=directory("data/{experiment}/models/{variant}/seed_{seed}"),
        record="data/{experiment}/models/{variant}/seed_{seed}/training.json",
    log:
        "results/logs/train_model/{experiment}/{variant}/seed_{seed}.log",
    benchmark:
        "results/logs/train_model/{experiment}/{variant}/seed_{seed}.jsonl"
    params:
        settings=settings_of("train_model"),
        code=code_text("train_model"),
    threads: 8
    resources:
        gpu=1,
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/train_model.py"
