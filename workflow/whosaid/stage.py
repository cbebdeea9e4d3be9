"""What every script does around its work: where it logs, how it fails, what it made."""

import atexit
import errno
import gc
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from whosaid.errors import StageError
from whosaid.failures import note_failure
from whosaid.record import write_record
from whosaid.terminal import make_terminal_detachable
from whosaid.whole import check_not_orphaned

ADVICE = {
    errno.ENOSPC: "the disk is full; free some space",
    errno.EDQUOT: "your disk quota is used up; free some space",
    errno.EROFS: "the folder is read-only; make it writable",
    errno.EACCES: "the folder may not be written to; make it writable",
    errno.ENOMEM: "there is not enough memory; free some, or use a smaller batch size",
}

# What libraries written in C++ or Rust leave of the system's error is its text.
TEXTS = {
    "No space left on device": errno.ENOSPC,
    "Disk quota exceeded": errno.EDQUOT,
    "Read-only file system": errno.EROFS,
    "PytorchStreamWriter failed writing": errno.ENOSPC,
    "unexpected pos": errno.ENOSPC,  # PyTorch's zip writer, when a write before it failed
    "can't allocate memory": errno.ENOMEM,
    "out of memory": errno.ENOMEM,
    "malloc of size": errno.ENOMEM,
}


@contextmanager
def stage(job: Any) -> Iterator[None]:
    """Run a stage for `job`, the object that Snakemake gives to scripts.

    Logs go to the job's log file and to the terminal. On success the digests of the outputs are
    recorded. Of a StageError, a full disk and the like one line is logged, of any other error the
    traceback goes to the log file and its last line to the terminal. Ends the process with exit
    code 0, or 1 after a failure.
    """
    # What the imports made stays; among it there is no garbage to look for.
    gc.freeze()
    gc.set_threshold(50_000)
    set_up_logging(Path(job.log[0]))
    logger = logging.getLogger(job.rule)
    wildcards = dict(job.wildcards.items())
    name = " ".join([job.rule, *wildcards.values()])
    try:
        yield
        check_not_orphaned()
        write_record(Path(job.log[0]), job.rule, wildcards, list(job.output))
    except StageError as error:
        line = f"{name}: {error}"
    except Exception as error:
        advice = resource_advice(error)
        if advice is not None:
            line = f"{name}: {advice} and run the same command again ({error})"
        else:
            logger.exception("%s failed", name)
            trace = f"the traceback is in {job.log[0]}"
            line = f"{name}: {type(error).__name__}: {error} ({trace})"
    else:
        end_process(0)
    logger.error(line)
    note_failure(line)
    end_process(1)


def end_process(code: int) -> NoReturn:
    """Exit as usual, but without taking down the libraries one by one: PyTorch takes 0.15 s."""
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # a terminal that is gone
            stream.flush()
    os._exit(code)


def set_up_logging(path: Path) -> None:
    """Log to the file `path`, tracebacks included, and without them to the terminal."""
    make_terminal_detachable()
    to_terminal = logging.StreamHandler(sys.stderr)
    to_terminal.addFilter(lambda record: record.exc_info is None)
    handlers: list[logging.Handler] = [to_terminal]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        to_file = logging.FileHandler(path, mode="w", encoding="utf-8")
        to_file.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S"))
        handlers.append(to_file)
    except OSError:
        pass  # the outputs will fail for the same reason, and say so
    logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=handlers, force=True)
    logging.raiseExceptions = False  # a log that cannot be written is no second error
    for chatty in ("datasets", "httpx2", "filelock"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.getLogger("huggingface_hub").propagate = False


def resource_advice(error: BaseException | None) -> str | None:
    """What to do about a full disk, missing rights or missing memory; None for other errors."""
    while error is not None:
        if isinstance(error, MemoryError):
            return ADVICE[errno.ENOMEM]
        if isinstance(error, OSError) and error.errno in ADVICE:
            return ADVICE[error.errno]
        for text, number in TEXTS.items():
            if text in str(error):
                return ADVICE[number]
        error = error.__cause__ or error.__context__
    return None
