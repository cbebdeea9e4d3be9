"""Where the workflow may run: other folders, modules, links, places with odd names.

The user's own folder is `work`, the checkout is `whosaid`, both in one folder.
"""

import copy
import os
import re
import shutil

import pytest
import yaml
from configs import SMALL
from disturbance import digests
from tree import CSV, PROJECT, Jobs, Tree, copy_project

MODULE = """
configfile: "config/config.yaml"


module whosaid:
    snakefile: "../whosaid/workflow/Snakefile"
    config: config
{more}

use rule * from whosaid{name}


onstart:
    whosaid.onstart()


onsuccess:
    whosaid.onsuccess()


onerror:
    whosaid.onerror()
"""
ODD = "o'f #1 ü *?[a] %s $HOME &;"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Tree:
    """The project without anything made. For reading only."""
    return copy_project(tmp_path_factory.mktemp("places") / "whosaid")


@pytest.fixture
def work(checkout) -> Tree:
    """An empty folder beside the checkout, for the user's config and data."""
    folder = checkout.root.parent / "work"
    folder.mkdir()
    yield Tree(folder)
    shutil.rmtree(folder)


def small(csv: str) -> dict:
    """A baseline and one encoder on the lines of a CSV."""
    config = copy.deepcopy(SMALL)
    del config["encoders"]["local"], config["variants"]["grouped"]
    config["defaults"]["training"]["num_train_epochs"] = 1
    config["corpus"]["csv"] = csv
    return config


def give(work: Tree, csv: str = "few.csv") -> None:
    """Put a config and a small CSV into the user's folder."""
    lines = (PROJECT / CSV).read_text(encoding="utf-8").splitlines(keepends=True)
    (work.root / csv).write_text("".join(lines[:700]), encoding="utf-8")
    (work.root / "config").mkdir()
    work.write_config(small(csv))


def unprefixed(jobs: Jobs) -> Jobs:
    return sorted((job[0].removeprefix("who_"), *job[1:]) for job in jobs if job[0] != "who_all")


# The entry


def test_both_snakefiles_are_one_workflow(checkout, finished):
    """Snakemake ignores the default target of an included file: without a rule of its own, the
    Snakefile at the root had nothing to do, with exit code 0."""
    includes = re.findall(r"^include: (.*)$", (PROJECT / "Snakefile").read_text(), re.M)
    assert includes == ['"workflow/Snakefile"']
    assert len(checkout.plan()) > 50
    assert checkout.plan() == checkout.plan("-s workflow/Snakefile") == checkout.plan("all")
    assert finished.plan() == finished.plan("-s workflow/Snakefile") == []


# Another folder


def test_another_folder_plans_what_the_checkout_plans(checkout, work):
    """The captions of the report were looked for in the working folder, and the base config was
    `not present`."""
    shutil.copytree(checkout.root / "data", work.root / "data")
    targets = "results/report.html results/audit.md"
    here = checkout.plan(targets)
    assert work.plan(f"-s ../whosaid/Snakefile {targets}") == here
    assert checkout.plan(f"--directory ../work {targets}") == here


def test_a_config_in_the_other_folder_comes_before_that_of_the_checkout(work):
    give(work)
    plan = work.plan("-s ../whosaid/Snakefile")
    assert {job[1] for job in plan if job[0] == "split_lines"} == {"basic", "floor"}


def test_a_folder_without_the_csv_is_told_which_file_is_missing(work):
    line = work.refusal("-s ../whosaid/Snakefile -n")
    assert f"corpus.csv: {CSV}: no such file" in line


@pytest.mark.slow
def test_a_moved_project_has_nothing_to_do(finished, tmp_path):
    finished.forge("results/report.html")
    moved = Tree(finished.root.rename(tmp_path / "moved"))
    assert moved.plan("results/report.html") == []


# A module


@pytest.mark.parametrize("name", ["", " as who_*"])
def test_a_module_plans_what_the_checkout_plans(work, name):
    """The package was looked for beside the outer Snakefile, so a module was an ImportError."""
    give(work)
    (work.root / "Snakefile").write_text(MODULE.format(more="", name=name), encoding="utf-8")
    targets = "results/report.html results/audit.md"
    assert unprefixed(work.plan(targets)) == work.plan(f"-s ../whosaid/Snakefile {targets}")
    assert unprefixed(work.plan()) == work.plan("-s ../whosaid/Snakefile")
    # Names in `localrules:` are not changed: fetch_encoder would run where there is no network.
    assert "localrules" not in work.dry_run()


def test_a_module_with_a_prefix_for_paths_is_refused(work):
    give(work)
    text = MODULE.format(more='    prefix: "who"\n', name="")
    (work.root / "Snakefile").write_text(text, encoding="utf-8")
    assert "`prefix`" in work.refusal("-n")


