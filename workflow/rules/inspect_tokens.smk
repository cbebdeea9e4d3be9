# What a model reads of the lines of a variant: a page with a few rows, and totals.
#
# INPUTS: data/{experiment}/tokenized/{variant}/, splits/{variant}/added_tokens.json
# OUTPUTS: results/{experiment}/tokens/{variant}.md, {variant}.json


rule inspect_tokens:
    """Write a page about the tokens of a variant, and their totals."""
    input:
        stamp("inspect_tokens"),
        "data/{experiment}/tokenized/{variant}/manifest.json",
        tokenized=ancient("data/{experiment}/tokenized/{variant}"),
        added_tokens="data/{experiment}/splits/{variant}/added_tokens.json",
    output:
        page="results/{experiment}/tokens/{variant}.md",
        counts="results/{experiment}/tokens/{variant}.json",
    wildcard_constraints:
        variant=variants_with("encoder"),
    log:
        "results/logs/inspect_tokens/{experiment}/{variant}.log",
    params:
        settings=settings_of("inspect_tokens"),
        code=code_text("inspect_tokens"),
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/inspect_tokens.py"
