"""What the benchmarks share: processes with their time and memory, machine facts, tables, JSON."""

import argparse
import contextlib
import importlib
import importlib.metadata
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
from tabulate import tabulate

PROJECT = Path(__file__).resolve().parents[2]
FOLDERS = [PROJECT / "workflow", PROJECT / "workflow" / "scripts", Path(__file__).parent]
sys.path[:0] = [str(folder) for folder in FOLDERS if str(folder) not in sys.path]
PACKAGES = ("torch", "transformers", "tokenizers", "datasets", "accelerate", "pandas", "snakemake")
GIB = 2**30


@dataclass(frozen=True)
class Finished:
    """What a process that ended well printed and took.

    `seconds` is wall-clock time from its start to its end, imports included; `peak_bytes` the
    largest sum of the resident memory of it and all its descendants, looked at ten times a second.
    """

    seconds: float
    peak_bytes: int
    printed: str
    result: Any = None


def cores_in_use() -> list[int]:
    """The cores that this process may run on."""
    return sorted(os.sched_getaffinity(0))


def run_process(
    command: list[str],
    cwd: Path | None = None,
    cores: int | None = None,
    environment: dict[str, str] | None = None,
) -> Finished:
    """Run a command on the first `cores` of our cores (all of them) and measure it.

    Raises RuntimeError with the end of what it printed if it fails.
    """
    chosen = cores_in_use()[:cores]
    variables = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, FOLDERS)),
        **(environment or {}),
    }
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=variables,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: os.sched_setaffinity(0, chosen),
        )
        peak = [0]
        watcher = threading.Thread(target=_watch_memory, args=(process, peak))
        watcher.start()
        try:
            process.wait()
        except BaseException:  # Ctrl-C or SIGTERM: nothing goes on behind our back
            for member in _family(process.pid):
                with contextlib.suppress(psutil.NoSuchProcess):
                    member.kill()
            process.wait()
            raise
        seconds = time.perf_counter() - started
        watcher.join()
        output.seek(0)
        printed = output.read()
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{printed[-3000:]}")
    return Finished(seconds, peak[0], printed)


def _family(pid: int) -> list[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        return [*parent.children(recursive=True), parent]
    except psutil.NoSuchProcess:
        return []


def _watch_memory(process: subprocess.Popen, peak: list[int]) -> None:
    while process.returncode is None:
        total = 0
        for member in _family(process.pid):
            with contextlib.suppress(psutil.NoSuchProcess):
                total += member.memory_info().rss
        peak[0] = max(peak[0], total)
        time.sleep(0.1)


def call(function: str, /, cores: int | None = None, **arguments: Any) -> Finished:
    """Call `module:function` in a fresh process; arguments and result are JSON values.

    As in a job of Snakemake's, the process is told to use as many threads as it has cores.
    """
    variables = {"OMP_NUM_THREADS": str(len(cores_in_use()[:cores]))}
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        command = [sys.executable, __file__, function, json.dumps(arguments), str(answer)]
        done = run_process(command, cores=cores, environment=variables)
        return Finished(done.seconds, done.peak_bytes, done.printed, json.loads(answer.read_text()))


def answer_call(function: str, arguments: str, answer: str) -> None:
    """Be the fresh process of `call`."""
    module, _, name = function.partition(":")
    result = getattr(importlib.import_module(module), name)(**json.loads(arguments))
    Path(answer).write_text(json.dumps(result), encoding="utf-8")


def median(runs: list[Finished]) -> Finished:
    """The run of median seconds (the slower of two), with the largest peak memory of them all."""
    middle = sorted(runs, key=lambda run: run.seconds)[len(runs) // 2]
    return replace(middle, peak_bytes=max(run.peak_bytes for run in runs))


def machine_facts() -> dict[str, Any]:
    """CPU, cores in use, memory, Python and the versions of the packages that count."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next(line.partition(": ")[2] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.processor()
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "cpu": model,
        "cores_in_use": len(cores_in_use()),
        "memory_gib": round(psutil.virtual_memory().total / GIB, 1),
        "python": platform.python_version(),
        "versions": versions,
    }


def parser(description: str) -> argparse.ArgumentParser:
    """The options that all benchmarks share."""
    options = argparse.ArgumentParser(description=description.splitlines()[0])
    options.add_argument(
        "--csv", help="processed CSV; $WHOSAID_OFFICE_CSV where --encoder is given"
    )
    options.add_argument("--encoder", help="folder of a pre-trained encoder; from scratch without")
    options.add_argument(
        "--output", type=Path, default=PROJECT / "results" / "benchmarks", help="folder of the JSON"
    )
    return options


def parse(
    options: argparse.ArgumentParser, arguments: list[str] | None = None
) -> argparse.Namespace:
    """The chosen options; with an encoder the CSV is by default that of WHOSAID_OFFICE_CSV.

    From here on SIGTERM ends the benchmark as an exception does, with its processes and files.
    """
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    chosen = options.parse_args(arguments)
    if chosen.csv is None and chosen.encoder is not None:
        chosen.csv = os.environ.get("WHOSAID_OFFICE_CSV")
    return chosen


def shown(value: Any) -> Any:
    """A number with three significant digits, anything else as it is."""
    if not isinstance(value, float):
        return value
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def publish(
    name: str, rows: list[dict[str, Any]], options: argparse.Namespace, **facts: Any
) -> None:
    """Print the rows as a table and write them, unrounded, to `{output}/{name}.json`."""
    content = {
        "benchmark": name,
        "options": {key: value for key, value in vars(options).items() if key != "output"},
        "machine": machine_facts(),
        **facts,
        "rows": rows,
    }
    options.output.mkdir(parents=True, exist_ok=True)
    path = options.output / f"{name}.json"
    path.write_text(json.dumps(content, indent=2, default=str) + "\n", encoding="utf-8")
    cells = [{key: shown(value) for key, value in row.items()} for row in rows]
    print(f"\n{name}", *(f"  {key}: {shown(value)}" for key, value in facts.items()), sep="\n")
    print(tabulate(cells, headers="keys", disable_numparse=True), flush=True)


if __name__ == "__main__":
    answer_call(*sys.argv[1:])
