"""A run through `profiles/slurm` on a real Slurm, with a training that its time limit ends."""

import importlib.util
import json
import re

import pytest
import yaml
from configs import SMALL
from disturbance import EPOCHS, STEPS, TRAINED, make_place, poll, resumed_at
from slurm_node import slurm_node, told, why_not
from tree import PROJECT, copy_project

PROFILE = (
    "--workflow-profile profiles/slurm --seconds-between-status-checks 2 --slurm-status-command"
)
PROFILE += " squeue --slurm-init-seconds-before-status-checks 2 --latency-wait 5"
TARGETS = ["results/tiny/metrics/basic/test.json", "results/tiny/metrics/floor/test.json"]


def profile(name):
    return yaml.safe_load((PROJECT / "profiles" / name / "config.yaml").read_text(encoding="utf-8"))


def test_the_profile_has_all_that_staleness_and_recovery_need():
    """It replaces the default one, whose limit of one GPU would be that of the whole cluster."""
    default, slurm = profile("default"), profile("slurm")
    assert default.pop("resources") == {"gpu": 1}
    assert {key: slurm[key] for key in default} == default
    assert "resources" not in slurm
    rules = "".join(path.read_text() for path in (PROJECT / "workflow/rules").glob("*.smk"))
    for name in {**slurm["set-resources"], **slurm["set-threads"], **slurm["groups"]}:
        assert f"\nrule {name}:" in rules


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    if reason := why_not():
        pytest.skip(reason)
    if importlib.util.find_spec("snakemake_executor_plugin_slurm") is None:
        pytest.skip("no snakemake-executor-plugin-slurm; envs/requirements_slurm.txt has it")
    with slurm_node(tmp_path_factory.mktemp("slurm")):
        yield


@pytest.mark.slow
def test_a_training_that_its_time_limit_ends_continues_in_the_next_job(slurm, tmp_path):
    """The time limit strikes while the job is paused, so the machine may be slow or fast."""
    copy_project(tmp_path / "source").write_config(SMALL)
    place = make_place(tmp_path / "source", tmp_path)
    try:
        arguments = [*PROFILE.split(), "--", *TARGETS]
        run, _ = place.pause("train_model", *arguments, at=f"step {STEPS + 5}")  # the second epoch
        [job] = re.findall(r"^(\d+)", told("squeue", "-h", "-t", "R", "-o", "%i %j %k"), re.M)
        names = told("squeue", "-h", "-t", "all", "-o", "%k")
        assert "rule_prepare_split_lines_tokenize_splits" in names  # two stages, one job
        asked = told("scontrol", "show", "job", job)
        assert "gres:gpu:1" in asked or "gres/gpu=1" in asked or "gpu:1" in asked, asked
        told("scontrol", "update", f"JobId={job}", "TimeLimit=1")

        def ended():
            assert run.process.poll() is None, run.text()
            return "JobState=TIMEOUT" in told("scontrol", "show", "job", job)

        poll(ended, "the time limit")
        place.release()
        assert run.code() == 0, run.text()
        assert "the profile of this run" not in run.text()
        assert "on the whole cluster" not in run.text()
    finally:
        place.end()
    log = (place.root / "results/logs/train_model/tiny/basic/seed_42.log").read_text()
    assert resumed_at(re.sub(r"^\S+ \S+ ", "", log, flags=re.M)) == [STEPS]
    assert re.search(r"GPU [01]$", log, re.M)  # of the two, the one that Slurm has given
    record = json.loads((place.root / TRAINED).read_text())
    assert [epoch["epoch"] for epoch in record["history"]] == [*range(1, EPOCHS + 1)]
    assert place.tree.plan(" ".join(TARGETS)) == []
