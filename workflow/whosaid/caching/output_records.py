"""Records of the outputs of each job, beside its log: a SHA-256 for each file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from whosaid.caching.json_files import read_json, write_json
from whosaid.caching.manifest import sha256

SUFFIX = ".outputs.json"


def files_below(path: Path) -> list[Path]:
    """The file itself, or all files below a folder except Snakemake's own time stamp."""
    if path.is_dir():
        files = (file for file in sorted(path.rglob("*")) if file.is_file())
        return [file for file in files if file.name != ".snakemake_timestamp"]
    return [path]


def write_output_record(
    log: Path, rule: str, wildcards: dict[str, str], outputs: list[str]
) -> None:
    """Write the SHA-256 of each file of a job's `outputs` beside its `log`."""
    files = {str(file): sha256(file) for output in outputs for file in files_below(Path(output))}
    record = {"rule": rule, "wildcards": wildcards, "outputs": outputs, "files": files}
    write_json(log.with_suffix(SUFFIX), record)


def read_output_records(logs: Path) -> Iterator[dict[str, Any]]:
    """Every output record below the folder `logs`."""
    for path in sorted(logs.rglob(f"*{SUFFIX}")):
        yield read_json(path)
