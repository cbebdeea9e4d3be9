"""What a change makes stale, and nothing else: the exact job lists of dry runs.

Two trees are looked at: one of the shipped config with its eight variants, and a tiny one whose
encoder is a local folder. Snakemake takes both for finished; their outputs are forged, since a dry
run looks at no more than their times and records. A change is named, made in a copy, and compared
with the exact list of jobs that a dry run then announces. `test_real_runs.py` lets jobs run.
"""

import importlib.metadata
import os
import sys
from pathlib import Path

import pytest
import yaml
from configs import TINY
from edits import (
    append,
    backdated,
    cases,
    edit_all,
    edit_code,
    plant_package,
    reformat,
    remove,
    reorder_variants,
    replace,
    reverse_all_keys,
    set_cell,
    set_key,
    touch,
    touch_in_reverse,
    truncate,
)
from job_lists import (
    ALL_COMPARED,
    COMPARISON,
    DISTILBERT,
    ENCODED,
    ENCODERS,
    EVERYTHING,
    LINEAR,
    NOTHING,
    PICTURES,
    ROBERTA,
    SEEDS,
    SLICES,
    TABLE,
    VARIANTS,
    added,
    built,
    evaluated,
    passed,
    predicted,
    resampled,
    split,
    tokenized,
    trained,
)
from tree import CONFIG, CSV, PROJECT, SAMPLE, Jobs, Tree, copy_project, jobs_in

STAGES = ("read_lines", "split_lines", "build_encoder", "fetch_encoder", "tokenize_splits")
STAGES += ("train_model", "predict_splits", "train_linear", "evaluate_splits")
STAGES += ("compare_variants", "evaluate_slices", "draw_figures", "summarize")

README_TARGET = "results/summary.md"
BASIC_MODEL = "data/demo/models/basic_distilbert/seed_42"


def assert_plan(tree: Tree, jobs: Jobs, python_path: str | None = None) -> None:
    """The README's target plans the jobs without Snakemake's memory, as in a copy by rsync.

    `data` and `results` were once moved to another clone, and for another target speaker, learning
    rate or CSV there was "Nothing to be done".
    """
    tree.remove(".snakemake")
    assert tree.plan(README_TARGET, python_path) == jobs


def assert_both_plans(tree: Tree, jobs: Jobs, python_path: str | None = None) -> None:
    """So does the default target, with Snakemake's memory."""
    assert tree.plan(python_path=python_path) == jobs
    assert_plan(tree, jobs, python_path)


# Nothing, and what leaves everything as it is.


def test_a_finished_tree_has_nothing_to_do(finished):
    assert_both_plans(finished, NOTHING)


PLUMBING = sorted(
    path.relative_to(PROJECT / "workflow").with_suffix("").as_posix()
    for room in ("jobs", "caching")
    for path in (PROJECT / "workflow" / "whosaid" / room).glob("*.py")
)

