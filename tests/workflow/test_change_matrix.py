"""What a change makes stale, and nothing else: the job lists of dry runs, and a few real runs.

Two finished trees are looked at: the shipped sample with its five variants, and a tiny one that is
quick to train. A change is named, made in a copy, and compared with the exact list of jobs that a
dry run then announces.
"""

import ast
import csv
import hashlib
import os
import re
import shutil
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from conftest import Tree, copy_project, jobs_in

DISTILBERT = (
    "basic_distilbert",
    "rebalanced_distilbert",
    "low_cutoff_distilbert",
    "augmented_vocab_distilbert",
)
ROBERTA = "basic_roberta"
ENCODED = (*DISTILBERT, ROBERTA)
LINEAR = ("tfidf", "length_only", "metadata_only")
VARIANTS = (*ENCODED, *LINEAR)
STAGES = ("read_lines", "split_lines", "fetch_encoder", "tokenize_splits", "train_model")
STAGES += ("predict_splits", "train_linear", "evaluate_splits", "compare_variants")
STAGES += ("evaluate_slices", "draw_figures", "summarize")

CONFIG = "config/config.yaml"
CSV = "data/sample/script_data_processed.csv"
YEAR_2001 = 1_000_000_000

TINY = {
    "experiment": "tiny",
    "corpus": {
        "csv": CSV,
        "target_speaker": "dwight",
        "top_speakers": 10,
        "word_tokenizer": "preserve_line",
    },
    "encoders": {"local": {"path": "encoder"}},
    "defaults": {
        "encoder": "local",
        "max_length": 32,
        "training": {"num_train_epochs": 1, "learning_rate": 1.0e-3},
    },
    "variants": {"plain": {}},
}
TINY_ROWS = 400
BASIC_MODEL = "data/sample/models/basic_distilbert/seed_42"


# The jobs that follow from one another: each function adds a stage to the next one's.

Jobs = list[tuple[str, ...]]

TABLE: Jobs = [("summarize",)]
PICTURES: Jobs = [("draw_figures",), *TABLE]
COMPARISON: Jobs = [("compare_variants",), *PICTURES]
SLICES: Jobs = [("draw_figures",), ("evaluate_slices",), *TABLE]
ALL_COMPARED: Jobs = [("compare_variants",), *SLICES]


def evaluated(*variants: str) -> Jobs:
    return sorted([*(("evaluate_splits", variant) for variant in variants), *COMPARISON])


def predicted(*variants: str, seed: int = 42) -> Jobs:
    """A logistic regression predicts where it is fitted."""
    jobs = [
        ("train_linear" if variant in LINEAR else "predict_splits", variant, str(seed))
        for variant in variants
    ]
    return sorted({*jobs, *evaluated(*variants), *ALL_COMPARED})


def trained(*variants: str, seed: int = 42) -> Jobs:
    jobs = [("train_model", name, str(seed)) for name in variants if name not in LINEAR]
    return sorted([*jobs, *predicted(*variants, seed=seed)])


def tokenized(*variants: str) -> Jobs:
    jobs = [("tokenize_splits", name) for name in variants if name not in LINEAR]
    return sorted([*jobs, *trained(*variants)])


def split(*variants: str) -> Jobs:
    return sorted([*(("split_lines", variant) for variant in variants), *tokenized(*variants)])


def passed(*variants: str) -> Jobs:
    """What a variant's first training waits for; it is stale when its audit is."""
    return [("pass_audit", variant) for variant in variants]


def added(*variants: str) -> Jobs:
    return sorted([*split(*variants), *passed(*variants)])


def fetched(*encoders: str, variants: tuple[str, ...]) -> Jobs:
    return sorted([*(("fetch_encoder", name) for name in encoders), *tokenized(*variants)])


ENCODERS = ("distilbert", "roberta")
NOTHING: Jobs = []
EVERYTHING = sorted(
    {("read_lines",), *fetched(*ENCODERS, variants=ENCODED), *split(*VARIANTS)},
)


# The ways to change a tree.

Edit = Callable[[Tree], None]


def replace(path: str, old: str, new: str) -> Edit:
    return lambda tree: tree.edit(path, old, new)


