# Divides the lines of a variant into splits; fetches NLTK's data if words are counted with punkt.
#
# INPUTS: data/{experiment}/lines.parquet
# OUTPUTS: data/{experiment}/splits/{variant}/{train,test,valid}.parquet, added_tokens.json,
#   split_counts.json; data/nltk_data/


rule fetch_punkt:
    """Fetch NLTK's punkt_tab, from NLTK_DATA or from its pinned archive."""
    localrule: True
    input:
        stamp("fetch_punkt"),
    output:
        nltk_data=directory("data/nltk_data"),
    log:
        "results/logs/fetch_punkt/fetch_punkt.log",
    params:
        code=code_text("fetch_punkt"),
    priority: 2
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/fetch_punkt.py"


# Faults in the data show up here, so all splits are made before any training.
rule split_lines:
    """Choose, label and split the lines of one variant."""
    input:
        stamp("split_lines"),
        lines="data/{experiment}/lines.parquet",
        nltk_data=punkt_data,
    output:
        splits=of_splits("data/{experiment}/splits/{variant}/{split}.parquet"),
        added_tokens="data/{experiment}/splits/{variant}/added_tokens.json",
        split_counts="data/{experiment}/splits/{variant}/split_counts.json",
    log:
        "results/logs/split_lines/{experiment}/{variant}.log",
    benchmark:
        "results/logs/split_lines/{experiment}/{variant}.jsonl"
    params:
        settings=settings_of("split_lines"),
        code=code_text("split_lines"),
    priority: 2
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/split_lines.py"
