# Reads and checks the files of lines.
#
# INPUTS: the files of corpus.csv in the config
# OUTPUTS: data/{experiment}/lines.parquet, data/{experiment}/corpus.json


rule read_lines:
    """Check the files and store their lines with their types."""
    input:
        stamp("read_lines"),
        csv=ancient(corpus),
    output:
        lines="data/{experiment}/lines.parquet",
        corpus="data/{experiment}/corpus.json",
    log:
        "results/logs/read_lines/{experiment}.log",
    benchmark:
        "results/logs/read_lines/{experiment}.jsonl"
    params:
        settings=settings_of("read_lines"),
        code=code_text("read_lines"),
        csv_digest=corpus_digests,
    priority: 2
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/read_lines.py"