# The changes of a group are made in one tree, one after the other.
HARMLESS = {
    "code": {
        "comment in a module": replace(
            "workflow/whosaid/training/train.py", "import logging\n", "import logging  # standard\n"
        ),
        "docstring of a script": replace(
            "workflow/scripts/train_model.py", '"""Fine-tune an', '"""Tune an'
        ),
        "comment and threads in a rule": replace(
            "workflow/rules/train_model.smk", "threads: share_of_cores", "threads: 4  # fewer"
        ),
        "module that no stage imports": append("workflow/whosaid/spare.py", "SPARE = 1\n"),
        **{
            f"script of a rule that makes nothing: {name}": edit_code(f"scripts/{name}")
            for name in ("prune_outputs", "prune_store", "verify")
        },
        "script of a rule that nothing needs": edit_code("scripts/fetch_punkt"),
        "script of an encoder that is not fetched": edit_code("scripts/fetch_encoder"),
        **{
            f"module that works before any stage: {name}": edit_code(f"whosaid/{name}")
            for name in (
                *("config/model", "config/output_paths", "config/parse", "config/stage_settings"),
                *("corpus/check_before_run", "tokens/encoder_files"),
            )
        },
    },
    "words": {
        "log message": replace(
            "workflow/whosaid/training/epoch_log.py",
            '"%s: %s %s %.4f"',
            '"after %s: on %s %s is %.4f"',
        ),
        "log message with other values": replace(
            "workflow/whosaid/training/train.py",
            'logger.info("continuing from %s", checkpoint)',
            'logger.info("going on from %s in %s", checkpoint, entry)',
        ),
        "log message of a script": replace(
            "workflow/scripts/read_lines.py", '"%s: %d rows, %d speakers"', '"%s: %d by %d"'
        ),
        "error": replace("workflow/whosaid/training/epoch_log.py", 'the training "', 'learning "'),
        "error of an interruption": replace(
            "workflow/whosaid/training/checkpoints.py", "stopped after step", "it ends after step"
        ),
        "error that is not raised where it is made": replace(
            "workflow/whosaid/corpus/split_rows.py",
            "needs at least one line of every class; ",
            "must have a line of every class; ",
        ),
    },
    "plumbing": {
        **{f"{path}": edit_code(path) for path in (*PLUMBING, "whosaid/errors")},
        "log line of a stage": replace(
            "workflow/whosaid/jobs/stage.py", '"%(asctime)s %(message)s"', '"%(message)s"'
        ),
    },
    "layout of the code": {
        f"{path} reformatted": reformat(path)
        for path in (
            *(f"workflow/scripts/{stage}.py" for stage in STAGES),
            *(
                f"workflow/whosaid/{name}.py"
                for name in (
                    *("caching/atomic", "caching/manifest", "evaluation/metrics", "jobs/stage"),
                    *("training/train", "training/packing", "corpus/recipe"),
                )
            ),
        )
    },
    "files beside the code": {
        "profile": append("profiles/default/config.yaml", "printshellcmds: true\n"),
        "README": append("README.md", "\nA remark.\n"),
        "manual": append("config/README.md", "\nA remark.\n"),
        "another overlay": append("config/office.yaml", "# a remark\n"),
        "conda environment": append("envs/environment.yaml", "# a remark\n"),
        "Makefile": append("Makefile", "# a remark\n"),
    },
    "times, as in a fresh checkout": {
        "every tracked file touched": touch(
            *("Makefile", "README.md", "Snakefile", "config", "envs", "profiles", "workflow"),
            *SAMPLE,
        ),
    },
    "times of the CSV, later": {"CSV touched": touch(CSV)},
    "times of the CSV, earlier": {"CSV touched long ago": backdated(CSV, lambda tree: None)},
    "times of what was made": {"every file touched in reverse order": touch_in_reverse},
    "config": {
        "comment and another way to write a number": replace(
            CONFIG, "    learning_rate: 1.0e-3\n", "    # the same\n    learning_rate: 0.001\n"
        ),
        "float for an integer": set_key("defaults.training.num_train_epochs", 8.0),
        "default spelt out": set_key("defaults.training.warmup_steps", 0),
        "default repeated by a variant": set_key("variants.basic_distilbert.max_length", 128),
        "unit that is resampled by default": set_key("statistics.unit", "row"),
        "encoder that no variant uses": set_key("encoders.spare", {"path": "nowhere"}),
        "keys reordered": reverse_all_keys,
    },
}


@pytest.mark.parametrize("changes", cases({name: (group,) for name, group in HARMLESS.items()}))
def test_changes_of_no_consequence_make_nothing_stale(finished, changes):
    for change in changes.values():
        change(finished)
    assert finished.plan() == NOTHING


def test_a_copy_of_the_finished_tree_at_another_place_has_nothing_to_do(finished, tmp_path):
    elsewhere = tmp_path / "another place"
    # `cp -r` gives every file a new time, in whatever order the files come.
    assert finished.run(f"cp -r . '{elsewhere}'").returncode == 0
    assert Tree(elsewhere).plan() == NOTHING


# Code


