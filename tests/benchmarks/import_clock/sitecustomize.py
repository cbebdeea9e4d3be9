"""Times a process: Python imports this by itself if its folder is on PYTHONPATH.

A job of the workflow leaves a JSON file in the folder that IMPORT_CLOCK names: its rule, and the
seconds before the first line of Python, from there until the stage begins (it then opens its log),
which are imports but for a hundredth, and in all, up to its exit. The workflow's own code need not
be changed to be timed. Imports within a function count as work.
"""

import atexit
import json
import os
import sys
import time


def age() -> float:
    """Seconds since this process was started, to a hundredth."""
    with open("/proc/self/stat", encoding="ascii") as file:
        ticks = int(file.read().rpartition(")")[2].split()[19])
    now = time.clock_gettime(time.CLOCK_BOOTTIME)
    return now - ticks / os.sysconf("SC_CLK_TCK")


def watch(start: float) -> None:
    """Note when the job of this process opens its log, and leave the record at the end."""
    begun: list[float] = []

    def note(event: str, details: tuple) -> None:
        if event == "open" and not begun and "results/logs/" in str(details[0]):
            begun.append(time.perf_counter())

    def leave_record() -> None:
        job = getattr(sys.modules["__main__"], "snakemake", None)
        if hasattr(job, "rule"):
            imports = (begun[0] if begun else time.perf_counter()) - first
            record = {"rule": job.rule, "start": start, "imports": imports, "all": age()}
            path = os.path.join(os.environ["IMPORT_CLOCK"], f"{job.rule}_{os.getpid()}.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(record, file)

    first = time.perf_counter()
    sys.addaudithook(note)
    atexit.register(leave_record)


if "IMPORT_CLOCK" in os.environ:
    watch(age())
