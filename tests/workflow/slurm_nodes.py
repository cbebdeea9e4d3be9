"""A Slurm on this machine alone, from Debian's packages, for as long as tests need it."""

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

from disturbance import poll

CONFIG = Path("/etc/slurm/slurm.conf")
GRES = Path("/etc/slurm/gres.conf")
MUNGE_KEY = Path("/etc/munge/munge.key")
NEEDED = ("slurmctld", "slurmd", "munged", "sbatch")

# Memory is no resource that is counted, so that the profile's numbers fit any machine; the two
# GPUs are made up, and so are two nodes, which have daemons of their own. Five seconds pass between
# the signal of a time limit and the kill.
TEXT = """\
ClusterName=one
SlurmctldHost={host}(127.0.0.1)
AuthType=auth/munge
SlurmUser=root
SlurmdUser=root
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
GresTypes=gpu
MinJobAge=600
KillWait=5
ReturnToService=2
SlurmdParameters=config_overrides
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd_%n.pid
PartitionName=main Nodes=ALL Default=YES
"""
NODE = """\
NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs={gpus} RealMemory=64000 \
Gres=gpu:{gpus}
"""
DEVICES = ("/dev/null", "/dev/zero")


def why_not() -> str | None:
    """Why there can be no Slurm here; None if there can."""
    if lacking := [name for name in NEEDED if shutil.which(name) is None]:
        return f"no {', '.join(lacking)}; Debian's packages slurm-wlm and munge have them"
    if os.geteuid() != 0:
        return "only root may start a Slurm of its own"
    if CONFIG.exists():
        return f"{CONFIG} is that of another Slurm"
    return None


@contextlib.contextmanager
def slurm_nodes(folder: Path, count: int) -> Iterator[None]:
    """Start the daemons, which keep their files in the `folder`, and stop them at the end.

    `count` nodes, one or two, share two cores and two GPUs. What the daemons say is printed at the
    end: pytest shows it where a test fails.
    """
    names = [f"node{number}" for number in range(count)]
    for name in ("state", *(f"spool/{name}" for name in names)):
        (folder / name).mkdir(parents=True)
    host = socket.gethostname().partition(".")[0]
    daemons: list[subprocess.Popen] = []

    def start(*command: str) -> None:
        with (folder / f"{len(daemons)}.log").open("w") as log:
            daemons.append(
                subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
            )

    try:
        gpus = len(DEVICES) // count
        nodes = [
            NODE.format(name=name, host=host, port=17001 + number, gpus=gpus)
            for number, name in enumerate(names)
        ]
        CONFIG.write_text("".join([TEXT.format(host=host, folder=folder), *nodes]), "utf-8")
        devices = [
            f"NodeName={name} Name=gpu File={path}\n" for name in names for path in DEVICES[:gpus]
        ]
        GRES.write_text("".join(devices), encoding="utf-8")
        if subprocess.run(["munge", "-n"], capture_output=True).returncode:
            if not MUNGE_KEY.exists():
                MUNGE_KEY.write_bytes(os.urandom(1024))
                MUNGE_KEY.chmod(0o400)
                shutil.chown(MUNGE_KEY, "munge", "munge")
            Path("/run/munge").mkdir(exist_ok=True)
            shutil.chown("/run/munge", "munge", "munge")
            start("runuser", "-u", "munge", "--", "munged", "--foreground")
            poll(
                lambda: subprocess.run(["munge", "-n"], capture_output=True).returncode == 0,
                "munged",
            )
        start("slurmctld", "-D")
        for name in names:
            start("slurmd", "-D", "-N", name)
        poll(
            lambda: told("sinfo", "-h", "-t", "idle", "-o", "%D").strip() == str(count), "the nodes"
        )
        yield
    finally:
        subprocess.run(["scancel", "--user", "root"], capture_output=True)
        for daemon in reversed(daemons):
            daemon.terminate()
        for daemon in reversed(daemons):
            try:
                daemon.wait(60)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        CONFIG.unlink(missing_ok=True)
        GRES.unlink(missing_ok=True)
        for log in sorted(folder.glob("*.log")):
            print(f"{log.name}:\n{log.read_text(encoding='utf-8', errors='replace')}")


def told(*command: str) -> str:
    """What a command of Slurm prints, nothing if it cannot be asked yet."""
    return subprocess.run(command, capture_output=True, text=True).stdout
