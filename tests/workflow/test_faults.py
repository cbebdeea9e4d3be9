"""Faults in the middle of a run: kills, stops, two runs at once, full disks, too little memory.

The promise: every output appears whole or not at all, and after any fault the plain command ends
with the results of an undisturbed run. 53 faults are tried, each under its own test id, but for
the seven power losses and two kills that one run suffers one after the other.

A job is caught at an exact moment by a hook on `os.replace`, which stops it before it gives an
output its final name, and in the middle of a training by its first checkpoint. What a stage made
is compared byte by byte with the reference; of equal weights come equal metrics.
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
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from conftest import Tree, copy_project

CONFIG = {
    "experiment": "tiny",
    "corpus": {
        "csv": "data/sample/script_data_processed.csv",
        "target_speaker": "dwight",
        "top_speakers": 10,
        "word_tokenizer": "preserve_line",
    },
    "encoders": {
        "small": {
            "scratch": {
                "architecture": "distilbert",
                "vocab_size": 400,
                "hidden_size": 16,
                "num_hidden_layers": 1,
                "intermediate_size": 16,
            }
        }
    },
    "defaults": {
        "encoder": "small",
        "max_length": 32,
        "training": {
            "num_train_epochs": 4,
            "per_device_train_batch_size": 4,
            "per_device_eval_batch_size": 128,
            "learning_rate": 1.0e-3,
        },
    },
    "variants": {
        "basic": {},
        "grouped": {"training": {"train_sampling_strategy": "group_by_length"}},
    },
}
EPOCHS = CONFIG["defaults"]["training"]["num_train_epochs"]
STEPS = 502  # of an epoch: 2008 rows by four

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
            "data/tiny/splits/basic/split_audit.json",
        ],
        "valid.parquet",
    ),
    "fetch_encoder": (["data/tiny/encoders/small"], "small"),
    "tokenize_splits": (["data/tiny/tokenized/basic"], "basic"),
    "train_model": ([MODEL], "seed_42"),
    "predict_splits": (
        [
            f"results/tiny/predictions/basic/seed_42/{split}.parquet"
            for split in ("train", "test", "valid")
        ],
        "valid.parquet",
    ),
    "evaluate_splits": ([METRICS[1]], "test.json"),
}

HOOK = """
import os
import time
from pathlib import Path

replace = os.replace


def stopping_replace(source, target, **options):
    if str(source).endswith(".partial") and Path(target).name == os.environ["FAULT_AT"]:
        folder = Path(os.environ["FAULT_FOLDER"])
        (folder / "stopped").touch()
        while not (folder / "released").exists():
            time.sleep(0.02)
    replace(source, target, **options)


if "FAULT_AT" in os.environ:
    os.replace = stopping_replace
"""

needs_root = pytest.mark.skipif(
    not sys.platform.startswith("linux") or os.geteuid() != 0, reason="only root may mount a tmpfs"
)
pytestmark = pytest.mark.skipif(
    not Path("/proc/self/cmdline").exists(), reason="finds the jobs' processes in /proc"
)


def poll(condition, what, seconds=120):
    """The first true value of `condition()`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.005)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


def processes(*words):
    """The ids of running processes whose command line holds all the words."""
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

    def code(self, seconds=180):
        return self.process.wait(timeout=seconds)

    def kill_group(self, number=signal.SIGKILL):
        os.killpg(self.process.pid, number)


