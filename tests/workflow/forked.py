"""Snakemake's command line in forks of a process that has imported Snakemake before.

A dry run then takes a third of a second, and is in nothing else different from one in a shell. The
scripts of jobs run in forks too, see `warm_jobs.py`.
"""

import atexit
import functools
import gc
import multiprocessing
import os
import shlex
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from warm_jobs import warm_python

# What Snakemake imports on its way. A module that is not there is imported later.
PRELOADED = ["snakemake.cli", "snakemake.report", "snakemake.executors.dryrun", "pandas", "yaml"]
PRELOADED += ["snakemake.report.html_reporter", "snakemake.profiles", "argparse_dataclass"]
PRELOADED += ["pydantic", "smart_open", "filelock", "packaging.version", "platformdirs"]
PRELOADED += ["difflib", "graphlib"]


def snakemake(root: Path, arguments: str, python_path: str | None = None) -> tuple[int, str]:
    """Run Snakemake in the folder `root`; its exit code and what it printed.

    It prints its own output, with every job and path, instead of that of `jobs/run_output.py`.
    """
    given = ["--quiet", "host", *shlex.split(arguments)]
    python = sys.executable if {"-n", "--dry-run"} & {*given} else _python_of_jobs()
    return _pool().submit(_run, str(root), given, python_path, python).result()


@functools.cache
def _pool() -> ProcessPoolExecutor:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return ProcessPoolExecutor(1, mp_context=context, max_tasks_per_child=1)


@functools.cache
def _python_of_jobs() -> str:
    open_until_the_end = ExitStack()
    atexit.register(open_until_the_end.close)
    return open_until_the_end.enter_context(warm_python())


def _run(root: str, arguments: list[str], python_path: str | None, python: str) -> tuple[int, str]:
    from snakemake.cli import main

    gc.disable()  # this process ends before it would be worth its time
    os.chdir(root)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    os.environ |= {"PATH": path, "HF_HUB_OFFLINE": "1"}
    sys.executable = python
    if python_path is not None:
        sys.path.insert(0, python_path)
    with tempfile.TemporaryFile("w+", encoding="utf-8") as printed:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(printed.fileno(), stream.fileno())
        try:
            code = main(arguments)
        except SystemExit as end:
            code = end.code
            if isinstance(code, str):
                print(code, file=sys.stderr)
                code = 1
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        printed.seek(0)
        return int(code or 0), printed.read()
