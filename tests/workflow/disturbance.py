"""A small run to disturb, and the means to do it: kills, stops and disks that are full.

A job is caught at an exact moment. A hook, which Python loads as `sitecustomize`, pauses it before
it gives an output its final name or at the end of a training step; it goes on when the test lets
it. So nothing here depends on how fast the machine is.
"""

import hashlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from configs import SMALL
from tree import Tree

EPOCHS = SMALL["defaults"]["training"]["num_train_epochs"]
STEPS = 63  # of an epoch: 2008 rows by 32

METRICS = [f"results/tiny/metrics/basic/{split}.json" for split in ("train", "test", "valid")]
MODEL = "data/tiny/models/basic/seed_42"
TRAINED = f"{MODEL}/training.json"
STORE = "data/model_store"

# Of each stage its outputs, and the one before whose renaming it is caught.
STAGES = {
    "read_lines": (["data/tiny/lines.parquet", "data/tiny/corpus.json"], "corpus.json"),
    "split_lines": (
        [
            *(f"data/tiny/splits/basic/{split}.parquet" for split in ("train", "test", "valid")),
            "data/tiny/splits/basic/added_tokens.json",
            "data/tiny/splits/basic/split_counts.json",
        ],
        "valid.parquet",
    ),
    "build_encoder": (["data/tiny/encoders/small"], "small"),
    "fetch_encoder": (["data/tiny/encoders/local"], "local"),
    "tokenize_splits": (["data/tiny/tokenized/basic"], "basic"),
    "train_model": ([MODEL], "seed_42"),
    "predict_splits": (
        [
            f"results/tiny/predictions/basic/seed_42/{name}"
            for name in ("train.parquet", "test.parquet", "valid.parquet", "scores.json")
        ],
        "valid.parquet",
    ),
    "evaluate_splits": ([METRICS[1]], "test.json"),
}

MANY_SECONDS = 600
"""How long to wait for what must come: only a fault makes a test wait that long."""

HOOK = """
import importlib.util
import os
import sys
import time
from pathlib import Path

STEPPING = "transformers.trainer_callback"
replace = os.replace


def pause_at(moment):
    if moment == os.environ["FAULT_AT"]:
        folder = Path(os.environ["FAULT_FOLDER"])
        (folder / "paused").touch()
        while not (folder / "released").exists():
            time.sleep(0.02)


def pausing_replace(source, target, **options):
    if str(source).endswith(".partial"):
        pause_at(Path(target).name)
    replace(source, target, **options)


class StepHook:
    def find_spec(self, name, path=None, target=None):
        if name != STEPPING:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        load = spec.loader.exec_module

        def load_with_pauses(module):
            load(module)
            end_step = module.CallbackHandler.on_step_end

            def on_step_end(self, args, state, control):
                pause_at(f"step {state.global_step}")
                return end_step(self, args, state, control)

            module.CallbackHandler.on_step_end = on_step_end

        spec.loader.exec_module = load_with_pauses
        return spec


if "FAULT_AT" in os.environ:
    os.replace = pausing_replace
    sys.meta_path.insert(0, StepHook())
"""

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/cmdline").exists(), reason="finds the jobs' processes in /proc"
)


def poll(condition, what):
    """The first true value of `condition()`."""
    end = time.monotonic() + MANY_SECONDS
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"waited {MANY_SECONDS} s in vain for {what}")


def processes(*words):
    """The ids of running Python processes whose command line holds all the words."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if "python" in line.partition("\0")[0] and all(word in line for word in words):
            found.append(int(folder.name))
    return found


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@dataclass
class Run:
    """A run of Snakemake in a process group of its own."""

    root: Path
    process: subprocess.Popen
    printed: Path

    def text(self):
        return self.printed.read_text(encoding="utf-8", errors="replace")

    def job(self, stage):
        """The id of the process of the stage's script, as soon as there is one."""

        def look():
            found = processes(f"{self.root}/.snakemake/scripts/", f".{stage}.py")
            assert found or self.process.poll() is None, self.text()
            return found

        return poll(look, f"a job of {stage}")[0]

    def code(self):
        return self.process.wait(timeout=MANY_SECONDS)

    def kill_group(self, number=signal.SIGKILL):
        os.killpg(self.process.pid, number)