@dataclass
class Place:
    """A tree to disturb, and the means to do it."""

    tree: Tree
    hook: Path
    runs: list[Run]

    @property
    def root(self):
        return self.tree.root

    def start(self, *arguments, stop_at=None, prefix=""):
        """Start the plain command; a job stops before it gives `stop_at` its final name."""
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(self.hook)}
        environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        if stop_at is not None:
            environment |= {"FAULT_AT": stop_at, "FAULT_FOLDER": str(self.hook)}
        printed = self.hook / f"printed_{len(self.runs)}"
        with printed.open("w") as file:
            process = subprocess.Popen(
                ["bash", "-c", f"{prefix} exec snakemake --cores 1 {shlex.join(arguments)}"],
                cwd=self.root,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.runs.append(Run(self.root, process, printed))
        return self.runs[-1]

    def stopped(self, run):
        """Wait until the job stands at the stop."""

        def look():
            assert run.process.poll() is None, run.text()
            return (self.hook / "stopped").exists()

        poll(look, "the stop")

    def release(self):
        (self.hook / "released").touch()

    def plain(self, *arguments):
        """The plain command to its good end; what it printed."""
        run = self.start(*arguments)
        assert run.code() == 0, run.text()
        return run.text()

    def remove(self, *paths):
        for path in paths:
            target = self.root / path
            shutil.rmtree(target) if target.is_dir() else target.unlink()

    def end(self):
        """Kill what still runs of this place."""
        for run in self.runs:
            if run.process.poll() is None:
                run.kill_group()
            run.process.wait()
        for pid in processes(f"{self.root}/.snakemake/"):
            os.kill(pid, signal.SIGKILL)


def digests(root, path):
    """What the output holds, by file. The seconds in a training's record differ from run to run."""
    target = root / path
    files = sorted(target.rglob("*")) if target.is_dir() else [target]
    skipped = {".snakemake_timestamp"}
    if "/models/" in path:
        skipped |= {"training.json", "manifest.json"}
    return {
        str(file.relative_to(root)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
        if file.is_file() and file.name not in skipped
    }


def metrics(root):
    return [json.loads((root / path).read_text())["metrics"] for path in METRICS]


def lines_with(text, words):
    """What different lines say from `words` on: a run repeats at its end why it failed."""
    said = [line[line.index(words) :] for line in text.splitlines() if words in line]
    return list(dict.fromkeys(said))


def checkpoints(root):
    """The sealed checkpoints of every training in the store, the latest last."""
    found = root.glob(f"{STORE}/*/checkpoints/checkpoint-*/manifest.json")
    return sorted((path.parent for path in found), key=lambda path: int(path.name[11:]))


def resumed_at(text):
    return [int(step) for step in re.findall(r"going on from \S+/checkpoint-(\d+)", text)]


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """The undisturbed run."""
    tree = copy_project(tmp_path_factory.mktemp("reference") / "whosaid")
    text = yaml.safe_dump(CONFIG, sort_keys=False)
    (tree.root / "config" / "config.yaml").write_text(text, encoding="utf-8")
    place = Place(tree, tree.root.parent, [])
    shutil.copytree(tree.root, tree.root.parent / "fresh", symlinks=True)
    place.plain(*METRICS, "data/tiny/models/grouped/seed_42/training.json")
    return tree.root


@pytest.fixture
def new_place(reference, tmp_path):
    """Makes places that are copies of the reference, or of a tree given."""
    places = []

    def make(source=reference):
        folder = tmp_path / str(len(places))
        (folder / "hook").mkdir(parents=True)
        (folder / "hook" / "sitecustomize.py").write_text(HOOK)
        shutil.copytree(source, folder / "whosaid", symlinks=True)
        places.append(Place(Tree(folder / "whosaid"), folder / "hook", []))
        return places[-1]

    yield make
    for place in places:
        place.end()


@pytest.fixture
def place(new_place):
    return new_place()


@pytest.fixture
def untrained(new_place):
    """A place where the training is next."""
    made = new_place()
    made.remove(MODEL, STORE)
    return made


def assert_whole_or_absent(place, reference, outputs):
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


# Kills in every stage


@pytest.mark.parametrize("stage", STAGES)
def test_kill_of_the_job(place, reference, stage):
    outputs, stop = STAGES[stage]
    place.remove(*outputs)
    run = place.start(*outputs, stop_at=stop)
    place.stopped(run)
    os.kill(run.job(stage), signal.SIGKILL)
    assert run.code() == 1, run.text()
    assert_whole_or_absent(place, reference, outputs)
    place.plain(*outputs)
    assert_as_reference(place, reference, outputs)


@pytest.mark.parametrize("stage", STAGES)
def test_kill_of_snakemake_while_the_orphan_goes_on(place, reference, stage):
    outputs, stop = STAGES[stage]
    place.remove(*outputs)
    run = place.start(*outputs, stop_at=stop)
    place.stopped(run)
    orphan = run.job(stage)
    os.kill(run.process.pid, signal.SIGKILL)
    run.code()
    assert is_running(orphan)
    assert_whole_or_absent(place, reference, outputs)
    second = place.start(*outputs)
    if stage == "train_model":
        poll(lambda: "waiting for it" in second.text(), "the wait for the orphan")
    else:
        assert second.code() == 0, second.text()
    place.release()
    poll(lambda: not is_running(orphan), "the orphan's end")
    assert second.code() == 0, second.text()
    assert_as_reference(place, reference, outputs)


def test_power_loss_in_every_stage(new_place, reference):
    place = new_place(reference.parent / "fresh")
    for stage, (outputs, stop) in STAGES.items():
        (place.hook / "stopped").unlink(missing_ok=True)
        run = place.start(*outputs, stop_at=stop)
        place.stopped(run)
        run.job(stage)
        run.kill_group()
        run.code()
        assert not processes(f"{place.root}/.snakemake/scripts/")
        assert_whole_or_absent(place, reference, outputs)
    place.plain(*METRICS)
    for ours, theirs in zip(metrics(place.root), metrics(reference), strict=True):
        assert ours == pytest.approx(theirs, rel=0, abs=1e-12)


@pytest.mark.parametrize("stage", ["read_lines", "train_model"])
def test_kill_of_the_job_at_its_very_start(place, reference, stage):
    outputs, _ = STAGES[stage]
    place.remove(*outputs)
    run = place.start(*outputs)
    os.kill(run.job(stage), signal.SIGKILL)
    assert run.code() == 1, run.text()
    assert_whole_or_absent(place, reference, outputs)
    place.plain(*outputs)
    assert_as_reference(place, reference, outputs)


@pytest.mark.parametrize("stage", ["split_lines", "train_model"])
def test_closed_pipe(place, reference, stage):
    # `snakemake ... | less` that is quit, or a terminal that is gone.
    outputs, stop = STAGES[stage]
    place.remove(*outputs)
    if stage == "train_model":
        place.remove(STORE)
    pipe = place.hook / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    run = place.start(*outputs, stop_at=stop, prefix=f"exec > {pipe} 2>&1;")
    job = run.job(stage)
    if stage == "train_model":
        poll(lambda: checkpoints(place.root) or not is_running(job), "the first checkpoint")
    else:
        place.stopped(run)
    os.close(reader)
    place.release()
    poll(lambda: not is_running(job), "the job's end")
    try:
        run.code(seconds=20)
    except subprocess.TimeoutExpired:
        pytest.fail("Snakemake hangs and holds the lock of the folder")
    place.plain(*outputs)
    assert_as_reference(place, reference, outputs)


# The training


def stop_training(place, number, *arguments, target=TRAINED, whole_group=False):
    """Signal a training in the middle of its second epoch; the run that was hit."""
    run = place.start(target, *arguments)
    job = run.job("train_model")
    poll(lambda: checkpoints(place.root) or not is_running(job), "the first checkpoint")
    if whole_group:
        run.kill_group(number)
    else:
        os.kill(job, number)
    return run


@pytest.mark.parametrize("variant", ["basic", "grouped"])
def test_sigterm_to_the_training(place, reference, variant):
    target = f"data/tiny/models/{variant}/seed_42/training.json"
    place.remove(f"data/tiny/models/{variant}", STORE)
    run = stop_training(place, signal.SIGTERM, target=target)
    assert run.code() == 1, run.text()
    assert len(lines_with(run.text(), "stopped after step")) == 1, run.text()
    assert "Traceback" not in run.text()
    assert not (place.root / "data" / "tiny" / "models" / variant / "seed_42").exists()
    last = checkpoints(place.root)[-1]
    assert int(last.name[11:]) % STEPS != 0
    seconds = json.loads((last / "manifest.json").read_text())["seconds"]
    text = place.plain(target)
    assert resumed_at(text) == [int(last.name[11:])]
    record = assert_trained_as_reference(place, reference, variant)
    assert record["seconds"] > seconds > 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_signal_to_the_whole_group(untrained, reference, number):
    run = stop_training(untrained, number, whole_group=True)
    assert run.code() != 0, run.text()
    poll(lambda: not processes(f"{untrained.root}/.snakemake/scripts/"), "the job's end")
    # Not at the end of an epoch: what was done since is saved.
    assert int(checkpoints(untrained.root)[-1].name[11:]) % STEPS != 0, run.text()
    text = untrained.plain(TRAINED)
    assert len(resumed_at(text)) == 1
    assert_trained_as_reference(untrained, reference)


def test_a_retry_goes_on_by_itself(untrained, reference):
    run = stop_training(untrained, signal.SIGTERM, "--retries", "1")
    assert run.code() == 0, run.text()
    assert len(resumed_at(run.text())) == 1
    assert_trained_as_reference(untrained, reference)


def test_two_kills_in_the_middle_of_epochs(untrained, reference):
    run = stop_training(untrained, signal.SIGKILL)
    assert run.code() == 1
    first = int(checkpoints(untrained.root)[-1].name[11:])
    run = untrained.start(TRAINED)
    job = run.job("train_model")
    poll(
        lambda: int(checkpoints(untrained.root)[-1].name[11:]) > first or not is_running(job),
        "the next checkpoint",
    )
    os.kill(job, signal.SIGKILL)
    assert run.code() == 1
    assert resumed_at(run.text()) == [first]
    assert first % STEPS == 0
    text = untrained.plain(TRAINED)
    assert len(resumed_at(text)) == 1
    assert resumed_at(text)[0] > first
    assert_trained_as_reference(untrained, reference)


def test_kill_after_the_last_step(untrained, reference):
    run = untrained.start(TRAINED, stop_at="model")
    untrained.stopped(run)
    os.kill(run.job("train_model"), signal.SIGKILL)
    assert run.code() == 1
    assert resumed_at(untrained.plain(TRAINED)) == [STEPS * EPOCHS]
    assert_trained_as_reference(untrained, reference)


def test_the_next_run_waits_for_an_orphan_in_the_middle_of_training(untrained, reference):
    run = untrained.start(TRAINED)
    job = run.job("train_model")
    poll(lambda: checkpoints(untrained.root) or not is_running(job), "the first checkpoint")
    os.kill(job, signal.SIGSTOP)  # so that it is not done before the next run has started
    os.kill(run.process.pid, signal.SIGKILL)
    run.code()
    second = untrained.start(TRAINED)
    poll(lambda: "waiting for it" in second.text(), "the wait for the orphan")
    os.kill(job, signal.SIGCONT)
    assert second.code() == 0, second.text()
    assert "trained before" in second.text()
    assert not resumed_at(second.text())
    assert_trained_as_reference(untrained, reference)


@pytest.fixture(scope="module")
def stopped_tree(reference, tmp_path_factory):
    """A training stopped by SIGTERM in its second epoch: two checkpoints."""
    folder = tmp_path_factory.mktemp("stopped")
    shutil.copytree(reference, folder / "whosaid", symlinks=True)
    place = Place(Tree(folder / "whosaid"), folder, [])
    place.remove(MODEL, STORE)
    try:
        assert stop_training(place, signal.SIGTERM).code() == 1
    finally:
        place.end()
    assert len(checkpoints(place.root)) == 2
    return place.root


def cut_weights(checkpoint):
    os.truncate(checkpoint / "model.safetensors", 1000)


def lose_optimizer(checkpoint):
    (checkpoint / "optimizer.pt").unlink()


def lose_manifest(checkpoint):
    (checkpoint / "manifest.json").unlink()


def empty_checkpoint(checkpoint):
    (checkpoint.parent / "checkpoint-999999").mkdir()


def lose_every_manifest(checkpoint):
    for other in checkpoint.parent.glob("*/manifest.json"):
        other.unlink()


@pytest.mark.parametrize(
    ("damage", "taken"),
    [
        (cut_weights, -2),
        (lose_optimizer, -2),
        (lose_manifest, -2),
        (empty_checkpoint, -1),
        (lose_every_manifest, None),
    ],
)
def test_damaged_checkpoint(new_place, reference, stopped_tree, damage, taken):
    place = new_place(stopped_tree)
    found = checkpoints(place.root)
    damage(found[-1])
    text = place.plain(TRAINED)
    assert lines_with(text, "was not written to its end: deleted")
    assert resumed_at(text) == ([] if taken is None else [int(found[taken].name[11:])])
    assert_trained_as_reference(place, reference)


@pytest.mark.parametrize(
    "changes",
    [
        {"defaults": {"training": {"weight_decay": 0.5}}},
        {"defaults": {"split": {"seed": 28}}},
    ],
    ids=["settings", "data"],
)
def test_other_settings_or_data_do_not_resume(new_place, stopped_tree, changes):
    place = new_place(stopped_tree)
    (place.root / "other.yaml").write_text(yaml.safe_dump(changes))
    old = set((place.root / STORE).iterdir())
    run = place.start(TRAINED, "--configfile", "other.yaml")
    job = run.job("train_model")
    poll(
        lambda: (
            len({path.parents[1] for path in checkpoints(place.root)}) == 2 or not is_running(job)
        ),
        "a checkpoint of the other training",
    )
    run.kill_group()
    run.code()
    assert not resumed_at(run.text())
    assert len(set((place.root / STORE).iterdir()) - old) == 1
    assert len([path for path in checkpoints(place.root) if path.parents[1] in old]) == 2


# Two runs at once


def test_two_runs_at_once(untrained, new_place, reference):
    first = untrained.start(TRAINED, stop_at="seed_42")
    first.job("train_model")
    started = time.monotonic()
    second = untrained.start(TRAINED)
    assert second.code() == 1
    assert time.monotonic() - started < 20
    named = lines_with(second.text(), f"process {first.process.pid} is already running this")
    assert len(named) == 1, second.text()
    assert "Traceback" not in second.text()
    untrained.plain("-n", TRAINED)
    elsewhere = new_place()
    elsewhere.remove(METRICS[1])
    elsewhere.plain(METRICS[1])
    assert_as_reference(elsewhere, reference, METRICS)
    assert first.process.poll() is None
    untrained.release()
    assert first.code() == 0, first.text()
    assert_trained_as_reference(untrained, reference)


# Disk and memory


@pytest.fixture
def mount():
    """Puts a folder on a small file system of its own."""
    mounted = []

    def put(folder, size="12m"):
        content = folder.with_name(f"{folder.name}_content")
        folder.rename(content)
        folder.mkdir()
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True
        )
        mounted.append(folder)
        shutil.copytree(content, folder, symlinks=True, dirs_exist_ok=True)
        shutil.rmtree(content)

    yield put
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder, left):
    """Write ballast until `left` bytes remain."""
    status = os.statvfs(folder)
    free = status.f_bavail * status.f_frsize - left
    with (folder / "ballast").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free)
    return folder / "ballast"


