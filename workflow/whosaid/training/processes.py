"""One training in several processes, each on a GPU of its own, started by `torchrun`.

Each process runs `train` with its share of every batch, and all of them together take the steps of
a single process. Without GPUs they share the cores of the job. On several nodes of Slurm, `srun`
starts one `torchrun` on each.
"""

import contextlib
import json
import logging
import os
import pickle
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

import whosaid
from whosaid.caching.manifest import is_complete
from whosaid.errors import InputError, InterruptedStageError, StageError
from whosaid.training.checkpoints import STOP_SIGNALS
from whosaid.training.train import train

logger = logging.getLogger(__name__)

SECONDS_TO_STOP = 300
"""How long the processes may take to save a checkpoint after a signal; most queues wait less."""

PREFIX = "processes_"
"""How the folder begins that the processes of a training share while it lasts."""

JOB_ID = "SLURM_JOB_ID"
"""The variable that every job of Slurm has."""

LAST_LINES = 30
"""How much of what the processes printed is logged if they end and none says why."""


@dataclass(frozen=True)
class Processes:
    """The processes of one training, and where they run."""

    count: int
    nodes: int = 1
    launcher: str | None = None
    """Snakemake's resource `mpi`."""

    def check(self) -> None:
        """Raise InputError if they cannot run here."""
        count, nodes = self.count, self.nodes
        if nodes > 1 and (self.launcher != "srun" or JOB_ID not in os.environ):
            raise InputError(
                f"the resource nodes of train_model is {nodes}; that takes a job of Slurm and the "
                "resource mpi: srun, as the lines in profiles/slurm have it"
            )
        if count % nodes:
            raise InputError(
                f"training.gpus is {count}, which the resource nodes of train_model, {nodes}, does "
                "not divide; change one of them"
            )
        visible, needed = torch.cuda.device_count(), count // nodes
        if 0 < visible < needed:
            remedy = f"run with --resources gpu={count} on a machine with so many"
            if nodes > 1:
                remedy = f"{nodes} nodes need {needed} each: see the lines in profiles/slurm"
            raise InputError(
                f"training.gpus is {count}, but this job sees {visible} GPU{'s' * (visible > 1)}; "
                f"{remedy}, or change training.gpus"
            )

    def command(self, folder: Path) -> list[str]:
        """The command that starts them, and ends when they have ended."""
        each = self.count // self.nodes
        torchrun = [sys.executable, "-m", "torch.distributed.run", f"--nnodes={self.nodes}"]
        torchrun += [f"--nproc-per-node={each}", f"--shutdown-timeout={SECONDS_TO_STOP}"]
        processes = ["-m", __name__, str(folder)]
        if self.nodes == 1:
            return [*torchrun, "--standalone", "--local-addr=127.0.0.1", *processes]
        srun = ["srun", f"--nodes={self.nodes}", f"--ntasks={self.nodes}", "--ntasks-per-node=1"]
        srun += [f"--cpus-per-task={torch.get_num_threads() * each}"]
        srun += ["--export=ALL", "--kill-on-bad-exit=1"]
        with socket.socket() as free:
            free.bind(("", 0))
            endpoint = f"{socket.gethostname()}:{free.getsockname()[1]}"
        meeting = ["--rdzv-backend=c10d", f"--rdzv-endpoint={endpoint}", "--rdzv-id=whosaid"]
        return [*srun, *torchrun, *meeting, *processes]

    def environment(self) -> dict[str, str]:
        """The variables of this process, for ones that share its threads and find this package.

        On several nodes a rule's threads are those of each process: they are Slurm's
        `cpus-per-task`.
        """
        paths = [str(Path(whosaid.__path__[0]).parent), os.environ.get("PYTHONPATH")]
        threads = torch.get_num_threads()
        if self.nodes == 1:
            threads //= self.count
        # Where both are set, PyTorch with MKL takes the second; Snakemake sets both.
        threads_of_each = dict.fromkeys(
            ("OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(max(1, threads))
        )
        return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths)), **threads_of_each}

    def send(self, number: int, launched: subprocess.Popen) -> None:
        """Send the `launched` ones a signal. `srun` would kill them when it gets one itself."""
        if self.nodes == 1:
            launched.send_signal(number)
            return
        cancel = ["scancel", f"--signal={number}", os.environ[JOB_ID]]
        try:
            subprocess.run(cancel, check=True, timeout=60)
        except (OSError, subprocess.SubprocessError) as error:
            logger.warning("the processes could not be told to stop: %s", error)


