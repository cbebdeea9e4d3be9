"""What a change makes stale, by the jobs that a dry run announces on a finished tree."""

import pytest

VARIANTS = (
    "basic_distilbert",
    "basic_roberta",
    "rebalanced_distilbert",
    "low_cutoff_distilbert",
    "augmented_vocab_distilbert",
)
SPLITS = ("test", "train", "valid")


def evaluations(*variants):
    return [("evaluate_split", variant, split) for variant in variants for split in SPLITS]


def trained(*variants):
    """What follows from training the variants again."""
    jobs = [
        (rule, variant, "42") for rule in ("train_model", "predict_splits") for variant in variants
    ]
    return sorted([*jobs, *evaluations(*variants), ("summarize",)])


def test_a_finished_tree_has_nothing_to_do(finished):
    assert finished.plan() == []


def test_another_learning_rate_retrains_its_variant_alone(finished):
    finished.edit(
        "config/config.yaml",
        "    title: Short lines removed\n",
        "    title: Short lines removed\n    training: {learning_rate: 2.0e-3}\n",
    )
    assert finished.plan() == trained("low_cutoff_distilbert")


def test_one_variants_target_reruns_that_variant_alone(finished):
    target = "results/sample/metrics/rebalanced_distilbert/test.json"
    plan = finished.plan(f"{target} --forcerun split_lines")
    assert plan == sorted(
        [
            ("split_lines", "rebalanced_distilbert"),
            ("tokenize_splits", "rebalanced_distilbert"),
            ("train_model", "rebalanced_distilbert", "42"),
            ("predict_splits", "rebalanced_distilbert", "42"),
            ("evaluate_split", "rebalanced_distilbert", "test"),
        ]
    )


def test_a_title_rebuilds_the_table_alone(finished):
    finished.edit("config/config.yaml", "title: RoBERTa\n", "title: Robert\n")
    assert finished.plan() == [("summarize",)]


def test_a_new_variant_runs_its_own_jobs_and_the_table(finished):
    with (finished.root / "config" / "config.yaml").open("a", encoding="utf-8") as file:
        file.write("\n  long_lines:\n    title: Long lines\n    min_words: 12\n")
    assert finished.plan() == sorted(
        [
            ("split_lines", "long_lines"),
            ("tokenize_splits", "long_lines"),
            *trained("long_lines"),
        ]
    )


def test_reordered_keys_and_comments_in_the_config_change_nothing(finished):
    finished.edit(
        "config/config.yaml",
        "    num_train_epochs: 6\n    per_device_train_batch_size: 32\n",
        "    # the same, the other way round\n"
        "    per_device_train_batch_size: 32\n    num_train_epochs: 6.0\n",
    )
    assert finished.plan() == []


def test_a_touched_csv_changes_nothing(finished):
    (finished.root / "data" / "sample" / "script_data_processed.csv").touch()
    assert finished.plan() == []


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("workflow/scripts/train_model.py", '"""Fine-tune an', '"""Tune an'),
        ("workflow/whosaid/stage.py", "import logging\n", "import logging  # the standard one\n"),
    ],
)
def test_comments_and_docstrings_in_the_code_change_nothing(finished, path, old, new):
    finished.edit(path, old, new)
    assert finished.plan() == []


def test_an_edited_metric_runs_no_training_but_what_uses_the_metric(finished):
    finished.edit(
        "workflow/scripts/evaluate_split.py",
        "fmean(each[name] for each in by_seed.values())",
        "fmean([each[name] for each in by_seed.values()])",
    )
    assert finished.plan() == sorted([*evaluations(*VARIANTS), ("summarize",)])


def test_an_edited_library_module_makes_every_stage_that_reaches_it_stale(finished):
    finished.edit(
        "workflow/whosaid/device.py", '"bfloat16" if native', '"bfloat16" if bool(native)'
    )
    assert finished.plan() == trained(*VARIANTS)


def test_the_dry_run_imports_no_heavy_library(finished):
    # The three are made impossible to import: whoever tries ends the dry run.
    blocker = finished.root / "blocked"
    blocker.mkdir()
    for name in ("torch", "transformers", "datasets"):
        (blocker / f"{name}.py").write_text(f"raise SystemExit('{name} was imported')\n")
    dry_run = finished.run("snakemake -n --forceall", PYTHONPATH=str(blocker))
    assert dry_run.returncode == 0, dry_run.stderr