@dataclass
class Place:
    """A tree to disturb, and the means to do it."""

    tree: Tree
    hook: Path
    runs: list[Run] = field(default_factory=list)

    @property
    def root(self):
        return self.tree.root

    def start(self, *arguments, pause_at=None, prefix=""):
        """Start the plain command; a job pauses at the moment `pause_at` until it is released."""
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(self.hook)}
        environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        if pause_at is not None:
            for name in ("paused", "released"):
                (self.hook / name).unlink(missing_ok=True)
            environment |= {"FAULT_AT": pause_at, "FAULT_FOLDER": str(self.hook)}
        printed = self.hook / f"printed_{len(self.runs)}"
        # Snakemake's own output tells of every job and shows all its lines.
        command = f"exec snakemake --quiet host --cores 1 {shlex.join(arguments)}"
        with printed.open("w") as file:
            process = subprocess.Popen(
                ["bash", "-c", f"{prefix} {command}"],
                cwd=self.root,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.runs.append(Run(self.root, process, printed))
        return self.runs[-1]

    def pause(self, stage, *arguments, at, **options):
        """Start the plain command; its run and the id of the stage's job, which is paused."""
        run = self.start(*arguments, pause_at=at, **options)

        def look():
            assert run.process.poll() is None, run.text()
            return (self.hook / "paused").exists()

        poll(look, f"the pause at {at}")
        return run, run.job(stage)

    def release(self):
        (self.hook / "released").touch()

    def plain(self, *arguments):
        """The plain command to its good end; what it printed."""
        run = self.start(*arguments)
        assert run.code() == 0, run.text()
        return run.text()

    def remove(self, *paths):
        self.tree.remove(*paths)

    def end(self):
        """Kill what still runs of this place."""
        for run in self.runs:
            if run.process.poll() is None:
                run.kill_group()
            run.process.wait()
        for pid in processes(f"{self.root}/.snakemake/"):
            os.kill(pid, signal.SIGKILL)


def make_place(source: Path, folder: Path) -> Place:
    """A copy of the tree `source` in `folder`, to disturb."""
    (folder / "hook").mkdir(parents=True)
    (folder / "hook" / "sitecustomize.py").write_text(HOOK)
    shutil.copytree(source, folder / "whosaid", symlinks=True)
    return Place(Tree(folder / "whosaid"), folder / "hook")


def digests(root, path):
    """What the output holds, by file. The seconds of a training or prediction are no two alike."""
    target = root / path
    files = sorted(target.rglob("*")) if target.is_dir() else [target]
    skipped = {".snakemake_timestamp", "runtime.json"}
    if "/models/" in path:
        skipped |= {"training.json", "manifest.json"}
    return {
        str(file.relative_to(root)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
        if file.is_file() and file.name not in skipped
    }


def lines_with(text, words):
    """What different lines say from `words` on: the log of a failed job is printed again."""
    said = [line[line.index(words) :] for line in text.splitlines() if words in line]
    return list(dict.fromkeys(said))


def checkpoints(root):
    """The sealed checkpoints of every training in the store, the latest last."""
    found = root.glob(f"{STORE}/*/checkpoints/checkpoint-*/manifest.json")
    return sorted((path.parent for path in found), key=step_of)


def step_of(checkpoint):
    return int(checkpoint.name.partition("-")[2])


def resumed_at(text):
    """The steps from which trainings went on, by what was printed while they ran."""
    return [int(step) for step in re.findall(r"^continuing from \S+/checkpoint-(\d+)", text, re.M)]


def assert_complete_or_absent(place, reference, outputs):
    for output in outputs:
        if (place.root / output).exists():
            assert digests(place.root, output) == digests(reference, output), output


def assert_as_reference(place, reference, outputs):
    for output in outputs:
        assert digests(place.root, output) == digests(reference, output), output
    # Earlier results of others are as they were.
    for other in ("data/tiny/models/grouped", "results/tiny/metrics/basic"):
        assert digests(place.root, other) == digests(reference, other), other
    for folder in ("data", "results"):
        assert not list((place.root / folder).rglob(".*.partial"))


def assert_trained_as_reference(place, reference, variant="basic"):
    model = f"data/tiny/models/{variant}/seed_42"
    assert digests(place.root, model) == digests(reference, model)
    records = [
        json.loads((root / model / "training.json").read_text()) for root in (place.root, reference)
    ]
    measured = [
        [
            {name: value for name, value in epoch.items() if name != "train_loss"}
            for epoch in record["history"]
        ]
        for record in records
    ]
    assert measured[0] == measured[1]
    assert [epoch["epoch"] for epoch in measured[0]] == list(range(1, EPOCHS + 1))
    assert not list(place.root.glob(f"{STORE}/*/checkpoints"))
    return records[0]
