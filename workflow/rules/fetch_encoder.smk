# Brings a pre-trained encoder into the project.
#
# INPUTS: the hub, a local folder, or data/{experiment}/lines.parquet
# OUTPUTS: data/{experiment}/encoders/{encoder}/


localrules:
    fetch_encoder,


# The only rule, beside fetch_punkt, that needs a network: it runs where Snakemake runs.
rule fetch_encoder:
    """Download, copy or build an encoder and list its files in a manifest."""
    input:
        unpack(encoder_source),
    output:
        encoder=directory("data/{experiment}/encoders/{encoder}"),
        manifest="data/{experiment}/encoders/{encoder}/manifest.json",
    log:
        "results/logs/fetch_encoder/{experiment}/{encoder}.log",
    params:
        settings=settings_of("fetch_encoder"),
        code=code_text("fetch_encoder"),
        source_digests=encoder_digests,
    priority: 2
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/fetch_encoder.py"
