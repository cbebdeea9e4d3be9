# Turns the texts of a variant into token ids.
#
# INPUTS: data/{experiment}/splits/{variant}/, data/{experiment}/encoders/{encoder}/
# OUTPUTS: data/{experiment}/tokenized/{variant}/


rule tokenize_splits:
    """Tokenize the splits of a variant, unpadded, with its added tokens."""
    input:
        stamp("tokenize_splits"),
        encoder_manifest,
        splits=of_splits("data/{experiment}/splits/{variant}/{split}.parquet"),
        added_tokens="data/{experiment}/splits/{variant}/added_tokens.json",
        encoder=ancient(encoder_folder),
    output:
        "data/{experiment}/tokenized/{variant}/manifest.json",
        tokenized=directory("data/{experiment}/tokenized/{variant}"),
    log:
        "results/logs/tokenize_splits/{experiment}/{variant}.log",
    benchmark:
        "results/logs/tokenize_splits/{experiment}/{variant}.jsonl"
    params:
        settings=settings_of("tokenize_splits"),
        code=code_text("tokenize_splits"),
        # Another encoder is another input, which only Snakemake's own memory would notice.
        encoder=encoder_folder,
    priority: 1
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/tokenize_splits.py"