def append(path: str, text: str) -> Edit:
    return lambda tree: tree.append(path, text)


def edit_code(path: str) -> Edit:
    """Add a statement: new code, whatever it does."""
    return append(f"workflow/{path}.py", "\nEDITED = True\n")


def set_key(path: str, value: Any) -> Edit:
    """Set a key of the config by its dotted path."""
    *sections, key = path.split(".")

    def change(config: dict) -> None:
        for name in sections:
            config = config.setdefault(name, {})
        config[key] = value

    return lambda tree: tree.configure(change)


def reorder_variants(order: Callable[[list[str]], list[str]], **names: str) -> Edit:
    """Put the variants into another order, leave some out or give them other `names`."""

    def change(config: dict) -> None:
        variants = config["variants"]
        config["variants"] = {
            names.get(name, name): variants[name] for name in order(list(variants))
        }

    return lambda tree: tree.configure(change)


def reverse_all_keys(tree: Tree) -> None:
    """Reverse the keys of every mapping of the config but the variants' own order."""

    def reverse(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {key: reverse(value[key]) for key in reversed(value)}

    def change(config: dict) -> None:
        variants = list(config["variants"])
        turned = reverse(config)
        turned["variants"] = {name: turned["variants"][name] for name in variants}
        config.clear()
        config.update(turned)

    tree.configure(change)


def read_rows(tree: Tree) -> tuple[list[str], list[list[str]]]:
    """The header and the rows of the CSV."""
    with (tree.root / CSV).open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows


def write_rows(tree: Tree, header: list[str], rows: list[list[str]]) -> None:
    with (tree.root / CSV).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def set_cell(speaker: str, column: str, value: str) -> Edit:
    """Change one cell of the first line of a speaker in the CSV."""

    def edit(tree: Tree) -> None:
        header, rows = read_rows(tree)
        of_speaker = next(row for row in rows if row[header.index("speaker")] == speaker)
        of_speaker[header.index(column)] = value
        write_rows(tree, header, rows)

    return edit


def touch(*paths: str) -> Edit:
    """Give files, or all files of folders, the current time."""

    def edit(tree: Tree) -> None:
        for path in paths:
            for file in [tree.root / path, *(tree.root / path).rglob("*")]:
                os.utime(file)

    return edit


def backdated(path: str, change: Edit) -> Edit:
    """Make a change and give the file a modification time of long ago."""

    def edit(tree: Tree) -> None:
        change(tree)
        os.utime(tree.root / path, (YEAR_2001, YEAR_2001))

    return edit


def truncate(path: str) -> Edit:
    return lambda tree: os.truncate(tree.root / path, 1000)


def remove(path: str) -> Edit:
    def edit(tree: Tree) -> None:
        target = tree.root / path
        shutil.rmtree(target) if target.is_dir() else target.unlink()

    return edit


def touch_in_reverse(tree: Tree) -> None:
    """Make every input newer than what was made of it."""
    made = [path for folder in ("data", "results") for path in (tree.root / folder).rglob("*")]
    files = [path for path in made if path.suffix in (".csv", ".json", ".md", ".parquet")]
    for age, path in enumerate(sorted(files, key=lambda path: path.stat().st_mtime)):
        os.utime(path, (YEAR_2001 - age, YEAR_2001 - age))


def reformat(path: str) -> Edit:
    """Write a module as `ast.unparse` does, which keeps no comment, quote or line break."""

    def edit(tree: Tree) -> None:
        file = tree.root / path
        text = file.read_text(encoding="utf-8")
        assert ast.unparse(ast.parse(text)) != text
        file.write_text(ast.unparse(ast.parse(text)), encoding="utf-8")

    return edit


def plant_package(tree: Tree, name: str) -> str:
    """Install metadata of version 9.9.9 of a package; the folder is to stand on PYTHONPATH."""
    folder = tree.root.parent / "site" / f"{name.replace('-', '_')}-9.9.9.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 9.9.9\n")
    return str(folder.parent)


def cases(table: dict[str, tuple]):
    """The table as parameters, under the changes' names."""
    return [pytest.param(*row, id=name) for name, row in table.items()]


