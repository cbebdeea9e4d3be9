# The page about the errors: every prediction on held-out rows, with its line and its scene.
#
# INPUTS: results/{experiment}/predictions/{variant}/seed_{seed}/{test,valid}.parquet of every
#   variant, words/{variant}.json; data/{experiment}/lines.parquet
# OUTPUTS: results/{experiment}/errors.html

ERRORS = f"{REPORT}/errors"
TABULATOR = f"{REPORT}/vendored/tabulator"


rule write_errors_page:
    """Put every prediction on held-out rows into one self-contained HTML page."""
    localrule: True
    input:
        stamp("write_errors_page"),
        test=output_paths.all_predictions(CONFIG, "test"),
        valid=output_paths.all_predictions(CONFIG, "valid"),
        lines="data/{experiment}/lines.parquet",
        words=output_paths.word_weights(CONFIG),
        template=f"{ERRORS}/page.html",
        styles=[f"{TABULATOR}/tabulator_simple.min.css", f"{ERRORS}/page.css"],
        scripts=[
            f"{TABULATOR}/tabulator.min.js",
            f"{ERRORS}/rows.js",
            f"{ERRORS}/filters.js",
            f"{ERRORS}/words.js",
            f"{ERRORS}/scene.js",
            f"{ERRORS}/table.js",
        ],
        notice=f"{TABULATOR}/LICENSE",
    output:
        page="results/{experiment}/errors.html",
    log:
        "results/logs/write_errors_page/{experiment}.log",
    params:
        settings=settings_of("write_errors_page"),
        code=code_text("write_errors_page"),
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/write_errors_page.py"