def train_in_processes(processes: Processes, **arguments: Any) -> None:
    """Run `train` with these `arguments`, JSON values, in several processes.

    On SIGTERM and SIGINT they save a checkpoint. They end with this process, however it ends.
    Raises what the first of them that failed has raised, and InputError if there are not as many
    GPUs or nodes.
    """
    processes.check()
    entry = Path(arguments["entry"]).absolute()
    for left in entry.glob(f"{PREFIX}*"):  # by a training that was killed
        shutil.rmtree(left, ignore_errors=True)
    # In the store, which all nodes see.
    with tempfile.TemporaryDirectory(dir=entry, prefix=PREFIX, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "arguments").write_text(json.dumps(arguments), encoding="utf-8")
        code, is_stopped = _launch(processes, folder)
        # After a signal the launcher fails even if the model was being written and is complete.
        if code and not is_complete(entry / "model"):
            raise _failure(folder, code, is_stopped)


def _launch(processes: Processes, folder: Path) -> tuple[int, bool]:
    """Run the processes and log what they print; the exit code, and whether a signal came."""
    with (
        (folder / "errors").open("w", encoding="utf-8") as errors,
        subprocess.Popen(
            processes.command(folder),
            env=processes.environment(),
            stdin=subprocess.PIPE,  # closed when this process ends
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # Ctrl-C in a terminal reaches them once, from here
        ) as launched,
    ):
        signals: list[int] = []

        def pass_on(number, frame):
            if not signals:  # another one would end the launcher before the processes
                processes.send(number, launched)
            signals.append(number)
            signal.signal(number, signal.SIG_DFL)  # a second one ends all at once

        handlers = {number: signal.signal(number, pass_on) for number in STOP_SIGNALS}
        for line in launched.stdout:
            logger.info(line.rstrip())
        code = launched.wait()
        for number, handler in handlers.items():
            signal.signal(number, handler)
    return code, bool(signals)


def _failure(folder: Path, code: int, is_stopped: bool) -> Exception:
    """What the first process that failed has raised, or what is known of it."""
    path = folder / "failure"
    error = pickle.loads(path.read_bytes()) if path.exists() else None
    if is_stopped and not isinstance(error, StageError):  # not all could catch the signal yet
        return InterruptedStageError(
            "stopped before it could save a checkpoint; the same command continues"
        )
    if error is not None:
        return error
    for line in (folder / "errors").read_text("utf-8", "replace").splitlines()[-LAST_LINES:]:
        logger.info(line)
    return RuntimeError(f"the processes of the training ended with code {code}")


def _end_with_parent() -> None:
    """End this process at once when the one that started the training has ended."""
    sys.stdin.read()
    os._exit(1)


def main(folder: str) -> None:
    """Train as one of the processes; what it raises goes to the file `failure`."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    is_first = os.environ["RANK"] == "0"
    logging.basicConfig(
        level=logging.INFO if is_first else logging.ERROR,
        format="%(message)s",
        stream=sys.stdout,
    )
    arguments = json.loads(Path(folder, "arguments").read_text(encoding="utf-8"))
    try:
        train(**arguments)
    except Exception as error:
        pickled = _pickled(error, traceback.format_exc())
        # The first one counts.
        with contextlib.suppress(FileExistsError), Path(folder, "failure").open("xb") as file:
            file.write(pickled)
        sys.exit(1)


def _pickled(error: Exception, note: str) -> bytes:
    """The error with a note, or a RuntimeError of the same text if it cannot be pickled."""
    error.add_note(note)
    try:
        pickled = pickle.dumps(error)
        pickle.loads(pickled)
    except Exception:
        plain = RuntimeError(f"{type(error).__name__}: {error}")
        plain.add_note(note)
        return pickle.dumps(plain)
    return pickled


if __name__ == "__main__":
    main(sys.argv[1])