STALE_BY_CODE = {
    # a module for each set of stages that share one
    "scratch_encoder": (
        edit_code("whosaid/tokens/scratch_encoder"),
        built(*ENCODERS, variants=ENCODED),
    ),
    "tokenize_texts": (edit_code("whosaid/tokens/tokenize_texts"), tokenized(*ENCODED)),
    "split_names": (edit_code("whosaid/split_names"), split(*VARIANTS)),
    "published_metrics": (edit_code("whosaid/evaluation/published_metrics"), trained(*VARIANTS)),
    "abstention": (edit_code("whosaid/evaluation/abstention"), predicted(*VARIANTS)),
    "metrics": (edit_code("whosaid/evaluation/metrics"), resampled(*VARIANTS)),
    "resampling": (edit_code("whosaid/evaluation/resampling"), resampled(*VARIANTS)),
    "split_metrics": (edit_code("whosaid/evaluation/split_metrics"), evaluated(*VARIANTS)),
    "compare": (edit_code("whosaid/evaluation/compare"), COMPARISON),
    "units": (edit_code("whosaid/corpus/units"), split(*VARIANTS)),
    "curves": (edit_code("whosaid/evaluation/curves"), SLICES),
    "model_store": (edit_code("whosaid/training/model_store"), trained(*ENCODED)),
    "checkpoints": (edit_code("whosaid/training/checkpoints"), trained(*ENCODED)),
    "packing": (edit_code("whosaid/training/packing"), trained(*ENCODED)),
    "linear_model": (edit_code("whosaid/training/linear_model"), predicted(*LINEAR)),
    "split_rows": (edit_code("whosaid/corpus/split_rows"), split(*VARIANTS)),
    "read_corpus": (edit_code("whosaid/corpus/read_corpus"), EVERYTHING),
    # the scripts
    "read_lines": (edit_code("scripts/read_lines"), EVERYTHING),
    "split_lines": (edit_code("scripts/split_lines"), split(*VARIANTS)),
    "build_encoder": (
        edit_code("scripts/build_encoder"),
        built(*ENCODERS, variants=ENCODED),
    ),
    "tokenize_splits": (edit_code("scripts/tokenize_splits"), tokenized(*ENCODED)),
    "train_model": (edit_code("scripts/train_model"), trained(*ENCODED)),
    "predict_splits": (edit_code("scripts/predict_splits"), predicted(*ENCODED)),
    "train_linear": (edit_code("scripts/train_linear"), predicted(*LINEAR)),
    "evaluate_splits": (edit_code("scripts/evaluate_splits"), evaluated(*VARIANTS)),
    "compare_variants": (edit_code("scripts/compare_variants"), COMPARISON),
    "evaluate_slices": (edit_code("scripts/evaluate_slices"), SLICES),
    "draw_figures": (edit_code("scripts/draw_figures"), PICTURES),
    "the template of the summary": (edit_code("whosaid/reporting/summary"), TABLE),
    "a number in training": (
        replace("workflow/whosaid/training/train.py", "save_total_limit=2", "save_total_limit=3"),
        trained(*ENCODED),
    ),
    "the recipe of training raised": (
        replace(
            "workflow/whosaid/caching/training_recipe.py",
            "TRAINING_RECIPE = 1\n",
            "TRAINING_RECIPE = 2\n",
        ),
        trained(*ENCODED),
    ),
    "a metric more": (
        replace(
            "workflow/whosaid/evaluation/metrics.py",
            '    Metric(name="loss",',
            '    Metric(name="again", title="again", function=loss, bounds=(0, 9), **ERROR),\n'
            '    Metric(name="loss",',
        ),
        resampled(*VARIANTS),
    ),
    "edited with an old time": (
        backdated("workflow/scripts/evaluate_splits.py", edit_code("scripts/evaluate_splits")),
        evaluated(*VARIANTS),
    ),
}


QUICK_CODE = ("resampling", "read_lines", "train_model", "a metric more", "edited with an old time")
"""One of each kind; `tests/unit/caching/test_code_digest.py` looks at every module."""


@pytest.mark.parametrize(("change", "jobs"), cases(STALE_BY_CODE, QUICK_CODE))
def test_edited_code_makes_the_stages_that_reach_it_stale(finished, change, jobs):
    change(finished)
    assert_both_plans(finished, jobs)


MINOR, PATCH = 1, 2


def release(package: str, part: int) -> str:
    """The installed version of a package with one part raised: MINOR or PATCH."""
    parts = importlib.metadata.version(package).partition("+")[0].split(".")
    return ".".join([*parts[:part], str(int(parts[part]) + 1), *["0"] * (2 - part)])


