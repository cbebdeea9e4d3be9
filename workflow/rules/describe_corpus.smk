# The page about the corpus: who speaks, and what each recipe makes of the lines.
#
# INPUTS: data/{experiment}/lines.parquet, corpus.json, splits/{variant}/split_counts.json of every
#   variant, the reference's train.parquet
# OUTPUTS: results/{experiment}/corpus.md


rule describe_corpus:
    """Write a page about the lines, the speakers and the classes of each recipe."""
    localrule: True
    input:
        stamp("describe_corpus"),
        lines="data/{experiment}/lines.parquet",
        corpus="data/{experiment}/corpus.json",
        split_counts=output_paths.split_counts(CONFIG),
        train="data/{experiment}/splits/%s/train.parquet" % CONFIG.reference_variant,
    output:
        page="results/{experiment}/corpus.md",
    log:
        "results/logs/describe_corpus/{experiment}.log",
    params:
        settings=settings_of("describe_corpus"),
        code=code_text("describe_corpus"),
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/describe_corpus.py"
