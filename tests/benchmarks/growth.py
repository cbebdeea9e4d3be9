"""How the data stages grow with the corpus.

    python tests/benchmarks/growth.py [--csv CSV --encoder FOLDER] [--factors 1 10]

The corpus is repeated with variation: in each copy one word of every line is another one of the
corpus', the index goes on and scenes are new. Each stage is a Snakemake run of one job on all
cores: seconds are those of its work, without imports, the peak memory is that of the run. The slope
is that of the seconds' logarithm over the factor's, against the factor before. With the published
CSV `--factors 1 10 100` writes gigabytes and takes long.
"""

import csv as csv_module
import math
import random
import shutil
import tempfile
from pathlib import Path
from typing import Any

from data_stages import fetch
from measure import GIB, parse, parser, publish
from overhead import timed_run
from project import Tree, make_tree

LIMITS = {"slope": 1.2, "GiB": 4}
"""What is acceptable; a slope says little where the stage takes less than a second."""


def grow(csv: str, target: str, factor: int, seed: int = 0) -> None:
    """Write the rows of a processed CSV `factor` times, all but the first time varied."""
    rng = random.Random(seed)
    with open(csv, encoding="utf-8", newline="") as file:
        header, *rows = csv_module.reader(file)
    index, scene, line = header.index(""), header.index("scene"), header.index("line")
    words = [row[line].split()[-1] for row in rows]
    next_index = 1 + max(int(row[index]) for row in rows)
    next_scene = 1 + max(int(row[scene]) for row in rows)
    with open(target, "w", encoding="utf-8", newline="") as file:
        writer = csv_module.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
        for copy in range(1, factor):
            for row in rows:
                varied = row.copy()
                varied[index] = str(int(row[index]) + copy * next_index)
                varied[scene] = str(int(row[scene]) + copy * next_scene)
                spoken = row[line].split(" ")
                spoken[rng.randrange(len(spoken))] = rng.choice(words)
                varied[line] = " ".join(spoken)
                writer.writerow(varied)


def steps_of(tree: Tree) -> dict[str, str]:
    """The stages to time, in order: for each a name and a file that it makes."""
    data = f"data/{tree.config.experiment}"
    steps = {"read_lines": f"{data}/lines.parquet"}
    variants: dict[str, str] = {}
    for variant, spec in tree.encoder_variants().items():
        extras = {"counting words": spec.min_words is not None, "annotated": bool(spec.annotate)}
        parts = ["split_lines", spec.split.method, *(name for name, has in extras.items() if has)]
        variants.setdefault(", ".join(parts), variant)
    steps |= {name: f"{data}/splits/{variant}/train.parquet" for name, variant in variants.items()}
    first = next(iter(variants.values()))
    return steps | {"tokenize_splits": f"{tree.tokenized(first)}/manifest.json"}


def main(arguments: list[str] | None = None) -> None:
    """Print the table and write growth.json."""
    options = parser(__doc__)
    options.add_argument("--factors", type=int, nargs="+", default=[1, 10])
    options = parse(options, arguments)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as temporary:
        original = make_tree(Path(temporary, "original"), options.csv, options.encoder)
        fetch(original)
        encoder = original.root / original.encoder(next(iter(original.encoder_variants())))
        before: dict[str, tuple[int, float]] = {}
        for factor in sorted(options.factors):
            csv = Path(temporary, f"lines_x{factor}.csv")
            grow(str(original.root / original.config.corpus.csv), str(csv), factor)
            changes = {"corpus": {"csv": str(csv)}}
            root = Path(temporary, f"x{factor}")
            tree = make_tree(root, options.csv, str(encoder), changes)
            fetch(tree)
            for name, target in steps_of(tree).items():
                run, (job,) = timed_run(tree, target)
                seconds = job["all"] - job["start"] - job["imports"]
                row = {"stage": name, "factor": factor, "seconds": seconds}
                row |= {"peak GiB": run.peak_bytes / GIB, "slope": None}
                if name in before:
                    smaller, less = before[name]
                    row["slope"] = math.log(seconds / less) / math.log(factor / smaller)
                before[name] = factor, seconds
                rows.append(row)
            shutil.rmtree(root)
            csv.unlink()
    facts = {
        "largest slope": max((row["slope"] for row in rows if row["slope"]), default=None),
        "largest peak GiB": max(row["peak GiB"] for row in rows),
    }
    publish("growth", rows, options, limits=LIMITS, **facts)


if __name__ == "__main__":
    main()
