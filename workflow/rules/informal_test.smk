# Asks all models the lines of `informal_test` in the config.
#
# INPUTS: data/{experiment}/models/
# OUTPUTS: results/{experiment}/informal_test.md


rule informal_test:
    """Who says each line of the informal test, by every model."""
    input:
        stamp("informal_test"),
        output_paths.model_manifests(CONFIG, output_paths.asked(CONFIG)),
        models=ancient(output_paths.model_folders(CONFIG, output_paths.asked(CONFIG))),
        thresholds=output_paths.thresholds(CONFIG, output_paths.asked(CONFIG)),
        nltk_data=punkt_data,
    output:
        page="results/{experiment}/informal_test.md",
    log:
        "results/logs/informal_test/{experiment}.log",
    params:
        settings=settings_of("informal_test"),
        code=code_text("informal_test"),
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/informal_test.py"
