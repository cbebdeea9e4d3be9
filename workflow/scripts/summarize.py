"""Write the summary table.

In: the metric files of every variant and split, the training records, the corpus facts. Out:
`summary.md`, one row per variant in config order.
"""

import json
import logging
from pathlib import Path
from statistics import fmean
from typing import Any

from tabulate import tabulate

from whosaid.splits import SPLITS
from whosaid.stage import stage
from whosaid.whole import whole

logger = logging.getLogger(__name__)

METRICS = {"accuracy": "accuracy", "f1": "F1", "precision": "precision", "recall": "recall"}


def per_split(values: dict[str, float], form: str = ".3f") -> str:
    """`train / test / valid`, each in the number format `form`."""
    return " / ".join(format(values[split], form) for split in SPLITS)


def metric_cells(metrics: dict[str, dict[str, float]], form: str = ".3f") -> list[str]:
    """A cell per metric from the metrics of each split."""
    return [per_split({split: metrics[split][name] for split in SPLITS}, form) for name in METRICS]


def row_counts(results: dict[str, dict]) -> str:
    """The rows of each split from its metric file."""
    return per_split({split: results[split]["rows"] for split in SPLITS}, ",d")


def duration(seconds: float) -> str:
    """Minutes and seconds as in `9 m 48 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} m {rest} s" if minutes else f"{seconds:.1f} s"


def variant_rows(
    title: str,
    published: dict[str, Any] | None,
    results: dict[str, dict],
    records: list[dict],
) -> list[list[str]]:
    """The row of a variant and, where it has published figures, these and our difference.

    `results` holds the metric file of each split, `records` the training record of each seed.
    """
    ours = {split: results[split]["metrics"] for split in SPLITS}
    seconds = fmean(record["seconds"] for record in records)
    devices = ", ".join(sorted({record["device"] for record in records}))
    row = [
        title.replace("|", "\\|"),
        *metric_cells(ours),
        row_counts(results),
        duration(seconds),
        devices,
    ]
    if not published:
        return [row]
    gaps = {
        split: {name: ours[split][name] - published[name][split] for name in METRICS}
        for split in SPLITS
    }
    cells = [per_split(published[name]) for name in METRICS]
    return [
        row,
        ["— published", *cells, "", duration(published["seconds"]), ""],
        ["— difference", *metric_cells(gaps, "+.3f"), "", "", ""],
    ]


def trivial_rows(results: dict[str, dict[str, dict]]) -> list[list[str]]:
    """Two rows, `never` and `always` the target, for each set of splits that variants share."""
    sharing: dict[str, list[str]] = {}
    for name, of_splits in results.items():
        trivial = json.dumps([of_splits[split]["trivial"] for split in SPLITS])
        sharing.setdefault(trivial + row_counts(of_splits), []).append(name)
    rows = []
    for names in sharing.values():
        of_splits = results[names[0]]
        for answer in ("never", "always"):
            metrics = {split: of_splits[split]["trivial"][answer] for split in SPLITS}
            title = f"*{answer}* ({', '.join(names)})"
            rows.append([title, *metric_cells(metrics), row_counts(of_splits), "", ""])
    return rows


def read_json(path: str) -> Any:
    """The content of a JSON file."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def main(
    corpus: str,
    metrics: list[str],
    records: list[str],
    summary: str,
    experiment: str,
    target_speaker: str,
    variants: list[dict[str, Any]],
) -> None:
    """Write the table of the metric files and training records to `summary`.

    `metrics` holds a path per variant and split, `records` one per variant and seed, both in the
    order of `variants`.
    """
    facts = read_json(corpus)
    results: dict[str, dict[str, dict]] = {}
    for result in map(read_json, metrics):
        results.setdefault(result["variant"], {})[result["split"]] = result
    remaining = map(read_json, records)
    rows = []
    for variant in variants:
        of_seeds = [next(remaining) for _ in variant["seeds"]]
        rows += variant_rows(
            variant["title"], variant["published"], results[variant["name"]], of_seeds
        )
    rows += trivial_rows(results)
    headers = ["variant", *METRICS.values(), "rows", "fine-tuning", "device"]
    table = tabulate(rows, headers, tablefmt="pipe", disable_numparse=True)
    with whole(summary) as partial:
        partial.write_text(
            f"# {experiment}: which lines are {target_speaker}'s?\n\n"
            f"{facts['csv']}, {facts['rows']:,} rows. Cells read train / test / valid. *never* and "
            f"*always* answer {target_speaker} to no line and to every line of the same splits.\n\n"
            f"{table}\n",
            encoding="utf-8",
        )
    logger.info("%s: %d variants", summary, len(variants))


if __name__ == "__main__":
    with stage(snakemake):
        main(
            corpus=snakemake.input.corpus,
            metrics=list(snakemake.input.metrics),
            records=list(snakemake.input.records),
            summary=snakemake.output.summary,
            **json.loads(snakemake.params.settings),
        )