@pytest.mark.parametrize(
    ("package", "part", "jobs"),
    cases(
        {
            "torch, patch release": ("torch", PATCH, NOTHING),
            "torch, minor release": ("torch", MINOR, trained(*ENCODED)),
            "transformers, patch release": ("transformers", PATCH, NOTHING),
            "transformers, minor release": (
                *("transformers", MINOR),
                built(*ENCODERS, variants=ENCODED),
            ),
            "tokenizers, patch release": (
                *("tokenizers", PATCH),
                built(*ENCODERS, variants=ENCODED),
            ),
            # A logistic regression is read back with it; no encoder is trained or fetched again.
            "safetensors, patch release": ("safetensors", PATCH, predicted(*LINEAR)),
            "evaluate, patch release": ("evaluate", PATCH, predicted(*ENCODED)),
            "accelerate, minor release": ("accelerate", MINOR, NOTHING),
            "filelock, minor release": ("filelock", MINOR, NOTHING),
            "huggingface_hub, minor release": ("huggingface_hub", MINOR, NOTHING),
            "nltk": ("nltk", MINOR, split(*VARIANTS)),
            "datasets": ("datasets", PATCH, split(*VARIANTS)),
            "scikit-learn": ("scikit-learn", PATCH, split(*VARIANTS)),
            "matplotlib": ("matplotlib", PATCH, PICTURES),
            "tabulate": ("tabulate", MINOR, PICTURES),
            "pyarrow": ("pyarrow", MINOR, EVERYTHING),
            "one that no stage imports": ("pytest", MINOR, NOTHING),
        },
        quick=("torch, patch release", "torch, minor release", "one that no stage imports"),
    ),
)
def test_another_version_of_a_package_makes_its_importers_stale(finished, package, part, jobs):
    site = plant_package(finished, package, release(package, part))
    assert_both_plans(finished, jobs, site)


def test_another_build_of_the_same_release_makes_nothing_stale(finished):
    version = importlib.metadata.version("torch").partition("+")[0]
    site = plant_package(finished, "torch", f"{version}+cu999")
    assert finished.plan(python_path=site) == NOTHING


# Data


USED_CELL = set_cell("marta", "line", "We sail at noon.")
UNUSED_CELL = set_cell("ottoline", "title", "Another Title")


@pytest.mark.parametrize(
    ("change", "jobs"),
    cases(
        {
            "cell of a used line": (USED_CELL, EVERYTHING),
            "cell of a speaker who is not used": (UNUSED_CELL, EVERYTHING),
            "new content with an old time": (backdated(CSV, USED_CELL), EVERYTHING),
            "new content of the same size with an old time": (
                backdated(CSV, replace(CSV, "\n0,1,1,", "\n0,2,1,")),
                EVERYTHING,
            ),
            "line more": (append(CSV, "9999,1,1,T,1,marta,Ahoy.,A,B,B,,\n"), EVERYTHING),
        }
    ),
)
def test_another_content_of_the_csv_makes_everything_stale(finished, change, jobs):
    change(finished)
    assert_both_plans(finished, jobs)


# Config


LONG_LINES = {"title": "Long lines", "min_words": 12}