def test_a_modules_config_may_be_a_section_of_the_outer_one(work):
    give(work)
    work.write_config({"lines": small("few.csv")})
    text = MODULE.format(more="", name="").replace("config: config", 'config: config["lines"]')
    (work.root / "Snakefile").write_text(text, encoding="utf-8")
    assert ("read_lines",) in work.plan()
    config = small("few.csv")
    config["corpus"]["csv"] = "nowhere.csv"
    work.write_config({"lines": config})
    assert "corpus.csv: nowhere.csv: no such file" in work.refusal("-n")


@pytest.mark.slow
def test_a_module_with_renamed_rules_runs_and_checks_the_csv_at_its_start(work):
    give(work)
    (work.root / "Snakefile").write_text(MODULE.format(more="", name=" as who_*"), encoding="utf-8")
    targets = "who_all results/report.html results/audit.md"
    work.snakemake(targets)
    assert work.plan(targets) == []
    assert "every output is complete" in work.snakemake("who_verify")
    before = digests(work.root, "results/tiny")
    (work.root / "few.csv").write_text("no lines\n", encoding="utf-8")
    assert work.refusal(targets).startswith("few.csv")
    assert digests(work.root, "results/tiny") == before


# Links, and a checkout that may not be written to


@pytest.mark.slow
def test_data_and_results_may_be_links_and_the_checkout_stays_as_it_is(checkout, work, tmp_path):
    give(work)
    for name in ("data", "results"):
        (tmp_path / name).mkdir()
        (work.root / name).symlink_to(tmp_path / name)
    before = digests(checkout.root, ".")
    for path in [checkout.root, *checkout.root.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o555 if path.is_dir() else 0o444)
    targets = "-s ../whosaid/Snakefile all results/report.html results/audit.md"
    try:
        work.snakemake(targets)
        assert work.plan(targets) == []
        assert "every output is complete" in work.snakemake("-s ../whosaid/Snakefile verify")
        assert digests(checkout.root, ".") == before
    finally:
        for path in [checkout.root, *checkout.root.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755)
    assert (work.root / "data").is_symlink()
    assert (tmp_path / "results" / "report.html").is_file()


# Odd names


def test_odd_characters_in_paths_are_only_characters(work):
    give(work, f"{ODD}.csv")
    encoder = work.root / ODD
    config = small(f"./{ODD}.csv")
    config["encoders"]["small"] = {"path": ODD}
    encoder.mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (encoder / name).touch()
    work.write_config(config)
    printed = work.dry_run("-s ../whosaid/Snakefile")
    assert f"{ODD}/model.safetensors" in printed
    work.snakemake("-s ../whosaid/Snakefile data/tiny/splits/basic/split_counts.json")


def test_the_working_folder_may_have_braces_in_its_name(checkout, tmp_path):
    tree = Tree(tmp_path / "{work}")
    tree.root.mkdir()
    give(tree)
    snakefile = os.path.relpath(checkout.root / "Snakefile", tree.root)
    tree.snakemake(f"-s {snakefile} data/tiny/splits/basic/split_counts.json")


@pytest.mark.parametrize("name", ["who{said}", "who:said"])
def test_a_checkout_whose_path_python_or_snakemake_would_misread_is_refused(tmp_path, name):
    """Snakemake formats the paths of scripts: braces were a NameError after the first deletion."""
    line = copy_project(tmp_path / name).refusal("-n")
    assert line.startswith(f"{tmp_path / name}: clone whosaid into ")


def test_names_of_a_hundred_letters_work(work):
    """Names of over 200 letters were an OSError in the middle of a run."""
    give(work)
    experiment, variant = ("the_same_again_" * 7)[:100], ("once_more_" * 10)[:100]
    work.write_config(small("few.csv") | {"experiment": experiment, "variants": {variant: {}}})
    counts = f"data/{experiment}/splits/{variant}/split_counts.json"
    work.snakemake(f"-s ../whosaid/Snakefile {counts}")
    assert work.plan(f"-s ../whosaid/Snakefile {counts}") == []


def test_the_module_of_the_readme_is_the_tested_one():
    readme = (PROJECT / "config" / "README.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"```python\n(.*?)```", readme, re.S)
    tested = MODULE.format(more="", name=" as who_*").replace("../whosaid", "path/to/whosaid")
    assert shown.split() == tested.split()


def test_a_config_file_that_is_no_text_is_named(work):
    """Latin-1 in the base config was a UnicodeDecodeError that named no file."""
    (work.root / "config").mkdir()
    path = work.root / "config" / "config.yaml"
    path.write_bytes(yaml.safe_dump({"experiment": "café"}, allow_unicode=True).encode("latin-1"))
    assert work.refusal("-s ../whosaid/Snakefile -n").startswith("config/config.yaml: 'utf-8'")
    path.unlink()
    path.mkdir()
    assert work.refusal("-s ../whosaid/Snakefile -n").startswith("config/config.yaml: ")
