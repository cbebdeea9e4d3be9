# Brings an encoder into the project: from the hub, from a local folder, or built here.
#
# INPUTS: the hub, a local folder, or data/{experiment}/lines.parquet
# OUTPUTS: data/{experiment}/encoders/{encoder}/


# Only this rule and fetch_punkt need a network, so they run on Snakemake's own machine. There is no
# digest of the code among the params: a fetched encoder stays, whatever code fetched it.
rule fetch_encoder:
    """Download or copy an encoder and list its files in a manifest."""
    localrule: True
    input:
        stamp("fetch_encoder"),
        ancient(local_files),
    output:
        "data/{experiment}/encoders/{encoder}/manifest.json",
        encoder=directory("data/{experiment}/encoders/{encoder}"),
    wildcard_constraints:
        encoder=encoders_from("hub", "path"),
    log:
        "results/logs/fetch_encoder/{experiment}/{encoder}.log",
    params:
        settings=settings_of("fetch_encoder"),
        source_digests=local_digests,
    priority: 2
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/fetch_encoder.py"


rule build_encoder:
    """Build a small encoder with random weights and a tokenizer trained on the corpus."""
    input:
        stamp("build_encoder"),
        lines="data/{experiment}/lines.parquet",
    output:
        "data/{experiment}/encoders/{encoder}/manifest.json",
        encoder=directory("data/{experiment}/encoders/{encoder}"),
    wildcard_constraints:
        encoder=encoders_from("scratch"),
    log:
        "results/logs/build_encoder/{experiment}/{encoder}.log",
    params:
        settings=settings_of("build_encoder"),
        code=code_text("build_encoder"),
    priority: 2
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/build_encoder.py"
