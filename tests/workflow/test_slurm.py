"""Runs through `profiles/slurm` on a real Slurm: a training that its time limit ends, two nodes."""

import copy
import importlib.util
import json
import os
import re
import signal
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest
import yaml
from configs import SMALL
from disturbance import EPOCHS, STEPS, TRAINED, make_place, poll, processes, resumed_at
from filelock import FileLock
from slurm_nodes import slurm_nodes, told, why_not
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


@pytest.fixture
def slurm(request, tmp_path_factory):
    """A Slurm of as many nodes as the test's parameter says. There can be one on a machine."""
    if importlib.util.find_spec("snakemake_executor_plugin_slurm") is None:
        pytest.skip("no snakemake-executor-plugin-slurm; envs/requirements_slurm.txt has it")
    with FileLock(tmp_path_factory.getbasetemp().parent / "slurm.lock"):
        if reason := why_not():
            pytest.skip(reason)
        # Not in pytest's folder: the daemon of a node has a socket for each job in its own, and the
        # path of a socket has at most 107 characters. There the tenth job could not be launched.
        short = TemporaryDirectory(prefix="slurm_", dir="/tmp", ignore_cleanup_errors=True)
        with short as folder, slurm_nodes(Path(folder), request.param):
            yield


def resources_of_two_nodes():
    """What a comment in the profile gives as the resources of such a training."""
    text = (PROJECT / "profiles/slurm/config.yaml").read_text(encoding="utf-8")
    [line] = re.findall(r"^#  ( train_model: .*nodes: 2.*)$", text, re.M)
    return yaml.safe_load(line)["train_model"]


def log_of(place):
    return (place.root / "results/logs/train_model/tiny/basic/seed_42.log").read_text()


def logged(place):
    """What the training's log says, without the times."""
    return re.sub(r"^\S+ \S+ ", "", log_of(place), flags=re.M)


@pytest.mark.slow
@pytest.mark.slurm
@pytest.mark.parametrize("slurm", [1], indirect=True)
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
    assert resumed_at(logged(place)) == [STEPS]
    assert re.search(r"^GPU [01]$", logged(place), re.M)  # of the two, the one that Slurm has given
    assert_trained(place)
    assert place.tree.plan(" ".join(TARGETS)) == []


def assert_trained(place):
    record = json.loads((place.root / TRAINED).read_text())
    assert [epoch["epoch"] for epoch in record["history"]] == [*range(1, EPOCHS + 1)]
    return record


@pytest.mark.slow
@pytest.mark.slurm
@pytest.mark.parametrize("slurm", [2], indirect=True)
def test_a_training_runs_on_two_nodes_and_saves_a_checkpoint_when_it_is_stopped(slurm, tmp_path):
    """`srun` kills the processes when it gets a SIGTERM itself, so it must not get one."""
    config = copy.deepcopy(SMALL)
    config["defaults"]["training"]["gpus"] = 2
    copy_project(tmp_path / "source").write_config(config)
    place = make_place(tmp_path / "source", tmp_path)
    place.tree.snakemake("data/tiny/encoders/small data/tiny/tokenized/basic")
    asked = {**resources_of_two_nodes(), "tasks": 2, "mem_mb": 4000, "runtime": 10}
    two_nodes = [f"train_model:{name}={value}" for name, value in asked.items()]
    try:
        arguments = [*PROFILE.split(), "--set-threads", "train_model=1", "--set-resources"]
        arguments += [*two_nodes, "--", TRAINED]
        run, job = place.pause("train_model", *arguments, at=f"step {STEPS + 5}")
        started = processes("whosaid.training.processes", str(place.root))
        environments = [psutil.Process(each).environ() for each in started]
        nodes = {each["RANK"]: each["SLURMD_NODENAME"] for each in environments if "RANK" in each}
        assert nodes == {"0": "node0", "1": "node1"} or nodes == {"0": "node1", "1": "node0"}
        os.kill(job, signal.SIGTERM)
        poll(lambda: "SIGTERM: saving a checkpoint" in log_of(place), "the signal in the training")
        place.release()
        assert run.code() == 0, run.text()
    finally:
        place.end()
    assert f"stopped after step {STEPS + 5} of" in run.text()
    assert resumed_at(logged(place)) == [STEPS + 5]
    assert assert_trained(place)["device"].startswith("2 x ")
    assert not [*place.root.glob("data/model_store/*/processes_*")]
