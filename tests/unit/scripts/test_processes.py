"""One training in several processes: the same steps, and the same care, as in one."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
import torch
from datasets import load_from_disk
from safetensors.torch import load_file
from test_context_stages import CONTEXT
from transformers import AutoTokenizer

from whosaid.caching.manifest import write_manifest
from whosaid.errors import InputError, InterruptedStageError
from whosaid.training.classifier import new_classifier
from whosaid.training.processes import Processes
from whosaid.training.scene_packing import IGNORED
from whosaid.training.trainer import build_trainer, in_whole_batches, model_columns

SCENES = CONTEXT | {"before": "scene", "after": "scene", "reading": "scene"}

STAGE = """
import json, sys
import train_model

if __name__ == "__main__":
    train_model.main(**json.loads(sys.argv[1]))
"""


def record_of(folder):
    return json.loads((folder / "training.json").read_text(encoding="utf-8"))


def checkpoints(folder):
    """The manifests of the complete checkpoints in the store."""
    return [*folder.glob("store/*/checkpoints/checkpoint-*/manifest.json")]


def step_of(manifest):
    return int(manifest.parent.name.partition("-")[2])


@pytest.fixture(scope="session")
def without_dropout(encoders, tmp_path_factory):
    """The tiny encoders without dropout, so that a step depends on its rows alone."""
    folders = {}
    for family, folder in encoders.items():
        folders[family] = tmp_path_factory.mktemp("still") / family
        shutil.copytree(folder, folders[family])
        path = folders[family] / "config.json"
        config = json.loads(path.read_text(encoding="utf-8"))
        rates = {name: 0.0 for name in config if "dropout" in name}
        path.write_text(json.dumps(config | rates | {"seq_classif_dropout": 0.0}))
        (folders[family] / "manifest.json").unlink()
        write_manifest(folders[family])
    return folders


@pytest.mark.slow
@pytest.mark.parametrize(
    ("family", "gpus", "context", "settings"),
    [
        ("distilbert", 2, None, {}),
        ("distilbert", 2, SCENES, {"speaker_loss_weight": 0.5}),
        ("roberta", 3, None, {"focal_loss_gamma": 2.0, "class_weight": "balanced"}),
    ],
    ids=["lines", "scenes and speakers", "three processes, focal loss"],
)
def test_the_steps_are_those_of_one_process(
    family, gpus, context, settings, deal, without_dropout, tokenize, train
):
    """Every batch is the whole train split, with a remainder, so the order of rows plays no part.

    The losses of all steps are then the same to rounding, however the rows are shared.
    """
    splits = deal(context=context, names_speakers="speaker_loss_weight" in settings)
    tokenized = tokenize(splits, without_dropout[family])
    settings = settings | {"per_device_train_batch_size": 192, "num_train_epochs": 4}
    one, several = (
        record_of(train(tokenized, without_dropout[family], **settings, **more))
        for more in ({}, {"gpus": gpus})
    )
    assert several["device"].startswith(f"{gpus} x ") and one["device"].startswith("CPU")
    assert one["optimizer_steps"] == several["optimizer_steps"] == 4
    assert one["rows"] == several["rows"]
    for ours, theirs in zip(one["history"], several["history"], strict=True):
        # The Trainer weighs the loss of an evaluation by its batches, which are others.
        assert ours.pop("test_loss") == pytest.approx(theirs.pop("test_loss"), abs=5e-3)
        assert ours == pytest.approx(theirs, abs=2e-5)


@pytest.mark.slow
def test_the_figures_are_within_the_spread_of_seeds(tokenized, encoders, train):
    """With dropout and shuffled batches of ordinary size another order is another draw."""

    def loss(seed, **changes):
        folder = train(tokenized["distilbert"], encoders["distilbert"], seed, **changes)
        record = record_of(folder)
        assert record["optimizer_steps"] == 10 * 12  # 180 rows in batches of 16
        return record["history"][-1]["test_loss"]

    alone = [loss(seed) for seed in (1, 2, 3, 4)]
    spread = max(alone) - min(alone)
    assert min(alone) - spread <= loss(1, gpus=2) <= max(alone) + spread


@pytest.mark.slow
def test_a_stopped_training_continues_to_the_weights_of_an_undisturbed_one(in_one_store, tmp_path):
    whole = load_file(in_one_store("whole", gpus=2, num_train_epochs=6) / "model.safetensors")
    [entry] = (tmp_path / "store").iterdir()
    shutil.rmtree(entry)

    def stop():
        while not checkpoints(tmp_path):
            if ended.wait(0.01):
                return
        os.kill(os.getpid(), signal.SIGTERM)

    ended = threading.Event()
    watcher = threading.Thread(target=stop)
    watcher.start()
    try:
        with pytest.raises(InterruptedStageError, match="stopped after step"):
            in_one_store("stopped", gpus=2, num_train_epochs=6)
    finally:
        ended.set()
        watcher.join()
    continued = in_one_store("continued", gpus=2, num_train_epochs=6)
    weights = load_file(continued / "model.safetensors")
    assert whole.keys() == weights.keys()
    assert all(torch.equal(whole[name], weights[name]) for name in whole)


@pytest.mark.slow
def test_a_stop_before_the_first_step_is_one_too(in_one_store, monkeypatch):
    """The launcher takes seconds to catch signals."""

    class Stopped(subprocess.Popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            if "torch.distributed.run" in self.args:
                threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM)).start()

    monkeypatch.setattr(subprocess, "Popen", Stopped)
    with pytest.raises(InterruptedStageError, match="stopped before it could save"):
        in_one_store(gpus=2)


@pytest.fixture
def started(tokenized, encoders, training, tmp_path):
    """The stage in a process of its own, training in two more, after its first checkpoint."""
    given = {
        "tokenized": str(tokenized["distilbert"]),
        "encoder": str(encoders["distilbert"]),
        "model": str(tmp_path / "model"),
        "store": str(tmp_path / "store"),
        "code": "recipe",
        "question": "target",
        "training": training | {"num_train_epochs": 1000, "gpus": 2},
        "seed": 42,
    }
    script = tmp_path / "stage.py"
    script.write_text(STAGE, encoding="utf-8")
    workflow = Path(__file__).parents[3] / "workflow"
    paths = os.pathsep.join([str(workflow), str(workflow / "scripts")])
    log = tmp_path / "log.txt"
    with (
        log.open("w") as file,
        subprocess.Popen(
            [sys.executable, str(script), json.dumps(given)],
            env=os.environ | {"PYTHONPATH": paths},
            stdout=file,
            stderr=subprocess.STDOUT,
        ) as stage,
    ):
        while not checkpoints(tmp_path):
            assert stage.poll() is None, log.read_text()
            time.sleep(0.05)  # the machine is for the training
        yield stage, log
        stage.kill()


def trainers_of(stage):
    """The two processes that train."""
    found = psutil.Process(stage.pid).children(recursive=True)
    lines = {each: each.cmdline() for each in found}
    of_ours = [each for each, line in lines.items() if "whosaid.training.processes" in line]
    return [each for each in of_ours if "torch.distributed.run" not in lines[each]]


@pytest.mark.slow
def test_after_a_kill_of_the_stage_none_of_its_processes_goes_on(started):
    stage, _ = started
    processes = psutil.Process(stage.pid).children(recursive=True)
    assert len(processes) == 3  # torchrun and two that train
    stage.kill()
    _, alive = psutil.wait_procs(processes, timeout=120)
    assert not alive


@pytest.mark.slow
def test_a_signal_to_every_process_lets_them_save_a_checkpoint(started, tmp_path):
    """Slurm may send a time limit's signal to the whole tree; the launcher passes it on again."""
    stage, log = started
    last = max(step_of(path) for path in checkpoints(tmp_path))
    for process in [*psutil.Process(stage.pid).children(recursive=True), stage]:
        process.send_signal(signal.SIGTERM)
    assert stage.wait(timeout=240) == 1
    assert "stopped after step" in log.read_text()
    assert max(step_of(path) for path in checkpoints(tmp_path)) > last


