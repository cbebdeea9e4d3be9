"""Each job gets a GPU of its own while there is one.

Once every job went to the first GPU of the list, so that four trainings on a machine with four of
them shared one.
"""

import multiprocessing
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from whosaid.jobs import gpu_lease

WORKFLOW = Path(__file__).parents[3] / "workflow"
GPUS = ("0", "1", "2", "3")
ROUNDS = 200

JOB = """
from types import SimpleNamespace

snakemake = SimpleNamespace(resources={resources})
import os

import whosaid.jobs.environment

print(os.environ["CUDA_VISIBLE_DEVICES"], flush=True)
input()
"""


def job(gpus, folder, answer):
    """Lease a GPU, say which, and hold it until the other end of the pipe says so or closes."""
    answer.send(gpu_lease.lease(gpus, folder))
    answer.recv()


class Jobs:
    """Processes that hold leases."""

    def __init__(self, folder):
        self.folder, self.running = folder, []
        self.context = multiprocessing.get_context("fork")

    def start(self, gpus=GPUS):
        ours, theirs = self.context.Pipe()
        process = self.context.Process(target=job, args=(gpus, self.folder, theirs), daemon=True)
        process.start()
        self.running.append((process, ours))

    def answers(self):
        """The GPU of each job, once all have answered."""
        return [pipe.recv() for _, pipe in self.running]

    def end(self, number, by_kill):
        process, pipe = self.running.pop(number)
        if by_kill:
            process.kill()
        else:
            pipe.send("end")
        process.join(60)
        assert not process.is_alive()


@pytest.fixture
def jobs(tmp_path):
    started = Jobs(tmp_path)
    yield started
    while started.running:
        started.end(0, by_kill=True)


@pytest.mark.slow
def test_four_jobs_have_four_gpus_whatever_is_killed(jobs):
    rng = random.Random(1)
    held = []
    for _ in range(ROUNDS):
        while len(jobs.running) < len(GPUS):
            jobs.start()
            held.append(None)
        for number, (_, pipe) in enumerate(jobs.running):
            held[number] = held[number] or pipe.recv()
        assert sorted(held) == [*GPUS]  # none twice, and none lost by those that were killed
        for _ in range(rng.randint(1, len(GPUS))):
            number = rng.randrange(len(jobs.running))
            jobs.end(number, by_kill=rng.random() < 0.5)
            held.pop(number)


def test_more_jobs_than_gpus_share_them_evenly(jobs):
    for _ in range(8):
        jobs.start()
    assert Counter(jobs.answers()) == dict.fromkeys(GPUS, 2)


@pytest.mark.parametrize(
    ("value", "gpus"),
    [
        ("2,3", ["2", "3"]),
        (" GPU-a , 1", ["GPU-a", "1"]),
        ("", []),
        ("-1", []),
        ("0,-1,2", ["0"]),
        ("0,0", ["0"]),
    ],
)
def test_the_list_of_the_user_or_the_queue_counts(value, gpus):
    assert gpu_lease.listed_gpus(value) == gpus


SMI = """
GPU 0: NVIDIA H200 (UUID: GPU-11)
GPU 1: NVIDIA H200 (UUID: GPU-22)
"""
PARTS = """
  MIG 1g.18gb     Device  0: (UUID: MIG-aa)
  MIG 1g.18gb     Device  1: (UUID: MIG-bb)
"""


@pytest.mark.parametrize(
    ("says", "gpus"), [(SMI, ["0", "1"]), (SMI + PARTS, ["MIG-aa", "MIG-bb"]), ("No.", ["0"])]
)
def test_without_a_list_the_gpus_of_the_machine_count(says, gpus, tmp_path, monkeypatch):
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\ncat <<'TEXT'\n{says}TEXT\n", encoding="utf-8")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert gpu_lease.installed_gpus() == gpus


@pytest.mark.parametrize(
    ("listed", "asked", "shown"),
    [
        ({}, 0, "0"),
        ({"CUDA_VISIBLE_DEVICES": "5,6"}, 0, "5"),
        ({"CUDA_VISIBLE_DEVICES": "5"}, 1, "5"),
        ({"CUDA_VISIBLE_DEVICES": ""}, 1, ""),
        ({"CUDA_VISIBLE_DEVICES": ""}, 0, ""),
        ({"CUDA_VISIBLE_DEVICES": "-1"}, 1, ""),
    ],
)
def test_where_there_is_no_choice_nothing_is_leased(listed, asked, shown, monkeypatch):
    def never(*_):
        raise AssertionError("leased")

    monkeypatch.setattr(gpu_lease, "lease", never)
    environment = dict(listed)
    gpu_lease.show_gpus(environment, asked)
    assert environment["CUDA_VISIBLE_DEVICES"] == shown


@pytest.mark.parametrize(
    ("listed", "asked", "first", "then"),
    [("0,1,2,3", 2, "0,1", "2,3"), ("0,1,2", 2, "0,1", "2,0"), ("0,1", 4, "0,1", "0,1")],
)
def test_a_job_that_asks_for_several_gpus_gets_different_ones(
    listed, asked, first, then, tmp_path, monkeypatch
):
    monkeypatch.setattr(gpu_lease.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(gpu_lease, "_held", [])
    monkeypatch.setattr(gpu_lease, "_chosen", [])
    for shown in (first, then):
        environment = {"CUDA_VISIBLE_DEVICES": listed}
        gpu_lease.show_gpus(environment, asked)
        assert environment["CUDA_VISIBLE_DEVICES"] == shown
        assert gpu_lease.gpus_in_use() == shown


def test_scripts_of_jobs_that_ask_for_a_gpu_get_one_each(tmp_path):
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "5,6", "TMPDIR": str(tmp_path)}
    environment["PYTHONPATH"] = str(WORKFLOW)
    shown = []
    scripts = []
    for resources in ("{'gpu': 1}", "{'gpu': 1}", "{}"):
        script = [sys.executable, "-c", JOB.format(resources=resources)]
        process = subprocess.Popen(
            script, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        scripts.append(process)
        shown.append(process.stdout.readline().strip())
    for process in scripts:
        process.communicate("\n", timeout=60)
        assert process.returncode == 0
    assert shown == ["5", "6", "5"]
