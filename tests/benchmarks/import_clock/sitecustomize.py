"""Times a process: Python imports this by itself if its folder is on PYTHONPATH.

A job of the workflow leaves a JSON file in the folder that IMPORT_CLOCK names: its rule, and the
seconds before the first line of Python, in imports (wherever they stand) and in all, up to its
exit. So the workflow's own code need not be changed to be timed.
"""

import atexit
import json
import os
import sys
import threading
import time
from importlib import _bootstrap


def age() -> float:
    """Seconds since this process was started, to a hundredth."""
    with open("/proc/self/stat", encoding="ascii") as file:
        ticks = int(file.read().rpartition(")")[2].split()[19])
    now = time.clock_gettime(time.CLOCK_BOOTTIME)
    return now - ticks / os.sysconf("SC_CLK_TCK")


class ImportClock:
    """In the place of the function that Python calls for a module it has not loaded yet."""

    def __init__(self):
        self.find_and_load = _bootstrap._find_and_load
        self.seconds = 0.0
        self.is_importing = False

    def __call__(self, name, import_):
        """Load the module; imports within imports and those of other threads are not counted."""
        if self.is_importing or threading.current_thread() is not threading.main_thread():
            return self.find_and_load(name, import_)
        self.is_importing = True
        started = time.perf_counter()
        try:
            return self.find_and_load(name, import_)
        finally:
            self.seconds += time.perf_counter() - started
            self.is_importing = False


def leave_record(clock: ImportClock, start: float) -> None:
    """Write the times of this process, if it is a job of the workflow."""
    job = getattr(sys.modules["__main__"], "snakemake", None)
    if hasattr(job, "rule"):
        record = {"rule": job.rule, "start": start, "imports": clock.seconds, "all": age()}
        path = os.path.join(os.environ["IMPORT_CLOCK"], f"{job.rule}_{os.getpid()}.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(record, file)


if "IMPORT_CLOCK" in os.environ:
    _start = age()
    _bootstrap._find_and_load = ImportClock()
    atexit.register(leave_record, _bootstrap._find_and_load, _start)
