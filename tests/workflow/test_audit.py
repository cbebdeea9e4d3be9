"""The audit as a target, and training that waits for it, in real runs of the shipped sample."""

import json
import re

import pandas as pd
import pytest
from disturbance import lines_with
from tree import Tree, copy_project

VARIANT = "augmented_vocab_distilbert"
AUDIT = f"results/demo/audit/{VARIANT}.json"
MODEL = f"data/demo/models/{VARIANT}/seed_42/manifest.json"
TRAIN = f"data/demo/splits/{VARIANT}/train.parquet"


def one_variant_without_duplicates(config: dict) -> None:
    config["defaults"]["deduplicate"] = "normalised"
    config["variants"] = {VARIANT: config["variants"][VARIANT]}


def no_duplicates_allowed(config: dict) -> None:
    config["audit"] = {"limits": {"normalised_duplicates": 0}}


@pytest.fixture(scope="module")
def audited(tmp_path_factory) -> Tree:
    """The sample's tree after its audit, which nothing but the splits was made for."""
    tree = copy_project(tmp_path_factory.mktemp("audited") / "whosaid")
    tree.configure(one_variant_without_duplicates)
    tree.snakemake("results/audit.md")
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
    tree = audited.copy(tmp_path / "whosaid")
    training = {
        *(("build_encoder", "distilbert"), ("tokenize_splits", VARIANT)),
        *(("pass_audit", VARIANT), ("train_model", VARIANT, "42")),
    }
    assert set(tree.plan(MODEL)) == training
    tree.configure(no_duplicates_allowed)
    assert set(tree.plan(MODEL)) == {*training, ("audit_splits", VARIANT)}


@pytest.mark.parametrize("option", ["", pytest.param("--keep-going", marks=pytest.mark.slow)])
def test_a_planted_leak_stops_the_run_before_any_training(audited, tmp_path, option):
    tree = audited.copy(tmp_path / "whosaid")
    splits = tree.root / "data/demo/splits" / VARIANT
    train, test = (pd.read_parquet(splits / f"{name}.parquet") for name in ("train", "test"))
    leaked = test.iloc[[40]]
    planted = leaked.assign(text=leaked["text"].str.upper().str.replace(".", " !?"))
    pd.concat([train, planted]).to_parquet(splits / "train.parquet")
    # By its record the split would be made again.
    tree.remove(f"results/logs/split_lines/demo/{VARIANT}.outputs.json")
    tree.configure(no_duplicates_allowed)
    code, printed = tree.try_snakemake(f"--cores 1 {option} {MODEL}")
    assert code == 1
    begun = set(re.findall(r"rule (\w+):", printed))
    # Whatever else can be made is made: training has nothing left to wait for but its audit.
    others = {"build_encoder", "tokenize_splits"}
    assert begun == {"audit_splits", *others} if option else begun - others == {"audit_splits"}
    assert not (tree.root / MODEL).parent.exists()
    # The earlier audit stays, but it is not taken for that of these splits.
    assert (tree.root / AUDIT).read_bytes() == (audited.root / AUDIT).read_bytes()
    assert "audit_splits" in {job[0] for job in tree.plan(AUDIT)}
    # The log of a failed job is printed again, with times.
    faults = lines_with(printed, f"audit_splits demo {VARIANT}: ")
    assert len(faults) == 1, printed
    fault = faults[0]
    assert "audit.limits.normalised_duplicates " in fault
    assert f"row {leaked['row'].item()} " in fault
    crossed = re.search(r"the whole audit is in (\S+)$", fault)[1]
    found = json.loads((tree.root / crossed).read_text(encoding="utf-8"))
    assert found["held_out"]["test"]["normalised_duplicates"]["examples"] == [
        {
            **{"row": leaked["row"].item(), "text": leaked["text"].item()},
            **{"other_row": leaked["row"].item(), "other_text": planted["text"].item()},
        }
    ]
