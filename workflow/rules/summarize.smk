# Writes what people read: the figures, the tables, the report.
#
# INPUTS: results/{experiment}/metrics/, comparison.json, slices.json, predictions/ (test);
#   data/{experiment}/models/{variant}/seed_{seed}/training.json, thresholds.json;
#   results/audit.md, {experiment}/corpus.md, tokens/, predictions/ (runtime.json);
#   data/{experiment}/corpus.json, encoders/{encoder}/manifest.json, splits/{variant}/split_counts.json
# OUTPUTS: results/{experiment}/figures/, summary.md, results/summary.md, results/summary.json,
#   results/report.html


rule draw_figures:
    """Draw every figure of the experiment."""
    input:
        stamp("draw_figures"),
        metrics=output_paths.metrics(CONFIG),
        predictions=output_paths.reported_predictions(CONFIG),
        thresholds=output_paths.thresholds(CONFIG),
        records=output_paths.training_records(CONFIG),
        split_counts=output_paths.split_counts(CONFIG),
        comparison=f"results/{CONFIG.experiment}/comparison.json",
        slices=f"results/{CONFIG.experiment}/slices.json",
    output:
        **{
            name: report(
                path,
                caption=f"../report/{name}.md",
                category="Figures",
                labels={"figure": name.replace("_", " ")},
            )
            for name, path in output_paths.figures(CONFIG).items()
        },
    log:
        f"results/logs/draw_figures/{CONFIG.experiment}.log",
    params:
        settings=settings_of("draw_figures"),
        code=code_text("draw_figures"),
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/draw_figures.py"


rule summarize:
    """Write the tables of the experiment, and the address of each number in them."""
    localrule: True
    input:
        stamp("summarize"),
        figures=output_paths.figures(CONFIG).values(),
        corpus=f"data/{CONFIG.experiment}/corpus.json",
        metrics=output_paths.metrics(CONFIG),
        records=output_paths.training_records(CONFIG),
        comparison=f"results/{CONFIG.experiment}/comparison.json",
    output:
        summary=report("results/summary.md", caption="../report/summary.rst", category="Tables"),
        kept=f"results/{CONFIG.experiment}/summary.md",
        numbers="results/summary.json",
    log:
        "results/logs/summarize/summarize.log",
    params:
        settings=settings_of("summarize"),
        code=code_text("summarize"),
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/summarize.py"


# Unlike the output of `snakemake --report`, a target is rebuilt when stale, and it shows the tables.
rule write_report:
    """Put all that is known of the experiment into one self-contained HTML page."""
    localrule: True
    input:
        stamp("write_report"),
        figures=output_paths.figures(CONFIG).values(),
        captions=[f"{REPORT}/{name}.md" for name in output_paths.figures(CONFIG)],
        template=f"{REPORT}/page.html",
        summary="results/summary.md",
        numbers="results/summary.json",
        slices=f"results/{CONFIG.experiment}/slices.json",
        corpus=f"results/{CONFIG.experiment}/corpus.md",
        facts=f"data/{CONFIG.experiment}/corpus.json",
        audit="results/audit.md",
        informal=output_paths.informal_pages(CONFIG),
        metrics=output_paths.metrics(CONFIG),
        records=output_paths.training_records(CONFIG),
        runtimes=output_paths.runtimes(CONFIG),
        encoder_manifests=output_paths.encoder_manifests(CONFIG),
        token_counts=output_paths.token_files(CONFIG, "json"),
        token_pages=output_paths.token_files(CONFIG, "md"),
    output:
        report=report("results/report.html", caption="../report/report.rst", category="Report"),
    log:
        "results/logs/write_report/write_report.log",
    params:
        settings=settings_of("write_report"),
        code=code_text("write_report"),
        logs="results/logs",
    conda:
        "../../envs/environment.yaml"
    script:
        "../scripts/write_report.py"
