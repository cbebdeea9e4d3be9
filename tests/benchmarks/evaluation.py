"""Time and memory of the metrics and the comparison of eight variants with three seeds.

    PYTHONPATH=workflow:workflow/scripts OMP_NUM_THREADS=1 python tests/benchmarks/evaluation.py

Predictions are made up: 10,000 rows in each split. It prints processor seconds and the largest
memory of the process.
"""

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import compare_variants
import evaluate_splits
import numpy as np
import pandas as pd

from whosaid.evaluation.predictions import decide, write_predictions
from whosaid.evaluation.published_metrics import PUBLISHED_METRICS
from whosaid.split_names import SPLITS

SEEDS = (1, 2, 3)
BOOTSTRAP = {"confidence": 0.95, "resamples": 1000, "seed": 27}


def make_variant(
    folder: Path, name: str, labels: np.ndarray, shared: np.ndarray, rng: np.random.Generator
) -> tuple[dict[str, list[str]], list[str]]:
    """Paths of the predictions by split, and of the scores, of the three seeds of a variant."""
    paths: dict[str, list[str]] = {split: [] for split in SPLITS}
    scores = []
    for seed in SEEDS:
        of_splits = {}
        for split, rows in zip(SPLITS, np.split(np.arange(len(labels)), 3), strict=True):
            label, none = labels[rows], np.zeros(len(rows), bool)
            odds = 0.8 * shared[rows] + 0.6 * rng.normal(size=len(rows)) + 1.5 * label - 1.2
            logits = np.column_stack([np.zeros(len(rows)), odds]).astype(np.float32)
            paths[split].append(str(folder / f"{name}_{seed}_{split}.parquet"))
            write_predictions(paths[split][-1], rows, label, logits, none)
            decided = decide(logits, none)
            of_splits[split] = {
                metric.name: float(metric.score(label, decided)) for metric in PUBLISHED_METRICS
            }
        scores.append(str(folder / f"{name}_{seed}.json"))
        Path(scores[-1]).write_text(json.dumps(of_splits), encoding="utf-8")
    return paths, scores


def main() -> None:
    """Print the processor seconds of both stages, and the memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000, help="rows in each split")
    parser.add_argument("--variants", type=int, default=8)
    parser.add_argument("--unit", choices=("row", "scene", "episode"), default="row")
    arguments = parser.parse_args()
    row = np.arange(3 * arguments.rows)
    rng = np.random.default_rng(0)
    labels = (rng.random(len(row)) < 0.17).astype(np.int8)
    shared = rng.normal(size=len(row))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = folder / "lines.parquet"
        columns = {"row": row, "season": row // 6000, "episode": row // 200, "scene": row // 10}
        pd.DataFrame({**columns, "line": row.astype(str)}).to_parquet(lines)
        names = [f"variant_{number}" for number in range(arguments.variants)]
        made = {name: make_variant(folder, name, labels, shared, rng) for name in names}
        started = time.process_time()
        for name, (paths, scores) in made.items():
            evaluate_splits.main(
                predictions=paths,
                scores=scores,
                lines=str(lines),
                metrics={split: str(folder / f"{name}_{split}.json") for split in SPLITS},
                thresholds=str(folder / f"{name}_thresholds.json"),
                experiment="made_up",
                question="target",
                variant=name,
                seeds=SEEDS,
                unit=arguments.unit,
                is_baseline=False,
                published=None,
                other_question=False,
                bootstrap=BOOTSTRAP,
            )
        evaluated = time.process_time()
        variant = {"seeds": list(SEEDS), "unit": arguments.unit, "is_baseline": False}
        variant["threshold_beta"] = 1.0
        compare_variants.main(
            predictions=[path for paths, _ in made.values() for path in paths["test"]],
            valid=[path for paths, _ in made.values() for path in paths["valid"]],
            lines=str(lines),
            comparison=str(folder / "comparison.json"),
            experiment="made_up",
            question="target",
            reference=names[0],
            variants=[{"name": name, **variant} for name in names],
            bootstrap=BOOTSTRAP,
        )
        compared = time.process_time()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"evaluate_splits {evaluated - started:.1f} s")
    print(f"compare_variants {compared - evaluated:.1f} s, {memory:.2f} GiB")


if __name__ == "__main__":
    main()