# Nothing, and what leaves everything as it is.


def test_a_finished_tree_has_nothing_to_do(finished):
    assert finished.plan() == NOTHING


# Each group is made in one tree, a dry run for each change of it being dear.
HARMLESS = {
    "code": {
        "comment in a module": replace(
            "workflow/whosaid/stage.py", "import logging\n", "import logging  # standard\n"
        ),
        "docstring of a script": replace(
            "workflow/scripts/train_model.py", '"""Fine-tune an', '"""Tune an'
        ),
        "comment and threads in a rule": replace(
            "workflow/rules/train_model.smk", "threads: 8", "threads: 4  # fewer"
        ),
        "module that no stage imports": append("workflow/whosaid/spare.py", "SPARE = 1\n"),
        "script of a rule that makes nothing": edit_code("scripts/prune_store"),
        "script of a rule that nothing needs": edit_code("scripts/fetch_punkt"),
        **{
            f"module that works before any stage: {name}": edit_code(f"whosaid/{name}")
            for name in ("config", "config_files", "run_lock", "settings", "staleness", "verify")
        },
    },
    "layout of the code": {
        f"{path} reformatted": reformat(path)
        for path in (
            *(f"workflow/scripts/{stage}.py" for stage in STAGES),
            *(f"workflow/whosaid/{name}.py" for name in ("manifest", "metrics", "stage", "whole")),
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
            *(CSV, "data/sample/make_sample.py"),
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
    "device": (edit_code("whosaid/device"), trained(*ENCODED)),
    "encoder_files": (
        edit_code("whosaid/encoder_files"),
        fetched(*ENCODERS, variants=ENCODED),
    ),
    "environment": (edit_code("whosaid/environment"), split(*VARIANTS)),
    "manifest": (edit_code("whosaid/manifest"), EVERYTHING),
    "metrics": (
        edit_code("whosaid/metrics"),
        sorted({*trained(*ENCODED), *evaluated(*VARIANTS)}),
    ),
    "model_store": (edit_code("whosaid/model_store"), trained(*ENCODED)),
    "resumable": (edit_code("whosaid/resumable"), trained(*ENCODED)),
    "splits": (edit_code("whosaid/splits"), split(*VARIANTS)),
    # the scripts
    "read_lines": (edit_code("scripts/read_lines"), EVERYTHING),
    "split_lines": (edit_code("scripts/split_lines"), split(*VARIANTS)),
    "fetch_encoder": (
        edit_code("scripts/fetch_encoder"),
        fetched(*ENCODERS, variants=ENCODED),
    ),
    "tokenize_splits": (edit_code("scripts/tokenize_splits"), tokenized(*ENCODED)),
    "train_model": (edit_code("scripts/train_model"), trained(*ENCODED)),
    "predict_splits": (edit_code("scripts/predict_splits"), predicted(*ENCODED)),
    "train_linear": (edit_code("scripts/train_linear"), predicted(*LINEAR)),
    "evaluate_splits": (edit_code("scripts/evaluate_splits"), evaluated(*VARIANTS)),
    "compare_variants": (edit_code("scripts/compare_variants"), COMPARISON),
    "evaluate_slices": (edit_code("scripts/evaluate_slices"), SLICES),
    "draw_figures": (edit_code("scripts/draw_figures"), PICTURES),
    "the template of the summary": (
        replace("workflow/scripts/summarize.py", ": which lines are", " - which lines are"),
        TABLE,
    ),
    "a metric more": (
        replace(
            "workflow/whosaid/evaluation_metrics.py",
            '"mcc": mcc}',
            '"mcc": mcc, "error_rate": lambda counts: 1 - WATCHED["accuracy"](counts)}',
        ),
        sorted({*evaluated(*VARIANTS), *ALL_COMPARED}),
    ),
    "edited with an old time": (
        backdated("workflow/scripts/evaluate_splits.py", edit_code("scripts/evaluate_splits")),
        evaluated(*VARIANTS),
    ),
}


@pytest.mark.parametrize(("change", "jobs"), cases(STALE_BY_CODE))
def test_edited_code_makes_the_stages_that_reach_it_stale(finished, change, jobs):
    change(finished)
    assert finished.plan() == jobs


@pytest.mark.parametrize(
    ("package", "jobs"),
    cases(
        {
            "nltk": ("nltk", split(*VARIANTS)),
            "transformers": ("transformers", fetched(*ENCODERS, variants=ENCODED)),
            "scikit-learn": ("scikit-learn", split(*VARIANTS)),
            "tabulate": ("tabulate", TABLE),
            "pyarrow": ("pyarrow", EVERYTHING),
            "one that no stage imports": ("pydantic-settings", NOTHING),
        }
    ),
)
def test_another_version_of_a_package_makes_its_importers_stale(finished, package, jobs):
    assert finished.plan(PYTHONPATH=plant_package(finished, package)) == jobs


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
    assert finished.plan() == jobs


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
    "shape of one encoder": (
        set_key("encoders.roberta.scratch.hidden_size", 32),
        fetched("roberta", variants=(ROBERTA,)),
    ),
    "shape of the encoder of four variants": (
        set_key("encoders.distilbert.scratch.hidden_size", 32),
        fetched("distilbert", variants=DISTILBERT),
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
    "second seed of a variant": (
        set_key("variants.basic_roberta.training.seeds", [42, 43]),
        trained(ROBERTA, seed=43),
    ),
    "title": (set_key("variants.basic_roberta.title", "Robert"), PICTURES),
    "features of a logistic regression": (
        set_key("variants.tfidf.linear", {"features": ["word_ngrams"]}),
        predicted("tfidf"),
    ),
    "level of the intervals": (
        set_key("statistics.confidence", 0.9),
        sorted({*evaluated(*VARIANTS), *ALL_COMPARED}),
    ),
    "variant that the others are compared with": (
        set_key("statistics.reference", ROBERTA),
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
            set_key("statistics.reference", "basic_distilbert")(tree),
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
    assert finished.plan() == jobs


def test_a_key_on_the_command_line_counts_as_one_in_the_file(finished):
    assert finished.plan("--config corpus='{top_speakers: 10}'") == NOTHING
    assert finished.plan("--config corpus='{top_speakers: 9}'") == EVERYTHING


def test_an_overlay_that_repeats_values_changes_nothing(finished):
    config = yaml.safe_load((finished.root / CONFIG).read_text(encoding="utf-8"))
    overlay = {name: config[name] for name in ("defaults", "corpus", "encoders")}
    (finished.root / "overlay.yaml").write_text(yaml.safe_dump(overlay), encoding="utf-8")
    assert finished.plan("--configfile overlay.yaml") == NOTHING


# Outputs that were damaged


@pytest.mark.parametrize(
    ("damage", "jobs", "to_repair", "named"),
    cases(
        {
            "model truncated": (
                truncate(f"{BASIC_MODEL}/model.safetensors"),
                NOTHING,
                [("train_model", "basic_distilbert", "42")],
                f"{BASIC_MODEL}/model.safetensors was changed or cut short",
            ),
            "model folder deleted": (
                remove(BASIC_MODEL),
                NOTHING,
                [("train_model", "basic_distilbert", "42")],
                f"{BASIC_MODEL}/model.safetensors is missing",
            ),
            "predictions deleted": (
                remove("results/sample/predictions/basic_roberta"),
                NOTHING,
                [("predict_splits", ROBERTA, "42")],
                "results/sample/predictions/basic_roberta/seed_42/test.parquet is missing",
            ),
            "metrics edited by hand": (
                append("results/sample/metrics/basic_roberta/test.json", "\n"),
                PICTURES,
                # The edited file is made again and the table stands.
                [("evaluate_splits", ROBERTA)],
                "results/sample/metrics/basic_roberta/test.json was changed or cut short",
            ),
            "metrics edited by hand, with an old time": (
                backdated(
                    "results/sample/metrics/basic_roberta/test.json",
                    append("results/sample/metrics/basic_roberta/test.json", "\n"),
                ),
                NOTHING,
                [("evaluate_splits", ROBERTA)],
                "results/sample/metrics/basic_roberta/test.json was changed or cut short",
            ),
            "summary deleted": (
                remove("results/summary.md"),
                TABLE,
                TABLE,
                "results/summary.md is missing",
            ),
        }
    ),
)
def test_damage_is_named_and_repaired_by_verify(finished, damage, jobs, to_repair, named):
    damage(finished)
    assert finished.plan() == jobs
    printed = finished.dry_run("verify")
    assert named in printed.splitlines()
    assert jobs_in(printed) == to_repair


# Targets and cost


def test_one_variants_target_reruns_that_variant_alone(finished):
    target = "results/sample/metrics/rebalanced_distilbert/test.json"
    plan = finished.plan(f"{target} --forcerun split_lines")
    assert plan == [job for job in split("rebalanced_distilbert") if job not in ALL_COMPARED]


def test_the_dry_run_imports_no_heavy_library(finished):
    # The three are made impossible to import: whoever tries ends the dry run.
    blocker = finished.root / "blocked"
    blocker.mkdir()
    for name in ("torch", "transformers", "datasets"):
        (blocker / f"{name}.py").write_text(f"raise SystemExit('{name} was imported')\n")
    dry_run = finished.run("snakemake -n --forceall", PYTHONPATH=str(blocker))
    assert dry_run.returncode == 0, dry_run.stderr


# A tiny tree, for an encoder from a local folder and for real runs


@pytest.fixture(scope="session")
def tiny_run(summary_run, tmp_path_factory) -> Tree:
    """A finished run of one tiny variant with a local encoder. For reading only."""
    tree = copy_project(tmp_path_factory.mktemp("tiny") / "whosaid")
    header, rows = read_rows(tree)
    write_rows(tree, header, rows[:TINY_ROWS])
    (tree.root / CONFIG).write_text(yaml.safe_dump(TINY, sort_keys=False), encoding="utf-8")
    sample_encoder = summary_run[0].root / "data" / "sample" / "encoders" / "distilbert"
    ignored = shutil.ignore_patterns("manifest.json", ".*")
    shutil.copytree(sample_encoder, tree.root / "encoder", ignore=ignored)
    run_for_real(tree)
    return tree


@pytest.fixture
def tiny(tiny_run, tmp_path) -> Tree:
    """A copy of the tiny tree that a test may change."""
    shutil.copytree(tiny_run.root, tmp_path / "tiny", symlinks=True)
    return Tree(tmp_path / "tiny")


def run_for_real(tree: Tree, arguments: str = "") -> str:
    """Run Snakemake; return what it printed."""
    run = tree.run(f"snakemake --cores 2 {arguments}")
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout + run.stderr


def model_of(variant: str, experiment: str = "tiny") -> str:
    return f"data/{experiment}/models/{variant}/seed_42"


PLAIN = model_of("plain")


def outcome(printed: str) -> str:
    """Whether the one model of a run was `found` in the store or `trained`."""
    is_found, is_trained = "trained before: taken from" in printed, "epoch 1 of 1" in printed
    assert is_found != is_trained, printed
    return "found" if is_found else "trained"


def train(tree: Tree, variant: str) -> str:
    """Run what leads to one model, for real; return whether it was `found` or `trained`."""
    return outcome(run_for_real(tree, f"{model_of(variant)}/training.json"))


def content(tree: Tree, folder: str) -> dict[str, str]:
    """The digest of every file in a folder, Snakemake's own time stamp apart."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (tree.root / folder).iterdir()
        if path.name != ".snakemake_timestamp"
    }


@pytest.mark.parametrize(
    ("change", "jobs"),
    cases(
        {
            "nothing": (lambda tree: None, NOTHING),
            "file touched": (touch("encoder"), NOTHING),
            "file changed": (
                append("encoder/config.json", "\n"),
                fetched("local", variants=("plain",)),
            ),
            "file changed, with an old time": (
                backdated("encoder/config.json", append("encoder/config.json", "\n")),
                fetched("local", variants=("plain",)),
            ),
            "file more": (
                append("encoder/special_tokens_map.json", "{}\n"),
                fetched("local", variants=("plain",)),
            ),
            "file that is none of the encoder's": (append("encoder/notes.txt", "Mine.\n"), NOTHING),
        }
    ),
)
def test_a_local_encoder_is_judged_by_the_content_of_its_files(tiny, change, jobs):
    change(tiny)
    assert tiny.plan() == jobs


def test_a_line_that_no_variant_uses_trains_nothing(tiny):
    before = content(tiny, PLAIN)
    set_cell("bea", "line", "Nobody counts my lines.")(tiny)
    assert tiny.plan() == sorted([("read_lines",), *split("plain")])
    assert train(tiny, "plain") == "found"
    assert content(tiny, PLAIN) == before
    # The model came out the same, so what follows from it is fresh; the slices read all lines, the
    # table reads corpus.json.
    assert tiny.plan() == SLICES


def test_settings_changed_and_changed_back_are_trained_once(tiny):
    before = content(tiny, PLAIN)
    set_key("defaults.training.learning_rate", 2e-3)(tiny)
    assert train(tiny, "plain") == "trained"
    assert content(tiny, PLAIN) != before
    set_key("defaults.training.learning_rate", 1e-3)(tiny)
    assert train(tiny, "plain") == "found"
    assert content(tiny, PLAIN) == before
    assert tiny.plan() == NOTHING


def test_a_second_variant_of_the_same_recipe_is_not_trained(tiny):
    set_key("variants.twin", {"title": "Twin"})(tiny)
    assert train(tiny, "twin") == "found"
    assert content(tiny, model_of("twin")) == content(tiny, PLAIN)


def test_another_experiment_and_back_trains_nothing_and_rebuilds_the_table(tiny):
    summary = tiny.root / "results" / "summary.md"
    before = summary.read_text(encoding="utf-8")

    set_key("experiment", "other")(tiny)
    assert outcome(run_for_real(tiny)) == "found"
    assert content(tiny, model_of("plain", "other")) == content(tiny, PLAIN)
    assert summary.read_text(encoding="utf-8").startswith("# other")

    set_key("experiment", "tiny")(tiny)
    assert tiny.plan() == TABLE
    run_for_real(tiny)
    assert summary.read_text(encoding="utf-8") == before
    assert tiny.plan() == NOTHING

    set_key("experiment", "other")(tiny)
    assert tiny.plan() == TABLE


def test_pruning_the_store_deletes_what_no_model_was_taken_from(tiny):
    set_key("variants.floor", {"classifier": "linear"})(tiny)
    run_for_real(tiny)
    store = tiny.root / "data" / "model_store"
    (used,) = store.iterdir()
    shutil.copytree(used, store / ("0" * 32))
    assert "1 deleted" in run_for_real(tiny, "prune_store")
    assert list(store.iterdir()) == [used]
    assert tiny.plan() == NOTHING


def test_verify_repairs_from_the_store_and_leaves_nothing_to_do(tiny):
    before = content(tiny, PLAIN)
    truncate(f"{PLAIN}/model.safetensors")(tiny)
    remove("results/tiny/metrics/plain/valid.json")(tiny)
    printed = run_for_real(tiny, "verify")
    assert outcome(printed) == "found"
    assert sorted(re.findall(r"^(?:local)?rule (\w+):", printed, re.M)) == [
        "evaluate_splits",
        "predict_splits",  # what Snakemake plans after a model, it runs
        "train_model",
        "verify",
    ]
    assert content(tiny, PLAIN) == before
    assert tiny.plan() == NOTHING
    assert "every output is whole" in tiny.dry_run("verify")


def test_a_deleted_store_makes_nothing_stale_and_is_filled_again(tiny):
    before = content(tiny, PLAIN)
    remove("data/model_store")(tiny)
    assert tiny.plan() == NOTHING
    assert "0 deleted" in run_for_real(tiny, "prune_store")
    truncate(f"{PLAIN}/model.safetensors")(tiny)
    assert outcome(run_for_real(tiny, "verify")) == "trained"
    assert content(tiny, PLAIN)["model.safetensors"] == before["model.safetensors"]
    assert len(list((tiny.root / "data" / "model_store").iterdir())) == 1