@needs_root
@pytest.mark.parametrize(
    ("stage", "left"),
    [
        ("read_lines", 8192),
        ("split_lines", 8192),
        ("fetch_encoder", 8192),
        ("tokenize_splits", 8192),
        ("train_model", 8192),
        ("train_model", 2**18),
        ("predict_splits", 8192),
        ("evaluate_splits", 0),
    ],
)
def test_full_disk(place, reference, mount, stage, left):
    outputs, _ = STAGES[stage]
    place.remove(*outputs)
    if stage == "train_model":
        place.remove(STORE)
    if stage == "evaluate_splits":
        place.remove("results/logs")  # or Snakemake frees the old logs, room for the new metrics
    folder = place.root / outputs[0].partition("/")[0]
    mount(folder)
    ballast = fill(folder, left)
    run = place.start(*outputs)
    assert run.code() == 1, run.text()
    said = lines_with(run.text(), f"{stage} tiny")
    assert len(said) == 1, run.text()
    assert "the disk is full" in said[0]
    assert "Traceback" not in run.text()
    assert_whole_or_absent(place, reference, outputs)
    ballast.unlink()
    place.plain(*outputs)
    assert_as_reference(place, reference, outputs)


@needs_root
@pytest.mark.parametrize("stage", ["split_lines", "train_model"])
def test_read_only_data(place, reference, mount, stage):
    outputs, _ = STAGES[stage]
    place.remove(*outputs)
    folder = place.root / "data"
    mount(folder)
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    run = place.start(*outputs)
    assert run.code() == 1, run.text()
    assert "ead-only" in run.text()
    assert "Traceback" not in run.text(), run.text()
    subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)
    place.plain(*outputs)
    assert_as_reference(place, reference, outputs)


def test_too_little_memory(place, reference):
    # Evaluated at once, the first layer takes 10 GB; no more than 8 GB may be asked for. The last
    # layer works on first tokens alone.
    wide = {**CONFIG["encoders"]["small"]["scratch"], "intermediate_size": 50_000}
    wide["num_hidden_layers"] = 2
    changes = {
        "encoders": {"wide": {"scratch": wide}},
        "variants": {
            "wide": {
                "encoder": "wide",
                "training": {"max_steps": 1, "per_device_eval_batch_size": 2008},
            }
        },
    }
    (place.root / "wide.yaml").write_text(yaml.safe_dump(changes))
    target = "data/tiny/models/wide/seed_42/training.json"
    run = place.start(target, "--configfile", "wide.yaml", prefix="ulimit -v 8000000;")
    assert run.code() == 1, run.text()
    said = lines_with(run.text(), "train_model tiny wide 42")
    assert len(said) == 1, run.text()
    assert "there is not enough memory" in said[0]
    assert "Traceback" not in run.text()
    assert not (place.root / "data" / "tiny" / "models" / "wide" / "seed_42").exists()
    assert_as_reference(place, reference, METRICS)
    assert "Nothing to be done" in place.plain(*METRICS)
