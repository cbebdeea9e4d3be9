"""Stamp files, through which a job's own record tells Snakemake that the job is stale.

Snakemake remembers settings and inputs in `.snakemake/`, which a copy of the project may lack and
`snakemake --touch` overwrites. It looks neither into folders nor for an output that no stale job
needs. So each job has a stamp among its inputs. Before every run the stamp of a stale job is made
newer than its outputs, and that of any other job older than every file. Snakemake does the rest,
since it compares modification times.
"""

import functools
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from whosaid.caching.manifest import sha256
from whosaid.caching.output_records import param_digests, read_records, record_of

FOLDER = Path(".snakemake/stamps")

digest_now = functools.cache(sha256)
"""The SHA-256 of a file, computed once for the plan of a run."""


class Stamps:
    """The stamps of all jobs, by the records below the folder `logs`."""

    def __init__(self, logs: str | Path):
        self._records = read_records(logs)
        self._made = {output for each in self._records.values() for output in each["outputs"]}
        # Two rules may have made the same file in turn; then only the file itself can tell.
        self._digests: dict[str, str | None] = {}
        for each in self._records.values():
            for name, digest in each["files"].items():
                is_other = self._digests.setdefault(name, digest) != digest
                self._digests[name] = None if is_other else digest
        self._has_told = False
        self.faults: dict[str, str] = {}
        """Why each stale job is stale that has been looked at, by its rule and wildcards."""
        self.tells = True
        """Whether each fault is also printed at once."""

    def seconds(self, experiment: str) -> dict[str, list[float]]:
        """How long the recorded jobs of each rule took, those of other experiments left out."""
        taken: dict[str, list[float]] = {}
        for each in self._records.values():
            if "seconds" in each and each["wildcards"].get("experiment", experiment) == experiment:
                taken.setdefault(each["rule"], []).append(each["seconds"])
        return taken

    def stamp(
        self,
        rule: str,
        wildcards: Mapping[str, str],
        params: Mapping[str, Any],
        log: str,
        outputs: list[str],
    ) -> str:
        """The path of a job's stamp, after it got its time; says why the job is stale.

        A job without a record is stale if an output is missing, or was made by another rule.
        """
        record = self._records.get(record_of(log))
        faults = self._lost(outputs) if record is None else self._changes(record, params, outputs)
        fault = next(faults, None)
        name = " ".join([rule, *wildcards.values()])
        if fault is not None and (record is not None or any(map(os.path.exists, outputs))):
            self.faults[name] = fault
            if self.tells:
                print(f"{name} is stale: {fault}", file=sys.stderr)
        elif fault is None and record is None and not self._has_told:
            self._has_told = True
            print(
                f"{name} (and perhaps others) left no record in {record_of(log)}, so it is not "
                f"known whether {outputs[0]} fits the config, the inputs and the code; "
                "`snakemake --cores 1 --forceall` makes all outputs again",
                file=sys.stderr,
            )
        # Each stamp has a folder of its own: Snakemake lists a folder once, when it first meets it,
        # and takes what is created there later for missing.
        path = FOLDER.joinpath(rule, *wildcards.values(), "stamp")
        _write(path, fault)
        return str(path)

    def _lost(self, outputs: list[str]) -> Iterator[str]:
        yield from (f"{path} is missing" for path in outputs if not os.path.exists(path))
        yield from (f"{path} was made by another rule" for path in outputs if path in self._made)

    def _changes(
        self, record: dict[str, Any], params: Mapping[str, Any], outputs: list[str]
    ) -> Iterator[str]:
        if record.get("has_failed_since"):
            yield "its last attempt failed"
        files, sizes = record["files"], dict.fromkeys(outputs) | record["sizes"]
        for name, size in sizes.items():
            try:
                found = os.stat(name).st_size
            except OSError:
                yield f"{name} is missing"
            else:
                if size not in (found, None):
                    yield f"{name} has {found} bytes instead of {size}"
                elif self._digests.get(name, "") is None and digest_now(name) != files[name]:
                    yield f"{name} was made by another rule"
        asked = param_digests(params)
        for name in sorted(asked.keys() | record["params"].keys()):
            if asked.get(name) != record["params"].get(name):
                changes = ""
                if name == "settings" and "settings" in record:
                    changes = changes_of(record["settings"], json.loads(params["settings"]))
                yield f"its {name} changed{changes}"
        for name, digest in record["inputs"].items():
            # Snakemake sees to a missing input, as far as the job needs it.
            if os.path.isfile(name) and digest != (self._digests.get(name) or digest_now(name)):
                yield f"{name} changed"


def changes_of(old: Any, new: Any) -> str:
    """What differs between two JSON values, such as `: training.seed 27 -> 28`; empty if nothing.

    At most three differences are named.
    """
    pairs = list(_differences("", old, new))
    named = [f"{key} {json.dumps(was)} -> {json.dumps(now)}" for key, was, now in pairs[:3]]
    more = [f"{len(pairs) - 3} more"] if len(pairs) > 3 else []
    return f": {', '.join(named + more)}" if pairs else ""


def _differences(key: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted(old.keys() | new.keys()):
            yield from _differences(f"{key}.{name}".lstrip("."), old.get(name), new.get(name))
    elif old != new:
        yield key, old, new


def _write(path: Path, fault: str | None) -> None:
    """Give a stamp the time of now if there is a fault, and the earliest time if there is none."""
    if fault is None:
        try:
            if path.stat().st_mtime == 0:
                return
        except OSError:
            pass
    path.parent.mkdir(parents=True, exist_ok=True)
    # Snakemake takes a newer file of the same content for unchanged, so no two texts are alike.
    path.write_text("" if fault is None else f"{time.time_ns()}: {fault}\n", encoding="utf-8")
    if fault is None:
        os.utime(path, (0, 0))
