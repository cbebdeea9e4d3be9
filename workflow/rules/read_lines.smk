# Reads and checks the CSV.
#
# INPUTS: corpus.csv of the config
# OUTPUTS: data/{experiment}/lines.parquet, data/{experiment}/corpus.json


rule read_lines:
    """Check the CSV and store its lines with their types."""
    input:
        stamp("read_lines"),
        csv=ancient(CONFIG.corpus.csv),
    output:
        lines="data/{experiment}/lines.parquet",
        corpus="data/{experiment}/corpus.json",
    log:
        "results/logs/read_lines/{experiment}.log",
    params:
        settings=settings_of("read_lines"),
        code=code_text("read_lines"),
        csv_digest=corpus_digest,
    priority: 2
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/read_lines.py"