STALE_BY_CONFIG = {
    "default of max_length, which one variant has its own": (
        set_key("defaults.max_length", 64),
        tokenized(*DISTILBERT),
    ),
    "default of split.seed": (set_key("defaults.split.seed", 28), split(*VARIANTS)),
    "default of learning_rate": (
        set_key("defaults.training.learning_rate", 2e-3),
        trained(*ENCODED),
    ),
    "default encoder": (set_key("defaults.encoder", "roberta"), tokenized(*DISTILBERT)),
    "batch size of evaluation": (
        set_key("defaults.training.per_device_eval_batch_size", 64),
        trained(*ENCODED),
    ),
    "word_tokenizer, which one variant uses": (
        set_key("corpus.word_tokenizer", "punkt"),
        sorted([("fetch_punkt",), *split("low_cutoff_distilbert")]),
    ),
    "top_speakers": (set_key("corpus.top_speakers", 9), EVERYTHING),
    "target_speaker": (set_key("corpus.target_speaker", "owen"), EVERYTHING),
    "question": (
        edit_all(
            set_key("corpus.question", "speakers"),
            set_key("variants.rebalanced_distilbert.resample", None),
        ),
        EVERYTHING,
    ),
    "shape of one encoder": (
        set_key("encoders.roberta.scratch.hidden_size", 32),
        built("roberta", variants=(ROBERTA,)),
    ),
    "shape of the encoder of four variants": (
        set_key("encoders.distilbert.scratch.hidden_size", 32),
        built("distilbert", variants=DISTILBERT),
    ),
    "hyper-parameter of a variant": (
        set_key("variants.low_cutoff_distilbert.training", {"learning_rate": 2e-3}),
        trained("low_cutoff_distilbert"),
    ),
    "split seed of a variant": (
        set_key("variants.basic_roberta.split", {"seed": 28}),
        split(ROBERTA),
    ),
    "annotation of a variant": (
        set_key("variants.augmented_vocab_distilbert.annotate", ["writer1"]),
        split("augmented_vocab_distilbert"),
    ),
    "resampling of a variant": (
        set_key("variants.rebalanced_distilbert.resample.oversample_positives", 3),
        split("rebalanced_distilbert"),
    ),
    "fourth seed of a variant": (
        set_key("variants.basic_roberta.training.seeds", [*SEEDS, 45]),
        trained(ROBERTA, seeds=(45,)),
    ),
    "first seed of a variant alone": (
        set_key("variants.basic_roberta.training.seeds", [42]),
        resampled(ROBERTA),
    ),
    "title": (set_key("variants.basic_roberta.title", "Robert"), PICTURES),
    "features of a logistic regression": (
        set_key("variants.tfidf.linear", {"features": ["word_ngrams"]}),
        predicted("tfidf"),
    ),
    "level of the intervals": (
        set_key("statistics.confidence", 0.9),
        resampled(*VARIANTS),
    ),
    "number of resamples": (set_key("statistics.resamples", 500), resampled(*VARIANTS)),
    "what is resampled as a whole": (set_key("statistics.unit", "scene"), resampled(*VARIANTS)),
    "variant that the others are compared with": (
        set_key("reference", ROBERTA),
        COMPARISON,
    ),
    "what the audit, which nobody asked for, looks for": (
        set_key("audit.near_duplicate_similarity", 0.8),
        NOTHING,
    ),
    "limit of the audit, which training waits for": (
        set_key("audit.limits.shared_scenes", 1),
        sorted([*(("audit_splits", variant) for variant in VARIANTS), *passed(*VARIANTS)]),
    ),
    "variant added": (set_key("variants.long_lines", LONG_LINES), added("long_lines")),
    "variant removed": (reorder_variants(lambda names: names[1:]), ALL_COMPARED),
    "variant renamed": (
        reorder_variants(lambda names: names, basic_roberta="large"),
        added("large"),
    ),
    "variants reordered": (
        lambda tree: [
            set_key("reference", "basic_distilbert")(tree),
            reorder_variants(lambda names: names[::-1])(tree),
        ],
        ALL_COMPARED,
    ),
    "variant that stops counting words, and the tokenizer with it": (
        lambda tree: [
            set_key("variants.low_cutoff_distilbert.min_words", None)(tree),
            set_key("corpus.word_tokenizer", "punkt")(tree),
        ],
        split("low_cutoff_distilbert"),
    ),
    "another experiment": (
        set_key("experiment", "other"),
        sorted([*EVERYTHING, *passed(*VARIANTS)]),
    ),
}


@pytest.mark.parametrize(("change", "jobs"), cases(STALE_BY_CONFIG))
def test_a_changed_key_makes_stale_what_depends_on_it(finished, change, jobs):
    change(finished)
    assert_plan(finished, jobs)


def test_a_key_on_the_command_line_counts_as_one_in_the_file(finished):
    assert finished.plan("--config corpus='{top_speakers: 10}'") == NOTHING
    assert finished.plan("--config corpus='{top_speakers: 9}'") == EVERYTHING


def test_an_overlay_that_repeats_values_changes_nothing(finished):
    config = yaml.safe_load((finished.root / CONFIG).read_text(encoding="utf-8"))
    overlay = {name: config[name] for name in ("defaults", "corpus", "encoders")}
    (finished.root / "overlay.yaml").write_text(yaml.safe_dump(overlay), encoding="utf-8")
    assert finished.plan("--configfile overlay.yaml") == NOTHING


# Outputs that were damaged


METRICS_OF_ROBERTA = f"results/demo/metrics/{ROBERTA}/test.json"

