"""A Slurm of one node on this machine, from Debian's packages, for as long as tests need it."""

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
# GPUs are made up. Five seconds pass between the signal of a time limit and the kill.
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
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=64000 Gres=gpu:2
PartitionName=main Nodes={host} Default=YES
"""


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
def slurm_node(folder: Path) -> Iterator[None]:
    """Start the daemons, which keep their files in the `folder`, and stop them at the end."""
    for name in ("state", "spool"):
        (folder / name).mkdir()
    host = socket.gethostname().partition(".")[0]
    daemons: list[subprocess.Popen] = []

    def start(*command: str) -> None:
        with (folder / f"{len(daemons)}.log").open("w") as log:
            daemons.append(
                subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
            )

    try:
        CONFIG.write_text(TEXT.format(host=host, folder=folder), encoding="utf-8")
        devices = "".join(
            f"NodeName={host} Name=gpu File={path}\n" for path in ("/dev/null", "/dev/zero")
        )
        GRES.write_text(devices, encoding="utf-8")
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
        start("slurmd", "-D")
        poll(lambda: "idle" in told("sinfo", "-h", "-o", "%T"), "an idle node")
        yield
    finally:
        subprocess.run(["scancel", "--user", "root"], capture_output=True)
        for daemon in reversed(daemons):
            daemon.terminate()
        for daemon in reversed(daemons):
            daemon.wait(60)
        CONFIG.unlink(missing_ok=True)
        GRES.unlink(missing_ok=True)


def told(*command: str) -> str:
    """What a command of Slurm prints, nothing if it cannot be asked yet."""
    return subprocess.run(command, capture_output=True, text=True).stdout
