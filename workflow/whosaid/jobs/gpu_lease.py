"""Which of several GPUs a job uses: those that no other job has, as long as there are such.

Snakemake counts GPUs (`--resources gpu=4`) and never says which. The lock of a file stands for a
share of a GPU; the operating system releases it when the job ends, however it ends. The files are
in the machine's folder for temporary files, so runs in several folders know of each other.
"""

import re
import subprocess
import tempfile
from collections.abc import Sequence
from itertools import count, takewhile
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

VISIBLE = "CUDA_VISIBLE_DEVICES"

_held: list[FileLock] = []
_chosen: list[str] = []


def show_gpus(environment: dict[str, str], gpus_asked: int) -> None:
    """Leave as many GPUs as the job asked for in the variable CUDA_VISIBLE_DEVICES.

    The Trainer multiplies the batch size by the number of GPUs that a process sees. A job that
    asked Snakemake for GPUs gets some of those that the user or the queue system lists, or of all,
    and all of them if they are fewer; any other job the first. An empty list stays one: it means
    the CPU.
    """
    if not gpus_asked:
        environment[VISIBLE] = environment.get(VISIBLE, "0").partition(",")[0]
        return
    listed = environment.get(VISIBLE)
    gpus = listed_gpus(listed) if listed is not None else installed_gpus()
    shown: list[str] = []
    while len(gpus) > 1 and len(shown) < min(gpus_asked, len(gpus)):
        shown.append(lease([gpu for gpu in gpus if gpu not in shown]))
    environment[VISIBLE] = ",".join(shown or gpus)
    if listed or len(gpus) > 1:
        _chosen.append(environment[VISIBLE])


def listed_gpus(value: str) -> list[str]:
    """The numbers or names that a value of CUDA_VISIBLE_DEVICES lists, up to a negative one."""
    gpus = (each.strip() for each in value.split(","))
    listed = takewhile(lambda gpu: gpu and not gpu.startswith("-"), gpus)
    return [*dict.fromkeys(listed)]


def installed_gpus() -> list[str]:
    """The GPUs of the machine, as CUDA_VISIBLE_DEVICES would list them; without any the first.

    Where one is divided (MIG), only the parts of divided ones count.
    """
    listed = nvidia_smi("-L")
    parts = re.findall(r"\(UUID: (MIG-[^)]+)\)", listed)
    whole = [str(number) for number, _ in enumerate(re.findall("^GPU ", listed, re.MULTILINE))]
    return parts or whole or ["0"]


def nvidia_smi(*arguments: str) -> str:
    """What the tool prints with these arguments, errors included; nothing where there is none."""
    try:
        return subprocess.run(["nvidia-smi", *arguments], capture_output=True, text=True).stdout
    except OSError:
        return ""


def lease(gpus: Sequence[str], folder: Path | None = None) -> str:
    """The one of the `gpus` that this process now has, until it ends.

    No GPU gets a second job while another has none, a third while another has one, and so on. The
    locks are files in the `folder`; None: one of this user's. Ends the job by SystemExit if its
    file system has no locks.
    """
    folder = folder or Path(tempfile.gettempdir(), f"whosaid_gpus_{_user()}")
    for share in count():
        for gpu in gpus:
            path = folder / f"{re.sub('[^A-Za-z0-9-]', '_', gpu)}.{share}"
            lock = FileLock(path, fallback_to_soft=False)
            try:
                folder.mkdir(parents=True, exist_ok=True)
                lock.acquire(blocking=False)
            except Timeout:
                continue
            except OSError as error:
                raise SystemExit(
                    f"{path} cannot be locked ({error}); set TMPDIR to a folder on a file system "
                    f"with locks, or {VISIBLE} to one GPU"
                ) from None
            _held.append(lock)  # the lock is released when this object is deleted
            return gpu


def gpus_asked_by(job: object) -> int:
    """How many GPUs the rule of a job asks for; 0 if there is no job."""
    return getattr(job, "resources", {}).get("gpu", 0)


def gpus_in_use() -> str | None:
    """The GPUs of a list that this job was given, for the log; None if there was no list."""
    return _chosen[-1] if _chosen else None


def _user() -> str:
    return re.sub("[^A-Za-z0-9-]", "_", psutil.Process().username())