DAMAGED = {
    "file of a folder cut short": (
        truncate(f"{BASIC_MODEL}/content"),
        trained("basic_distilbert", seeds=(42,)),
    ),
    "file of a folder deleted": (
        remove(f"{BASIC_MODEL}/content"),
        trained("basic_distilbert", seeds=(42,)),
    ),
    # Only `verify` looks at the content of every file.
    "file of a folder changed, of the same size": (
        replace(f"{BASIC_MODEL}/content", "data/", "atad/"),
        NOTHING,
    ),
    "model folder deleted": (
        remove(BASIC_MODEL),
        trained("basic_distilbert", seeds=(42,)),
    ),
    "folder of a logistic regression deleted": (
        remove("data/demo/models/tfidf/seed_42"),
        predicted("tfidf"),
    ),
    "token ids deleted": (
        remove("data/demo/tokenized/basic_distilbert"),
        tokenized("basic_distilbert"),
    ),
    "encoder deleted": (
        remove("data/demo/encoders/distilbert"),
        built("distilbert", variants=DISTILBERT),
    ),
    "splits deleted": (
        remove("data/demo/splits/length_only"),
        added("length_only"),
    ),
    "lines deleted": (remove("data/demo/lines.parquet"), EVERYTHING),
    "predictions deleted": (
        remove(f"results/demo/predictions/{ROBERTA}"),
        predicted(ROBERTA),
    ),
    "thresholds deleted": (
        remove(f"data/demo/models/{ROBERTA}/thresholds.json"),
        evaluated(ROBERTA),
    ),
    "comparison deleted": (remove("results/demo/comparison.json"), COMPARISON),
    "slices deleted": (remove("results/demo/slices.json"), SLICES),
    "figures deleted": (remove("results/demo/figures"), PICTURES),
    "metrics edited by hand": (append(METRICS_OF_ROBERTA, "\n"), evaluated(ROBERTA)),
    "metrics edited by hand, with an old time": (
        backdated(METRICS_OF_ROBERTA, append(METRICS_OF_ROBERTA, "\n")),
        evaluated(ROBERTA),
    ),
    "metrics edited by hand, of the same size": (
        replace(METRICS_OF_ROBERTA, "results/", "stluser/"),
        PICTURES,
    ),
    "summary deleted": (remove(README_TARGET), TABLE),
}


@pytest.mark.parametrize(("damage", "jobs"), cases(DAMAGED))
def test_what_is_gone_or_has_another_size_is_made_again(finished, damage, jobs):
    damage(finished)
    assert_plan(finished, jobs)


def test_a_reset_leaves_the_shipped_csv_and_plans_everything(finished):
    content = (finished.root / CSV).read_bytes()
    assert finished.run("rm -rf data/demo results").returncode == 0
    assert (finished.root / CSV).read_bytes() == content
    assert finished.plan() == sorted([*EVERYTHING, *passed(*VARIANTS)])


# Targets and cost


def test_one_variants_target_reruns_that_variant_alone(finished):
    target = "results/demo/metrics/rebalanced_distilbert/test.json"
    plan = finished.plan(f"{target} --forcerun split_lines")
    assert plan == [job for job in split("rebalanced_distilbert") if job not in ALL_COMPARED]


def test_a_plan_is_what_the_command_announces(finished):
    edit_code("scripts/draw_figures")(finished)
    command = finished.run("snakemake -n --cores 1 --quiet host 2>&1")
    assert command.returncode == 0, command.stdout
    assert jobs_in(command.stdout) == finished.plan() == PICTURES


def test_the_dry_run_imports_no_heavy_library(finished):
    # These are made impossible to import: whoever tries ends the dry run.
    blocker = finished.root / "blocked"
    blocker.mkdir()
    for name in ("torch", "transformers", "datasets", "evaluate", "sklearn"):
        (blocker / f"{name}.py").write_text(f"raise SystemExit('{name} was imported')\n")
    dry_run = finished.run("snakemake -n --forceall", PYTHONPATH=str(blocker))
    assert dry_run.returncode == 0, dry_run.stderr


# An encoder from a local folder


FETCHED = sorted([("fetch_encoder", "local"), *tokenized("plain", seeds=(42,))])


@pytest.fixture(scope="session")
def tiny_tree(once) -> Tree:
    """A tree of one variant with a local encoder, forged. For reading only."""

    def fill(folder: Path) -> None:
        tree = copy_project(folder)
        tree.write_config(TINY)
        (folder / "encoder").mkdir()
        for name in ("config.json", "model.safetensors", "tokenizer.json"):
            (folder / "encoder" / name).write_text(f"{name}\n")
        tree.forge()

    return Tree(once("tiny", fill))


