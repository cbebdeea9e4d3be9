"""Audit the splits of one variant for leaks.

In: the three splits and `lines.parquet`; of a variant that tests on each of its folds, the audits
of these. Out: a JSON file with the rows of test and valid that train knows (exact, normalised and
near duplicates, shared episodes and scenes), the texts that occur with both labels, the best
possible scores, and the rows of each season.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from whosaid.caching.json_files import read_json, write_json
from whosaid.corpus.leak_audit import (
    audit_leaks,
    crossed_limits,
    pooled_leaks,
    read_lines,
    read_split,
)
from whosaid.errors import InputError
from whosaid.jobs.stage import arguments, stage
from whosaid.split_names import SPLITS

logger = logging.getLogger(__name__)


def main(
    splits: list[str],
    lines: str,
    audit: str,
    crossed: str,
    experiment: str,
    variant: str,
    question: str,
    annotate: list[str],
    near_duplicate_similarity: float,
    limits: dict[str, float | None],
    context: dict[str, Any] | None = None,
    folds: Sequence[str] = (),
) -> None:
    """Write the leak audit of the `splits`, a path for each of SPLITS, to `audit`.

    If a limit is crossed, writes the audit to `crossed` instead and raises InputError. `limits` are
    the largest allowed shares of the rows of test and of valid. `context` says which lines around a
    line the variant reads, if any. `folds` are the audits of its folds, if it has some.
    """
    Path(crossed).unlink(missing_ok=True)
    everything = read_lines(lines, annotate, context)
    parts = {name: read_split(path, everything) for name, path in zip(SPLITS, splits, strict=True)}
    findings = {
        "experiment": experiment,
        "variant": variant,
        **(
            pooled_leaks(parts, near_duplicate_similarity, question, [*map(read_json, folds)])
            if folds
            else audit_leaks(parts, near_duplicate_similarity, question)
        ),
        "limits": limits,
    }
    held_out = findings["held_out"]
    for name, found in held_out.items():
        shares = ", ".join(f"{kind} {100 * of['share']:.1f} %" for kind, of in found.items())
        logger.info("%s: %s", name, shares)
    faults = crossed_limits(held_out, limits)
    if faults:
        write_json(crossed, findings)
        raise InputError(f"{'; '.join(faults)}; the whole audit is in {crossed}")
    write_json(audit, findings)


if __name__ == "__main__":
    with stage(snakemake):
        main(**arguments(snakemake), crossed=snakemake.log.crossed)
