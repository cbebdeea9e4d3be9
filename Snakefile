# So that `snakemake` finds the workflow, and beside this file its default profile.
include: "workflow/Snakefile"


# Snakemake has no default target in a file that it includes.
rule default:
    default_target: True
    input:
        rules.all.input,
