"""The audit as a target, and training that waits for it, in real runs of the shipped sample."""

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from conftest import Tree, copy_project

VARIANT = "augmented_vocab_distilbert"
AUDIT = f"results/sample/audit/{VARIANT}.json"
MODEL = f"data/sample/models/{VARIANT}/seed_42/manifest.json"
TRAIN = f"data/sample/splits/{VARIANT}/train.parquet"


def one_variant_without_duplicates(config: dict) -> None:
    config["defaults"]["deduplicate"] = "normalised"
    config["variants"] = {VARIANT: config["variants"][VARIANT]}


def no_duplicates_allowed(config: dict) -> None:
    config["audit"] = {"limits": {"normalised_duplicates": 0}}


def copied(tree: Tree, folder: Path) -> Tree:
    shutil.copytree(tree.root, folder / "whosaid", symlinks=True)
    return Tree(folder / "whosaid")


@pytest.fixture(scope="module")
def audited(tmp_path_factory) -> Tree:
    """The sample's tree after its audit, which nothing but the splits was made for."""
    tree = copy_project(tmp_path_factory.mktemp("audited") / "whosaid")
    tree.configure(one_variant_without_duplicates)
    finished = tree.run("snakemake --cores 1 results/audit.md")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return tree


def test_the_audit_asks_for_the_splits_alone(audited):
    assert audited.plan("--forceall results/audit.md") == sorted(
        [("read_lines",), ("split_lines", VARIANT), ("audit_splits", VARIANT), ("summarize_audit",)]
    )
    found = json.loads((audited.root / AUDIT).read_text(encoding="utf-8"))
    assert found["held_out"]["test"]["normalised_duplicates"]["rows"] == 0
    assert found["splits"]["train"]["altered_texts"] == 0
    table = (audited.root / "results" / "audit.md").read_text(encoding="utf-8")
    assert "| Director and writer tokens | test " in table


def test_training_waits_for_an_audit_with_limits_alone(audited, tmp_path):
    tree = copied(audited, tmp_path)
    training = {
        *(("fetch_encoder", "distilbert"), ("tokenize_splits", VARIANT)),
        *(("pass_audit", VARIANT), ("train_model", VARIANT, "42")),
    }
    assert set(tree.plan(MODEL)) == training
    tree.configure(no_duplicates_allowed)
    assert set(tree.plan(MODEL)) == {*training, ("audit_splits", VARIANT)}


def test_a_planted_leak_stops_the_run_before_any_training(audited, tmp_path):
    tree = copied(audited, tmp_path)
    splits = tree.root / "data/sample/splits" / VARIANT
    train, test = (pd.read_parquet(splits / f"{name}.parquet") for name in ("train", "test"))
    leaked = test.iloc[[40]]
    planted = leaked.assign(text=leaked["text"].str.upper().str.replace(".", " !?"))
    pd.concat([train, planted]).to_parquet(splits / "train.parquet")
    tree.configure(no_duplicates_allowed)
    # Whatever else can be made is made: training has nothing left to wait for but its audit.
    stopped = tree.run(f"snakemake --cores 1 --keep-going {MODEL}")
    printed = stopped.stdout + stopped.stderr
    assert stopped.returncode == 1
    assert set(re.findall(r"rule (\w+):", printed)) == {
        *("audit_splits", "fetch_encoder", "tokenize_splits"),
    }
    assert not (tree.root / MODEL).parent.exists()
    assert not (tree.root / AUDIT).exists()
    faults = {line for line in printed.splitlines() if "audit.limits" in line}
    assert len(faults) == 1, printed
    fault = faults.pop()
    assert fault.startswith(f"audit_splits sample {VARIANT}: audit.limits.normalised_duplicates ")
    assert f"row {leaked['row'].item()} " in fault
    crossed = re.search(r"the whole audit is in (\S+)$", fault)[1]
    found = json.loads((tree.root / crossed).read_text(encoding="utf-8"))
    assert found["held_out"]["test"]["normalised_duplicates"]["examples"] == [
        {
            **{"row": leaked["row"].item(), "text": leaked["text"].item()},
            **{"other_row": leaked["row"].item(), "other_text": planted["text"].item()},
        }
    ]
