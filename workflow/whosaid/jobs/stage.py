"""What every script does around its work: set up logs, report errors, record its outputs."""

import json
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from whosaid.caching.atomic import check_not_orphaned
from whosaid.caching.output_records import input_digests, write_output_record
from whosaid.caching.stamps import FOLDER as STAMPS
from whosaid.errors import StageError
from whosaid.jobs.earlier_outputs import keep_outputs
from whosaid.jobs.gpu_lease import gpus_in_use
from whosaid.jobs.resource_advice import resource_advice

TERMINAL_LEVEL = "WHOSAID_TERMINAL_LEVEL"
"""The variable that says from which level on a job's log lines go to the terminal too."""


@contextmanager
def stage(job: Any) -> Iterator[None]:
    """Run a stage for `job`, the object that Snakemake gives to scripts.

    Logs go to the job's log file and to the terminal. On success a record of the job is written,
    with the digests of its outputs and of its inputs as they were at the start, and the outputs are
    kept for the case that a later attempt fails. Expected errors (StageError, a full disk) print
    one line. Unexpected ones write their traceback to the log file and print its last line. A
    failure ends the process with exit code 1.
    """
    log, outputs = Path(job.log[0]), list(job.output)
    # What a job without outputs says is all that it makes.
    set_up_logging(log, os.environ.get(TERMINAL_LEVEL, "INFO") if outputs else "INFO")
    logger = logging.getLogger(job.rule)
    if gpus := gpus_in_use():
        logger.info("GPU %s", gpus)
    wildcards = dict(job.wildcards.items())
    name = " ".join([job.rule, *wildcards.values()])
    try:
        inputs = input_digests(path for path in job.input if STAMPS not in Path(path).parents)
        yield
        check_not_orphaned()
        params = dict(job.params.items())
        seconds = time.time() - psutil.Process().create_time()
        write_output_record(log, job.rule, wildcards, params, inputs, outputs, seconds)
        keep_outputs(outputs)
    except StageError as error:
        line = f"{name}: {error}"
    except Exception as error:
        advice = resource_advice(error, job.rule)
        if advice is not None:
            line = f"{name}: {advice} and run the same command again ({error})"
        else:
            logger.exception("%s failed", name)
            line = f"{name}: {type(error).__name__}: {error} (the traceback is in {log})"
    else:
        discard_unwritten()
        return
    logger.error(line)
    sys.exit(1)


def discard_unwritten() -> None:
    """Discard what a closed pipe or terminal, or a full disk, did not take of the printed lines.

    Python tries to write it again at its end, and would exit with code 120 though the job is done.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with open(os.devnull, "w") as nowhere:
                os.dup2(nowhere.fileno(), stream.fileno())


def arguments(job: Any) -> dict[str, Any]:
    """The arguments of a script's `main`: the rule's named inputs and outputs, and its settings.

    A list of paths stays one; an empty list is a file that the job does not need, and no argument.
    Files without a name, such as the manifest of a folder, only say when the job is stale. Raises
    TypeError if two arguments have the same name.
    """

    def named(files: Any) -> dict[str, str | list[str]]:
        given = {name: value for name, value in files.items() if value}
        return {name: v if isinstance(v, str) else list(v) for name, v in given.items()}

    return dict(
        **named(job.input), **named(job.output), **json.loads(job.params.get("settings", "{}"))
    )


def set_up_logging(path: Path, terminal_level: str = "INFO") -> None:
    """Log to the file `path`, tracebacks included, and without them to the terminal.

    Lines below `terminal_level` go to the file only.
    """
    to_terminal = logging.StreamHandler(sys.stderr)
    to_terminal.setLevel(terminal_level)
    to_terminal.addFilter(lambda record: record.exc_info is None)
    handlers: list[logging.Handler] = [to_terminal]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        to_file = logging.FileHandler(path, mode="w", encoding="utf-8")
        to_file.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S"))
        handlers.append(to_file)
    except OSError:
        pass  # writing the outputs fails for the same reason, and is reported
    logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=handlers, force=True)
    # A log line that cannot be written (full disk, closed terminal) is not an error of the stage.
    logging.raiseExceptions = False
    for chatty in ("datasets", "evaluate", "httpx2", "filelock"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.getLogger("huggingface_hub").propagate = False
