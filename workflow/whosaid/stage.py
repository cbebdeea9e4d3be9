"""What every script does around its work: where it logs and how it fails."""

import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


class StageError(Exception):
    """Ends a stage; the message is the one line that the user reads."""


class InputError(StageError):
    """Something the user gave is wrong.

    The message says where, which value, what is allowed and what to do.
    """


class InterruptedStageError(StageError):
    """The stage was told to stop; the message says how to go on."""


@contextmanager
def stage_log(rule: str, wildcards: Iterable[str], path: str) -> Iterator[None]:
    """Log to the file `path` and to the terminal; end a failed stage with exit code 1.

    A StageError is logged as one line under the stage's name. Of any other error the traceback goes
    to the log file and the last line to the terminal.
    """
    log = Path(path)
    log.parent.mkdir(parents=True, exist_ok=True)
    to_file = logging.FileHandler(log, mode="w", encoding="utf-8")
    to_file.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S"))
    to_terminal = logging.StreamHandler(sys.stderr)
    to_terminal.addFilter(lambda record: record.exc_info is None)
    logging.basicConfig(
        level=logging.INFO, format="%(message)s", handlers=[to_file, to_terminal], force=True
    )
    for chatty in ("datasets", "evaluate", "httpx2", "filelock"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.getLogger("huggingface_hub").propagate = False
    name = " ".join([rule, *wildcards])
    logger = logging.getLogger(rule)
    try:
        yield
    except StageError as error:
        logger.error("%s: %s", name, error)
        sys.exit(1)
    except Exception as error:
        logger.exception("%s failed", name)
        logger.error("%s: %s: %s (the traceback is in %s)", name, type(error).__name__, error, path)
        sys.exit(1)
