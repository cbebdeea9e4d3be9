# Targets that are asked for by name: checking what is there and making room.
#
# INPUTS: what was built, the records in results/logs/, data/model_store/
# OUTPUTS: what was damaged, made again

from whosaid.verify import damaged_outputs


localrules:
    verify,
    prune_store,


rule verify:
    """List every output that was changed, cut short or lost, and make it again."""
    input:
        lambda wildcards: damaged_outputs(CONFIG, workflow.dag.forcefiles),


rule prune_store:
    """Delete trained models that no experiment uses."""
    log:
        "results/logs/prune_store/prune_store.log",
    params:
        data="data",
        store="data/model_store",
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/prune_store.py"
