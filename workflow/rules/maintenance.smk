# Rules that are run by name: they check outputs, free disk space, and pack what was fetched.
#
# INPUTS: what was built, the records in results/logs/, data/model_store/
# OUTPUTS: none; `repair`, `prune_outputs` and `prune_store` delete, `pack_bundle` writes
#   results/{experiment}/bundle.tar, `fetch_corpus` files in data/downloads/


# Snakemake asks a server about its file in every plan that needs it. So it is asked in this rule
# alone, and what it brought is a file of the user's from then on, the same until it is fetched again.
rule fetch_corpus:
    """Fetch the files of lines that the config names by a URL, by Snakemake's storage plugins."""
    localrule: True
    input:
        remote_corpus,
    log:
        "results/logs/fetch_corpus/fetch_corpus.log",
    params:
        copies=list(DOWNLOADS.values()),
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/fetch_corpus.py"


rule pack_bundle:
    """Pack all that was fetched into one archive, for machines without a network."""
    localrule: True
    input:
        encoders=expand(
            rules.fetch_encoder.output[0], experiment=CONFIG.experiment, encoder=FROM_HUB
        ),
        nltk_data=punkt_data,
        corpus=downloaded,
    log:
        "results/logs/pack_bundle/pack_bundle.log",
    params:
        paths=bundled,
        bundle=f"results/{CONFIG.experiment}/bundle.tar",
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/pack_bundle.py"


rule verify:
    """List every output that was changed, cut short or lost since its job ended."""
    localrule: True
    log:
        "results/logs/verify/verify.log",
    params:
        settings=settings_of("verify"),
        logs="results/logs",
        repair=False,
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/verify.py"


rule repair:
    """Delete the outputs that `verify` lists, so that the next run makes them again."""
    localrule: True
    log:
        "results/logs/verify/repair.log",
    params:
        settings=settings_of("verify"),
        logs="results/logs",
        repair=True,
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/verify.py"


rule list_unused:
    """List the outputs of this experiment that the config no longer asks for."""
    localrule: True
    log:
        "results/logs/prune_outputs/list_unused.log",
    params:
        settings=settings_of("prune_outputs"),
        delete=False,
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/prune_outputs.py"


rule prune_outputs:
    """Delete the outputs that `list_unused` lists."""
    localrule: True
    log:
        "results/logs/prune_outputs/prune_outputs.log",
    params:
        settings=settings_of("prune_outputs"),
        delete=True,
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/prune_outputs.py"


rule prune_store:
    """Delete the trained models that no experiment uses."""
    localrule: True
    log:
        "results/logs/prune_store/prune_store.log",
    params:
        data="data",
        store=output_paths.MODEL_STORE,
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/prune_store.py"