@pytest.fixture
def tiny(tiny_tree, tmp_path) -> Tree:
    """A copy of the tiny tree that a test may change."""
    return tiny_tree.copy(tmp_path / "tiny")


@pytest.mark.parametrize(
    ("change", "jobs"),
    cases(
        {
            "nothing": (lambda tree: None, NOTHING),
            "file touched": (touch("encoder"), NOTHING),
            "file changed": (append("encoder/config.json", "\n"), FETCHED),
            "file changed, with an old time": (
                backdated("encoder/config.json", append("encoder/config.json", "\n")),
                FETCHED,
            ),
            "file more": (append("encoder/special_tokens_map.json", "{}\n"), FETCHED),
            "file that is none of the encoder's": (append("encoder/notes.txt", "Mine.\n"), NOTHING),
            "code that fetches": (
                edit_all(
                    edit_code("scripts/fetch_encoder"), edit_code("whosaid/tokens/encoder_sources")
                ),
                NOTHING,
            ),
            "code that builds": (
                edit_all(
                    edit_code("scripts/build_encoder"), edit_code("whosaid/tokens/scratch_encoder")
                ),
                NOTHING,
            ),
            "line that no variant uses": (
                set_cell("bea", "line", "Nobody counts my lines."),
                sorted([("read_lines",), *split("plain", seeds=(42,))]),
            ),
            "encoder deleted": (remove("data/tiny/encoders/local"), FETCHED),
        }
    ),
)
def test_a_local_encoder_is_judged_by_the_content_of_its_files(tiny, change, jobs):
    change(tiny)
    assert_plan(tiny, jobs)


@pytest.mark.parametrize("package", ["safetensors", "huggingface_hub"])
def test_a_local_encoder_is_not_fetched_again_by_another_version(tiny, package):
    assert tiny.plan(python_path=plant_package(tiny, package, "99.0.0")) == NOTHING


# A tree that was made by running


@pytest.mark.slow
def test_a_tree_that_was_made_is_as_one_that_was_forged(summary_run, tmp_path):
    made = summary_run[0].copy(tmp_path / "whosaid")
    assert made.plan() == NOTHING
    for change in (touch("workflow", "config"), touch_in_reverse):
        change(made)
        assert made.plan() == NOTHING
    elsewhere = tmp_path / "another place"
    assert made.run(f"cp -r . '{elsewhere}'").returncode == 0
    assert Tree(elsewhere).plan() == NOTHING
    edit_code("whosaid/training/packing")(made)
    assert made.plan() == trained(*ENCODED)
    USED_CELL(made)
    assert made.plan() == EVERYTHING


CONDA = """#!/bin/sh
case "$*" in
  "info --json")
    echo '{"conda_version": "25.1.0",' '"platform": "linux-64", "conda_prefix": "/opt"}' ;;
  "--version") echo "conda 25.1.0" ;;
  *) echo '{"get": {"channel_priority": "strict"}}' ;;
esac
"""


@pytest.mark.slow
def test_with_conda_the_versions_are_those_of_its_environment(finished, tmp_path):
    """They were once those beside Snakemake, which a run with --sdm conda never uses.

    So another release in envs/environment.yaml made nothing stale, and without PyTorch beside
    Snakemake all its releases were one in the store of models. The conda here only says who it is.
    """
    (tmp_path / "conda").write_text(CONDA, encoding="utf-8")
    (tmp_path / "conda").chmod(0o755)
    folders = [str(Path(sys.executable).parent), str(tmp_path), os.environ["PATH"]]

    def plan():
        command = "snakemake results/summary.md -n --quiet host --sdm conda"
        planned = finished.run(f"{command} 2>&1", PATH=os.pathsep.join(folders))
        assert planned.returncode == 0, planned.stdout
        return jobs_in(planned.stdout)

    assert plan() == NOTHING
    finished.edit("envs/environment.yaml", "nltk==3.9.2", "nltk==3.9.9")
    assert ("split_lines", "low_cutoff_distilbert") in {job[:2] for job in plan()}
    assert finished.plan("results/summary.md") == NOTHING