@pytest.mark.slow
def test_after_a_kill_of_one_process_the_stage_fails_and_none_goes_on(started):
    stage, log = started
    processes = psutil.Process(stage.pid).children(recursive=True)
    trainers_of(stage)[-1].kill()
    assert stage.wait(timeout=120) == 1
    _, alive = psutil.wait_procs(processes, timeout=120)
    assert not alive
    assert "ended with code" in log.read_text() or "Connection" in log.read_text()


@pytest.mark.slow
def test_what_a_process_raises_is_raised_by_the_stage(in_one_store):
    with pytest.raises(ValueError, match="nonsense"):
        in_one_store(gpus=2, lr_scheduler_type="nonsense")


def test_fewer_gpus_than_asked_are_refused_before_a_process_starts(in_one_store, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(InputError, match=r"gpus is 2, .* sees 1 GPU; run with --resources gpu=2"):
        in_one_store(gpus=2)


@pytest.mark.parametrize(
    ("nodes", "launcher", "fault"),
    [
        (2, None, "nodes of train_model is 2; that takes a job of Slurm and the resource mpi"),
        (2, "mpiexec", "nodes of train_model is 2; that takes a job of Slurm"),
        (3, "srun", "gpus is 4, which the resource nodes of train_model, 3, does not"),
        (2, "srun", "gpus is 4, but this job sees 1 GPU; 2 nodes need 2 each"),
    ],
    ids=["no launcher", "another launcher", "nodes that do not divide", "too few GPUs"],
)
def test_nodes_that_do_not_fit_are_refused_before_a_process_starts(
    nodes, launcher, fault, in_one_store, monkeypatch
):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setenv("SLURM_JOB_ID", "1")
    with pytest.raises(InputError, match=fault):
        in_one_store(gpus=4, nodes=nodes, launcher=launcher)
    monkeypatch.delenv("SLURM_JOB_ID")
    with pytest.raises(InputError, match="that takes a job of Slurm"):
        in_one_store(gpus=4, nodes=nodes, launcher=launcher)


def test_each_node_starts_its_share_of_the_processes_with_its_threads(tmp_path, monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 6)
    on_two = Processes(8, 2, "srun").command(tmp_path)
    assert on_two[0] == "srun" and {"--nodes=2", "--ntasks=2", "--ntasks-per-node=1"} < {*on_two}
    assert {"--cpus-per-task=24", "--nnodes=2", "--nproc-per-node=4"} < {*on_two}
    assert Processes(8, 2, "srun").environment()["OMP_NUM_THREADS"] == "6"
    monkeypatch.setenv("MKL_NUM_THREADS", "6")  # by Snakemake; PyTorch took it for its own
    on_one = Processes(2).command(tmp_path)
    assert "srun" not in on_one and {"--nnodes=1", "--nproc-per-node=2"} < {*on_one}
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        assert Processes(2).environment()[name] == "3"


def test_one_process_on_two_nodes_is_refused(in_one_store):
    with pytest.raises(InputError, match="nodes of train_model is 2"):
        in_one_store(nodes=2)


def test_another_number_of_processes_is_refused(tokenized, encoders, tmp_path):
    tokenizer = AutoTokenizer.from_pretrained(tokenized["distilbert"] / "tokenizer")
    with pytest.raises(InputError, match="gpus is 2, and 1 processes were started"):
        build_trainer(
            new_classifier(encoders["distilbert"], tokenizer, ["not_dwight", "dwight"]),
            tokenizer,
            load_from_disk(tokenized["distilbert"]),
            "target",
            precision="float32",
            gpus=2,
            output_dir=str(tmp_path),
            per_device_train_batch_size=8,
        )


def test_batches_are_filled_with_rows_that_count_nothing(tokenized):
    rows = model_columns(load_from_disk(tokenized["distilbert"])["train"])
    filled = in_whole_batches(rows, 16)
    assert len(filled) == 192  # 180 rows, in 12 batches
    labels = [int(row["label"]) for row in (filled[number] for number in range(192))]
    assert labels[:180] == [int(label) for label in rows["label"]]
    assert labels[180:] == [IGNORED] * 12
    assert len(in_whole_batches(rows, 18)) == 180
